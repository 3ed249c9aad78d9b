"""Everything that can be done with messages: each verb is one function and one transaction, and none of them sends."""

from shouwen.loop.messages.services.cancelling import cancel_notice
from shouwen.loop.messages.services.claiming import Claimed, claim_due, release_claims
from shouwen.loop.messages.services.expiring import settle_expired
from shouwen.loop.messages.services.outcomes import record_outcome, record_receipt
from shouwen.loop.messages.services.queueing import CannotQueue, Queued, queue_notice
from shouwen.loop.messages.services.resending import CannotResend, resend_message
from shouwen.loop.messages.services.resting import end_rest, rest_channel
from shouwen.loop.messages.services.templates import CannotApprove, approve_template, load_templates

__all__ = [
    "CannotApprove",
    "CannotQueue",
    "CannotResend",
    "Claimed",
    "Queued",
    "approve_template",
    "cancel_notice",
    "claim_due",
    "end_rest",
    "load_templates",
    "queue_notice",
    "record_outcome",
    "record_receipt",
    "release_claims",
    "resend_message",
    "rest_channel",
    "settle_expired",
]
