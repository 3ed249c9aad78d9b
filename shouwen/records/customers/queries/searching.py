"""Finding customers as people search: any part of a name, a number or an address, several words together (A5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection

from shouwen.kernel.errors import Refusal
from shouwen.platform.audit.services import record_looks
from shouwen.platform.people.rules import Viewer
from shouwen.platform.search.queries import broad_share_ppm, keyring
from shouwen.records.customers.permissions import must_search
from shouwen.records.customers.queries.candidates import Entry, entries_of
from shouwen.records.customers.queries.cards import shown_address, shown_name
from shouwen.records.customers.rules import mask_phone
from shouwen.records.customers.rules.finding import Question, can_be_parted, question

SUBJECT = "customer"
FOUND_BY_SEARCH = "The customer was among what a search found."
PAGE_LIMIT = 100
WALK_ROWS = 20_000  # entries looked through one by one before the index of terms is asked after all
CHUNK_LIMIT = 400

Key = tuple[int, int]  # customer and place: the order in which everything is found


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
    digits on, the last six of an identity number. When nothing is found, words are cut where the script changes (张伟5678).
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
    """Where a page begins, and whether words are cut where the script changes."""

    key: Key
    parted: bool


def _first_page(text: str, limit: int) -> SearchPage:
    page = _page(text, _Place((0, -1), parted=False), limit)
    if not page.hits and can_be_parted(text=text):
        return _page(text, _Place((0, -1), parted=True), limit)
    return page


def _page(text: str, place: _Place, limit: int) -> SearchPage:
    asked = question(text=text, parted=place.parted)
    if asked is None:
        return SearchPage((), None)
    found = list(islice(_proven(asked, place.key, limit), limit + 1))
    hits = tuple(_hit(entry) for entry in found[:limit])
    next_after = _written(found[limit - 1].key, parted=place.parted) if len(found) > limit else None
    return SearchPage(hits, next_after)


def _written(key: Key, *, parted: bool) -> str:
    return f"{'p' if parted else 'w'}{key[0]}-{key[1]}"


def _parsed(after: str) -> _Place:
    way, (customer_id, mark, place_id) = after[:1], after[1:].partition("-")
    if way not in ("p", "w") or not mark or not customer_id.isdecimal() or not place_id.isdecimal():
        raise CannotSearch
    return _Place((int(customer_id), int(place_id)), parted=way == "p")


def _proven(asked: Question, after: Key, limit: int) -> Iterator[Entry]:
    """Yield the entries that really hold what was asked for, in order of their keys."""
    spare = limit // 2 if any(word.is_phrase for word in asked.words) else 0  # pairs that are there, but not side by side
    for keys in _chunks(asked, after, limit + 1 + spare):
        yield from (entry for entry in entries_of(keys=keys) if entry.text.answers(asked.words))


def _chunks(asked: Question, after: Key, size: int) -> Iterator[Sequence[Key]]:
    """Yield candidates in order; each chunk larger than the one before, as most candidates are what was asked for."""
    book = keyring().terms
    sets = [[book[token] for token in tokens] for tokens in asked.candidates]
    is_broad = len(sets) == 1 and broad_share_ppm(subject=SUBJECT, terms=sets[0]) is not None
    while True:
        keys = _walked(sets[0], after, size) if is_broad else None
        if keys is None:
            is_broad, keys = False, _indexed(sets, after, size)
        yield keys
        if len(keys) < size:
            return
        after, size = keys[-1], min(size * 2, CHUNK_LIMIT)


def _walked(terms: list[int], after: Key, size: int) -> list[Key] | None:
    """Return candidates by going through the entries one by one; None when too few of them stand near one another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select customer_id, place_id from (select customer_id, place_id, terms from customers_searchentry"
            " where (customer_id, place_id) > (%s, %s) order by customer_id, place_id limit %s) as walk"
            " where terms @> %s::int[] limit %s",
            [*after, WALK_ROWS, terms, size],
        )
        found = cursor.fetchall()
    return found if len(found) == size else None


def _indexed(sets: Sequence[Sequence[int]], after: Key, size: int) -> list[Key]:
    """Return candidates by the index of terms. ``materialized`` keeps the planner from walking the key in the hope of an early end."""
    anywhere = " or ".join(["terms @> %s::int[]"] * len(sets))
    with connection.cursor() as cursor:
        cursor.execute(
            f"with held as materialized (select customer_id, place_id from customers_searchentry where {anywhere})"  # noqa: S608 - only placeholders
            " select customer_id, place_id from held where (customer_id, place_id) > (%s, %s)"
            " order by customer_id, place_id limit %s",
            [*map(list, sets), *after, size],
        )
        return list(cursor.fetchall())


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
