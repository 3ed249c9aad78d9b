"""The five acts of the desk in about thirty lines: the floor that our own desk is compared with."""

from django.contrib.auth import authenticate, login
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path

from benchmarks.limits.lean_app.models import Matter, Note


def enter(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        login(request, authenticate(request, username=request.POST["username"], password=request.POST["password"]))
    return JsonResponse({"token": get_token(request)})


@login_required
def matters(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        with transaction.atomic():
            matter = Matter.objects.create(title=request.POST["title"], body=request.POST["body"], agent=request.user)
            Note.objects.create(matter=matter, author=request.user, text="opened")
        return JsonResponse({"id": matter.pk})
    rows = Matter.objects.filter(agent=request.user, is_open=True).order_by("created_at").values("id", "title", "created_at")
    return JsonResponse({"rows": list(rows[:50])})


@login_required
def one(request: HttpRequest, matter_id: int) -> JsonResponse:
    if request.method == "POST":
        with transaction.atomic():
            matter = Matter.objects.select_for_update().get(pk=matter_id)
            matter.is_open = "close" not in request.POST
            matter.save(update_fields=["is_open"])
            Note.objects.create(matter=matter, author=request.user, text=request.POST["text"])
        return JsonResponse({"open": matter.is_open})
    matter = Matter.objects.select_related("agent").get(pk=matter_id)
    notes = list(matter.note_set.order_by("written_at").values("text", "written_at", "author__username"))
    return JsonResponse(
        {"id": matter.pk, "title": matter.title, "body": matter.body, "agent": matter.agent.username, "notes": notes}
    )


urlpatterns = [path("login/", enter), path("matters/", matters), path("matters/<int:matter_id>/", one)]
