from django.apps import AppConfig


class WorkordersConfig(AppConfig):
    name = "shouwen.loop.workorders"
    label = "workorders"
