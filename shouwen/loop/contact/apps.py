from django.apps import AppConfig


class ContactConfig(AppConfig):
    name = "shouwen.loop.contact"
    label = "contact"
