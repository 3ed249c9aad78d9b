"""The bare page and its style sheet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shouwen.web import queries

STYLE = Path(__file__).parent / "static" / "web" / "page.css"


@require_safe
def front_page(request: HttpRequest) -> HttpResponse:
    """Show that the house runs; 503 when the database does not answer."""
    sign = queries.sign_of_life()
    return render(request, "web/front.html", {"sign": sign}, status=200 if sign.is_database_up else 503)


@require_safe
@cache_control(max_age=3600, public=True)
def style_sheet(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_style(), content_type="text/css; charset=utf-8")


@cache
def _style() -> bytes:
    return STYLE.read_bytes()
