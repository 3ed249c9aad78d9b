"""The addresses of the pages. What begins with ``/api/`` is answered before them, by ``faces.api.middleware``."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("shouwen.web.urls")),
]
