from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "shouwen.platform.search"
    label = "search"
