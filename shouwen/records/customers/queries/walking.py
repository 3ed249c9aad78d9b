"""Which entries may be what was asked for: by the index of terms, or one by one where nearly every entry would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import connection

from shouwen.platform.search.queries import broad_share_ppm, keyring, telling_terms
from shouwen.records.customers.queries.candidates import Key

SUBJECT = "customer"
WALK_ROWS = 20_000  # entries looked through one by one before the index of terms is asked after all
CHUNK_LIMIT = 250
KEYS_LIMIT = 2_000


def candidate_keys(
    *, token_sets: Sequence[Sequence[str]], customer_ids: Sequence[int] | None, after: Key, size: int
) -> Iterator[Sequence[Key]]:
    """Yield the keys of entries that hold all tokens of any set, of these customers only (None: of all), in order, chunk by chunk.

    The first chunk has ``size`` keys, as most candidates are what was asked for; the further ones grow.
    """
    book = keyring().terms
    term_sets = [[book[token] for token in tokens] for tokens in token_sets]
    if customer_ids is None and len(term_sets) == 1 and broad_share_ppm(subject=SUBJECT, terms=term_sets[0]) is not None:
        while (keys := _walked(term_sets[0], after, size)) is not None:
            yield keys
            after, size = keys[-1], min(size * 2, CHUNK_LIMIT)
    while True:
        keys = _indexed(term_sets, customer_ids, after, size)
        for start in range(0, len(keys), CHUNK_LIMIT):
            yield keys[start : start + CHUNK_LIMIT]
        if len(keys) < size:
            return
        after, size = keys[-1], KEYS_LIMIT


def _walked(terms: list[int], after: Key, size: int) -> list[Key] | None:
    """Return candidates by going through the entries one by one; None when too few of them stand near one another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select customer_id, place_id from (select customer_id, place_id, terms from customers_searchentry"
            " where (customer_id, place_id) > (%s, %s) order by customer_id, place_id limit %s) as walk"
            " where terms @> %s::int[] limit %s",
            [*after, WALK_ROWS, terms, size],
        )
        found: list[Key] = cursor.fetchall()
    return found if len(found) == size else None


def _indexed(term_sets: list[list[int]], customer_ids: Sequence[int] | None, after: Key, size: int) -> list[Key]:
    """Return candidates by an index. ``materialized`` keeps the planner from walking the key in the hope of an early end.

    The index is asked for the telling terms; ``is true`` keeps the others away from it.
    """
    held = " or ".join(["(terms @> %s::int[] and (terms @> %s::int[]) is true)"] * len(term_sets))
    asked = [part for terms in term_sets for part in (telling_terms(subject=SUBJECT, terms=terms), terms)]
    whose = "" if customer_ids is None else " and customer_id = any(%s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "with held as materialized (select customer_id, place_id from customers_searchentry"  # noqa: S608 - only placeholders
            f" where ({held}){whose} and (customer_id, place_id) > (%s, %s))"
            " select customer_id, place_id from held order by customer_id, place_id limit %s",
            [*asked, *([] if customer_ids is None else [list(customer_ids)]), *after, size],
        )
        return list(cursor.fetchall())
