"""Counting which terms are broad."""

from __future__ import annotations

from django.db import connection, transaction
from psycopg import sql

from shouwen.platform.search.models import BroadTerm
from shouwen.platform.search.shares import BROAD_FROM_PPM, forget_shares

SAMPLE_ROWS = 30_000


@transaction.atomic
def refresh_broad_terms(*, subject: str, table: str) -> int:
    """Count the terms of a sample of ``table`` (column ``terms``) and keep those in two of a thousand rows and more; return how many.

    A miscount makes a search slower, never wrong. To be called after an import and nightly.
    """
    with connection.cursor() as cursor:
        cursor.execute("select greatest(reltuples, 0)::bigint from pg_class where oid = %s::regclass", [table])
        row_count = cursor.fetchone()[0]
        share_pct = min(100.0, 100.0 * SAMPLE_ROWS / max(row_count, 1))
        cursor.execute(_count_statement(table), [share_pct, BROAD_FROM_PPM])
        counted = cursor.fetchall()
    BroadTerm.objects.filter(subject=subject).delete()
    BroadTerm.objects.bulk_create(
        [BroadTerm(subject=subject, term=term, share_ppm=ppm) for term, ppm in counted], batch_size=2000
    )
    forget_shares(subject)
    return len(counted)


def _count_statement(table: str) -> sql.Composed:
    return sql.SQL(
        "with sample as materialized (select terms from {} tablesample system (%s)),"
        " whole as (select greatest(count(*), 1) as row_count from sample)"
        " select term, (count(*) * 1000000 / row_count)::int as ppm from sample, unnest(terms) as term, whole"
        " group by term, row_count having count(*) * 1000000 / row_count >= %s"
    ).format(sql.Identifier(table))
