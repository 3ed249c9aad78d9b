from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "shouwen.loop.messages"
    label = "loop_messages"  # Django's own flash messages have taken the plain name
