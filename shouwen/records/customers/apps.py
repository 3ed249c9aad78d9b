from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "shouwen.records.customers"
    label = "customers"
