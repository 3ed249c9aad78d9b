from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "shouwen.faces.api"
    label = "api"
