"""Finding customers as people search: any part of a name, a number or an address, several words together (A5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from shouwen.kernel.errors import Refusal
from shouwen.platform.audit.services import record_looks
from shouwen.platform.people.rules import Viewer
from shouwen.records.customers.permissions import must_search
from shouwen.records.customers.queries.candidates import Entry, Key, customers_with_tails, entries_of
from shouwen.records.customers.queries.cards import shown_address, shown_name
from shouwen.records.customers.queries.walking import candidate_keys
from shouwen.records.customers.rules import mask_phone
from shouwen.records.customers.rules.finding import Question, Way, question, ways_to_take

FOUND_BY_SEARCH = "The customer was among what a search found."
PAGE_LIMIT = 100


class CannotSearch(Refusal):
    """The page asked for is not one that a search has given."""

    message = "This is not a page of a search; search anew."


@dataclass(frozen=True, slots=True)
class HitCard:
    """One customer at one place, masked; an organisation's name is not personal. ``supply_point_id`` None: without a place."""

    customer_id: int
    customer_number: str
    kind: str
    name: str
    tier: str
    supply_point_id: int | None
    account_number: str
    address: str
    phones: tuple[str, ...]
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found. ``next_after`` asks for the next page; None when there is none."""

    hits: tuple[HitCard, ...]
    next_after: str | None


def search_customers(*, text: str, viewer: Viewer, at: datetime, after: str | None = None, limit: int = 20) -> SearchPage:
    """Return a page of up to ``limit`` (at most 100) customers, one line for each place, in the order in which they were registered.

    Every word must be found: part of a Chinese name or address (two characters are enough), initials or spelling in pinyin, the
    beginning of a Latin word, an account or customer number, a telephone number whole, without its area code or from its last four
    digits on, the last six of an identity number. When nothing is found so, words are cut where the script changes (张伟5678).
    Whoever is shown is recorded as looked at, without fields: nothing was shown in clear.

    :raises NotAllowed: unless the viewer holds a role that meets customers.
    :raises CannotSearch: when ``after`` is not from a page of this search.
    """
    must_search(viewer)
    limit = max(1, min(limit, PAGE_LIMIT))
    page = _first_page(text, limit) if after is None else _page(text, _parsed(after), limit)
    seen = list(dict.fromkeys(hit.customer_id for hit in page.hits))
    if seen:
        record_looks(viewer_id=viewer.id, customer_ids=seen, fields=(), reason=FOUND_BY_SEARCH, at=at)
    return page


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins, and how the words are taken."""

    key: Key
    way: Way


def _first_page(text: str, limit: int) -> SearchPage:
    """Return the first page of the first way that finds anybody."""
    pages = (_page(text, _Place((0, -1), way), limit) for way in ways_to_take(text=text))
    return next((page for page in pages if page.hits), SearchPage((), None))


def _page(text: str, place: _Place, limit: int) -> SearchPage:
    asked = question(text=text, way=place.way)
    if asked is None:
        return SearchPage((), None)
    found = list(islice(_proven(asked, place.key, limit), limit + 1))
    hits = tuple(_hit(entry) for entry in found[:limit])
    next_after = _written(_Place(found[limit - 1].key, place.way)) if len(found) > limit else None
    return SearchPage(hits, next_after)


def _written(place: _Place) -> str:
    return f"{place.way}{place.key[0]}-{place.key[1]}"


def _parsed(after: str) -> _Place:
    way, (customer_id, mark, place_id) = after[:1], after[1:].partition("-")
    if way not in list(Way) or not mark or not customer_id.isdecimal() or not place_id.isdecimal():
        raise CannotSearch
    return _Place((int(customer_id), int(place_id)), Way(way))


def _proven(asked: Question, after: Key, limit: int) -> Iterator[Entry]:
    """Yield the entries that really hold what was asked for, in order of their keys."""
    customer_ids = customers_with_tails(tails=asked.tails)
    if customer_ids == ():
        return
    spare = limit // 2 if any(word.is_phrase for word in asked.words) else 0  # pairs that are there, but not side by side
    for keys in candidate_keys(token_sets=asked.candidates, customer_ids=customer_ids, after=after, size=limit + 1 + spare):
        yield from (entry for entry in entries_of(keys=keys) if entry.text.answers(asked.words))


def _hit(entry: Entry) -> HitCard:
    text = entry.text
    return HitCard(
        customer_id=entry.key[0],
        customer_number=entry.customer_number,
        kind=entry.kind,
        name=shown_name(kind=entry.kind, name=text.name),
        tier=entry.tier,
        supply_point_id=entry.key[1] or None,
        account_number=entry.account_number,
        address=shown_address(street=text.street),
        phones=tuple(mask_phone(phone) for phone in text.phones),
        closed_at=entry.closed_at,
    )
