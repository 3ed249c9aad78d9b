"""Closed lists of the machine's door."""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Scope(StrEnum):
    """What a token may be used for; what its owner may do bounds it further (权限范围)."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ENVELOPES_WRITE = "envelopes:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_REVEAL = "customers:reveal"
    HANDBOOK_READ = "handbook:read"
    PEOPLE_READ = "people:read"
    MESSAGES_READ = "messages:read"
    TOKENS_WRITE = "tokens:write"
    OPERATIONS_READ = "operations:read"
    OPERATIONS_WRITE = "operations:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


SCOPE_WORDS: dict[Scope, str] = {
    Scope.ORDERS_READ: "see matters, their deadlines and their history",
    Scope.ORDERS_WRITE: "open matters and work on them",
    Scope.ENVELOPES_WRITE: "bring contacts in, one or many",
    Scope.CONTACTS_READ: "see contacts and what could not be understood",
    Scope.CONTACTS_WRITE: "repair or discard what could not be understood",
    Scope.CUSTOMERS_READ: "find customers; personal data stays masked",
    Scope.CUSTOMERS_REVEAL: "read personal data in clear, for a reason that is kept; for people only",
    Scope.HANDBOOK_READ: "read norms and policies",
    Scope.PEOPLE_READ: "see units and members of staff",
    Scope.MESSAGES_READ: "see what customers were told",
    Scope.TOKENS_WRITE: "list, issue and revoke tokens",
    Scope.OPERATIONS_READ: "see what keeps failing",
    Scope.OPERATIONS_WRITE: "try again what has failed",
    Scope.WEBHOOKS_READ: "see webhook subscriptions and their deliveries",
    Scope.WEBHOOKS_WRITE: "subscribe, replay and unsubscribe",
}
"""The one table of scopes: every endpoint names one of them, the OpenAPI document and a refusal show it."""


class WebhookState(TextChoices):
    """What became of one fact on its way to one subscriber (推送状态)."""

    PENDING = "PENDING", _("Waiting")
    SENT = "SENT", _("Sent")
    DEAD = "DEAD", _("Given up")
