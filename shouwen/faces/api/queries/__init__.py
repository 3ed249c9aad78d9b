"""Questions about webhooks, for those who run the system."""

from shouwen.faces.api.queries.backlog import WebhookBacklog, webhook_backlogs
from shouwen.faces.api.queries.webhooks import (
    SubscriptionCard,
    WebhookDeliveryCard,
    get_subscription,
    list_subscriptions,
    list_webhook_deliveries,
)

__all__ = [
    "SubscriptionCard",
    "WebhookBacklog",
    "WebhookDeliveryCard",
    "get_subscription",
    "list_subscriptions",
    "list_webhook_deliveries",
    "webhook_backlogs",
]
