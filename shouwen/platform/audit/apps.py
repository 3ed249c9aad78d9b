from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "shouwen.platform.audit"
    label = "audit"
