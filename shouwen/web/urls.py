"""Addresses of the bare page."""

from django.urls import path

from shouwen.web import views

app_name = "web"
urlpatterns = [path("", views.front_page, name="front"), path("web/page.css", views.style_sheet, name="style")]
