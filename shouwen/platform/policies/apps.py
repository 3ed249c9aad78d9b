from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "shouwen.platform.policies"
    label = "policies"
