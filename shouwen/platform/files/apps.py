from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "shouwen.platform.files"
    label = "files"
