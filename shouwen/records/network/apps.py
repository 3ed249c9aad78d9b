from django.apps import AppConfig


class NetworkConfig(AppConfig):
    name = "shouwen.records.network"
    label = "network"
