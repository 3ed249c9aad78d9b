from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "shouwen.platform.people"
    label = "people"
