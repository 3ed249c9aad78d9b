"""What changes at the machine's door: kept answers, webhook subscriptions and what became of their deliveries, failures retried."""

from shouwen.faces.api.services.answers import KeptReply, KeyUsedOtherwise, Reply, StillRunning, answer_once, forget_answers
from shouwen.faces.api.services.delivering import (
    Parcel,
    claim,
    collect,
    list_due,
    next_parcel,
    record_failure,
    record_sent,
    release,
)
from shouwen.faces.api.services.operating import retry_failed
from shouwen.faces.api.services.webhooks import (
    CannotReplay,
    CannotSubscribe,
    Subscribed,
    cancel_subscription,
    may_go_inside,
    replay_delivery,
    replay_since,
    subscribe,
)

__all__ = [
    "CannotReplay",
    "CannotSubscribe",
    "KeptReply",
    "KeyUsedOtherwise",
    "Parcel",
    "Reply",
    "StillRunning",
    "Subscribed",
    "answer_once",
    "cancel_subscription",
    "claim",
    "collect",
    "forget_answers",
    "list_due",
    "may_go_inside",
    "next_parcel",
    "record_failure",
    "record_sent",
    "release",
    "replay_delivery",
    "replay_since",
    "retry_failed",
    "subscribe",
]
