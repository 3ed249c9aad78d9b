from django.apps import AppConfig


class SatisfactionConfig(AppConfig):
    name = "shouwen.loop.satisfaction"
    label = "satisfaction"
