"""How sure we are that a caller is this customer."""

from __future__ import annotations

from dataclasses import dataclass

CONFIRMED_PCT, LISTED_PCT, ASSUMED_AREA_PCT, LANDLINE_SHARE_PCT = 95, 80, 60, 70


@dataclass(frozen=True, slots=True)
class CallerMatch:
    """What speaks for one customer: the number is theirs on paper, and perhaps somebody spoke to them there."""

    is_confirmed: bool
    is_landline: bool
    is_area_assumed: bool
    sharer_count: int


def confidence_pct(match: CallerMatch) -> int:
    """Return how sure the match is, from 1 to 95 per cent: a number alone proves nothing.

    A confirmed number 95, a listed mobile 80, a listed landline 70, one whose area code was supplied by us 60; shared by n customers,
    each unconfirmed one gets the n-th part.
    """
    if match.is_confirmed and match.sharer_count == 1:
        return CONFIRMED_PCT
    listed = LANDLINE_SHARE_PCT if match.is_landline else LISTED_PCT
    base = min(listed, ASSUMED_AREA_PCT) if match.is_area_assumed else listed
    return max(base if match.is_confirmed else base // match.sharer_count, 1)
