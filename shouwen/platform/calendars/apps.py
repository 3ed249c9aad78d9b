from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "shouwen.platform.calendars"
    label = "calendars"
