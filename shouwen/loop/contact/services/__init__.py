"""Everything that can be done with contacts: kept raw, understood, repaired, discarded, written down."""

from shouwen.loop.contact.services.mappings import keep_mapping
from shouwen.loop.contact.services.parsing import ParseCount, parse_due, parse_envelopes
from shouwen.loop.contact.services.receiving import Arrival, CannotReceive, ReceivedCard, receive_envelope, receive_envelopes
from shouwen.loop.contact.services.recording import CannotRecord, record_interaction
from shouwen.loop.contact.services.repairing import CannotSettle, discard_envelope, repair_envelope

__all__ = [
    "Arrival",
    "CannotReceive",
    "CannotRecord",
    "CannotSettle",
    "ParseCount",
    "ReceivedCard",
    "discard_envelope",
    "keep_mapping",
    "parse_due",
    "parse_envelopes",
    "receive_envelope",
    "receive_envelopes",
    "record_interaction",
    "repair_envelope",
]
