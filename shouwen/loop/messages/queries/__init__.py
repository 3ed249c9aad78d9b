"""Questions about messages."""

from shouwen.loop.messages.queries.cards import (
    AttemptCard,
    Backlog,
    MessageCard,
    NoticeProof,
    backlog,
    has_notice,
    list_attempts,
    list_messages,
    list_messages_to_customer,
    message_text,
    notice_proof,
    overlong_templates,
)
from shouwen.loop.messages.queries.parcels import parcels_of
from shouwen.loop.messages.queries.reach import can_be_reached, company_quiet_hours
from shouwen.loop.messages.queries.rests import channel_rests
from shouwen.loop.messages.queries.sender import about_of_mail, public_link, thread_of

__all__ = [
    "AttemptCard",
    "Backlog",
    "MessageCard",
    "NoticeProof",
    "about_of_mail",
    "backlog",
    "can_be_reached",
    "channel_rests",
    "company_quiet_hours",
    "has_notice",
    "list_attempts",
    "list_messages",
    "list_messages_to_customer",
    "message_text",
    "notice_proof",
    "overlong_templates",
    "parcels_of",
    "public_link",
    "thread_of",
]
