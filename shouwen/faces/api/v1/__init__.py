"""Version 1 of the API: its endpoints, one module for each subject."""

from importlib import import_module

from shouwen.faces.api.door.document import ServiceApi

SUBJECTS = (
    "health", "orders", "order_verbs", "order_ends", "contacts", "customers", "handbook", "people", "messages", "tokens", "operations",
    "webhooks",
)  # fmt: skip

api = ServiceApi(
    title="Shouwen",
    version="1",
    description="Customer service of an electricity supplier: the closed loop from first contact to a satisfied customer.",
    urls_namespace="api-v1",
)
for _subject in SUBJECTS:
    api.add_router("", import_module(f"{__name__}.{_subject}").router)
