from django.apps import AppConfig


class NormsConfig(AppConfig):
    name = "shouwen.records.norms"
    label = "norms"
