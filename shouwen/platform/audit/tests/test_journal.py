"""Sealing and verifying on real rows. Tampering is planted with the triggers switched off, as somebody with the database would."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from struct import iter_unpack, pack

import psycopg
import pytest
from django.db import connection, transaction

from shouwen.platform.audit import journal, queries, rules, services
from shouwen.platform.audit.models import ChainLink, Look, Seal
from shouwen.platform.audit.rules import START, Break, Entry
from shouwen.platform.audit.tests.factories import NOON, LookFactory, SomethingTried
from shouwen.platform.outbox.services import announce

pytestmark = pytest.mark.django_db


def announce_some(count: int) -> None:
    with transaction.atomic():
        announce(*(SomethingTried(trial_id=number, note="试一试", actor_id=None, at=NOON) for number in range(count)))


def run(statement: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def tamper(statement: str, *values: object) -> None:
    run("set local session_replication_role = replica")
    run(statement, *values)
    run("set local session_replication_role = origin")


def fact_ids() -> list[int]:
    return [int(str(row[0])) for row in run("select id from outbox_fact order by id")]


def sealed() -> list[tuple[int, int]]:
    """Return kind and id of each sealed entry in the order of the chain."""
    links = ChainLink.objects.order_by("last_sequence")
    return [(link.entry_kind, entry_id) for link in links for entry_id, _ in iter_unpack(">q16s", link.entries)]


def test_facts_and_looks_are_sealed_in_order_and_once() -> None:
    announce_some(3)
    look = LookFactory()

    first = services.seal_journal(at=NOON)
    second = services.seal_journal(at=NOON)

    assert sealed() == [*((1, fact_id) for fact_id in fact_ids()), (2, look.pk)]
    assert (first.sealed, first.last_sequence, first.is_complete) == (4, 4, True)
    assert (second.sealed, second.last_sequence, second.digest) == (0, 4, first.digest)
    assert list(Seal.objects.values_list("last_sequence", "sealed_at")) == [(4, NOON)]
    assert queries.journal_head() == queries.JournalHead(sequence=4, digest=first.digest)


def test_sealing_in_small_portions_gives_the_same_chain_of_entries() -> None:
    announce_some(5)
    LookFactory.create_batch(2)

    reports = [services.seal_journal(at=NOON, limit=3) for _ in range(4)]

    assert [(report.sealed, report.is_complete) for report in reports] == [(3, False), (3, False), (1, True), (0, True)]
    assert sealed() == [
        *((1, fact_id) for fact_id in fact_ids()),
        *((2, pk) for pk in Look.objects.order_by("pk").values_list("pk", flat=True)),
    ]
    assert queries.verify_journal() == queries.JournalCheck(checked=7, next_sequence=None, broken=None)


def test_an_empty_journal_is_whole_and_has_nothing_to_seal() -> None:
    assert services.seal_journal(at=NOON).last_sequence == 0
    assert queries.verify_journal() == queries.JournalCheck(checked=0, next_sequence=None, broken=None)


def test_what_is_not_sealed_yet_is_counted() -> None:
    services.seal_journal(at=NOON)
    LookFactory.create_batch(2)

    assert queries.count_unsealed()["LOOK"] == 2
    services.seal_journal(at=NOON)
    assert queries.count_unsealed() == {"FACT": 0, "LOOK": 0}


def test_the_digested_bytes_of_an_entry_are_those_that_are_documented_and_never_change() -> None:
    """If this fails, every chain sealed so far would be called broken: do not change the digests here, mend the statement."""
    moment, moment_us = datetime(2026, 5, 6, 4, 0, 0, 123456, tzinfo=UTC), 831_355_200_123_456  # since 2000
    run(
        "insert into outbox_fact (id, kind, case_kind, case_id, actor_id, at, announced_at, payload)"
        " select id, 'WorkOrderOpened', 'work_order', 7, actor_id, %s, %s, %s from (values (1, null), (2, 0)) as who (id, actor_id)",
        moment,
        moment,
        '{"note": "停电", "n": 1}',
    )
    Look(id=1, viewer_id=7, customer_id=42, fields=["phone", "id number"], reason="来电", at=moment).save()

    facts, looks = (journal.entries(source, after_id=0, up_to_id=2, limit=9) for source in journal.SOURCES)

    nobody, somebody = b"\0", b"\1" + pack(">q", 0)
    payload = b"\x01" + '{"n": 1, "note": "停电"}'.encode()
    rest = b"WorkOrderOpened\0work_order\0" + payload
    assert facts == [
        Entry(1, pack(">4q", 1, 7, moment_us, moment_us) + nobody + rest),
        Entry(2, pack(">4q", 2, 7, moment_us, moment_us) + somebody + rest),
    ]
    assert looks == [Entry(1, pack(">4q", 1, 7, 42, moment_us) + b'{phone,"id number"}\0' + "来电".encode())]


def test_the_chain_over_known_entries_never_changes() -> None:
    """If this fails, every chain sealed so far would be called broken: mend the code, not the digest."""
    entries = [Entry(1, b"one"), Entry(2, b"two")]

    (link,) = rules.grow(head=START, entry_kind=1, after_id=0, entries=entries, link_length=rules.LINK_LENGTH)

    assert link.digest.hex() == "3315faf12247878b326f3376368bc0d7c5e29f9327ae4391377a912982557cf9"


@pytest.fixture
def chained() -> list[int]:
    """A journal of four facts and two looks, sealed; returns the facts' ids."""
    announce_some(4)
    LookFactory.create_batch(2)
    services.seal_journal(at=NOON)
    return fact_ids()


@pytest.mark.parametrize(
    "change",
    ["at = at + interval '1 microsecond'", "actor_id = 1", "payload = '{}'", "case_id = 9", "kind = 'x'", "announced_at = at"],
)
def test_a_changed_fact_is_named(chained: list[int], change: str) -> None:
    tamper(f"update outbox_fact set {change} where id = %s", chained[2])

    assert queries.verify_journal().broken == Break(3, 1, chained[2], "the entry was changed")


@pytest.mark.parametrize("change", ["viewer_id = 8", "customer_id = 2", "fields = '{}'", "reason = 'x'", "at = now()"])
def test_a_changed_look_is_named(chained: list[int], change: str) -> None:
    look = Look.objects.order_by("-pk")[0]
    tamper(f"update audit_look set {change} where id = %s", look.pk)

    assert queries.verify_journal().broken == Break(6, 2, look.pk, "the entry was changed")


def test_a_deleted_fact_is_named(chained: list[int]) -> None:
    tamper("delete from outbox_fact where id = %s", chained[1])

    assert queries.verify_journal().broken == Break(2, 1, chained[1], "the entry is gone")


def test_a_deleted_look_at_the_end_is_named(chained: list[int]) -> None:
    look = Look.objects.order_by("-pk")[0]
    tamper("delete from audit_look where id = %s", look.pk)

    assert queries.verify_journal().broken == Break(6, 2, look.pk, "the entry is gone")


def test_two_facts_that_changed_places_are_named(chained: list[int]) -> None:
    one, two = chained[:2]
    for old, new in ((one, 0), (two, one), (0, two)):
        tamper("update outbox_fact set id = %s where id = %s", new, old)

    assert queries.verify_journal().broken == Break(1, 1, one, "the entry was changed")


def test_a_fact_slipped_into_a_gap_is_named() -> None:
    announce_some(1)
    run("select nextval('outbox_fact_id_seq')")  # an id that was given out and rolled back
    announce_some(1)
    services.seal_journal(at=NOON)
    first, last = fact_ids()

    run(
        "insert into outbox_fact (id, kind, case_kind, case_id, at, payload) values (%s, 'x', 'trial', 1, now(), '{}')", first + 1
    )

    assert last == first + 2
    assert queries.verify_journal().broken == Break(None, 1, first + 1, "this entry was slipped in: it was never sealed")


def test_a_fact_slipped_in_behind_the_last_link_is_named(chained: list[int]) -> None:
    run("select nextval('outbox_fact_id_seq')")
    services.seal_journal(at=NOON)  # the mark goes on past the id that was rolled back
    slipped = chained[-1] + 1

    run("insert into outbox_fact (id, kind, case_kind, case_id, at, payload) values (%s, 'x', 'trial', 1, now(), '{}')", slipped)

    assert queries.verify_journal().broken == Break(None, 1, slipped, "this entry was slipped in: it was never sealed")


@pytest.mark.usefixtures("chained")
def test_a_fact_slipped_in_before_the_first_id_is_named() -> None:
    run("insert into outbox_fact (id, kind, case_kind, case_id, at, payload) values (-5, 'x', 'trial', 1, now(), '{}')")

    assert queries.verify_journal().broken == Break(None, 1, -5, "this entry was slipped in: it was never sealed")


@pytest.mark.usefixtures("chained")
@pytest.mark.parametrize(
    ("column", "value"),
    [("entries", "\\x00"), ("content_digest", "\\x00"), ("digest", "\\x00"), ("after_id", "-1"), ("last_id", "9999999")],
)
def test_a_changed_link_is_named(column: str, value: str) -> None:
    tamper(f"update audit_chainlink set {column} = %s where last_sequence = 4", value)

    broken = queries.verify_journal().broken

    assert broken is not None
    assert (broken.sequence, broken.entry_kind) == (4, 1)
    assert broken.problem == ("the links from 1 on are missing" if column == "entries" else "the link was changed")


@pytest.fixture
def short_links(monkeypatch: pytest.MonkeyPatch, chained: list[int]) -> list[int]:
    """Four more facts in links of two: entries 1-4 (facts), 5-6 (looks), 7-8 and 9-10 (facts). Returns the ids of all eight facts."""
    monkeypatch.setattr(rules, "LINK_LENGTH", 2)
    announce_some(4)
    services.seal_journal(at=NOON)
    return fact_ids()


def test_many_entries_become_several_links_that_hold(short_links: list[int]) -> None:
    assert list(ChainLink.objects.order_by("pk").values_list("last_sequence", "entry_kind", "after_id", "last_id")) == [
        (4, 1, 0, short_links[3]),
        (6, 2, 0, max(Look.objects.values_list("pk", flat=True))),
        (8, 1, short_links[3], short_links[5]),
        (10, 1, short_links[5], short_links[7]),
    ]
    assert queries.verify_journal() == queries.JournalCheck(checked=10, next_sequence=None, broken=None)


def test_the_first_of_several_changed_facts_is_named(short_links: list[int]) -> None:
    tamper("update outbox_fact set case_id = 99 where id = any(%s)", short_links[5:])

    assert queries.verify_journal() == queries.JournalCheck(6, None, Break(8, 1, short_links[5], "the entry was changed"))


def test_a_deleted_link_is_named(short_links: list[int]) -> None:
    tamper("delete from audit_chainlink where last_sequence = 8")

    assert queries.verify_journal().broken == Break(10, 1, short_links[7], "the links from 7 on are missing")


def test_a_forged_entry_with_a_forged_link_breaks_the_chain_after_it(short_links: list[int]) -> None:
    tamper("update outbox_fact set case_id = 99 where id = %s", short_links[4])
    forged = journal.entries(journal.SOURCES[0], after_id=short_links[3], up_to_id=short_links[5])
    before = journal.head(before_sequence=7)
    (link,) = rules.grow(head=before, entry_kind=1, after_id=short_links[3], entries=forged, link_length=2)
    tamper(
        "update audit_chainlink set entries = %s, content_digest = %s, digest = %s where last_sequence = 8",
        link.entries,
        link.content_digest,
        link.digest,
    )

    assert queries.verify_journal().broken == Break(10, 1, short_links[7], "the link before it is another one")


def test_links_cut_off_below_a_seal_are_seen(chained: list[int]) -> None:
    tamper("delete from audit_chainlink where last_sequence > 4")
    tamper("delete from audit_look")

    assert queries.verify_journal().broken == Break(6, 0, 0, "the link does not bear out its seal")


def test_a_chain_made_anew_after_tampering_does_not_bear_out_its_seal(chained: list[int]) -> None:
    tamper("update outbox_fact set case_id = 99 where id = %s", chained[1])
    tamper("delete from audit_chainlink")
    run("update audit_sealmark set sealed_id = 0")
    tamper("update audit_seal set last_sequence = 5 where last_sequence = 6")
    services.seal_journal(at=NOON)

    assert queries.verify_journal().broken == Break(5, 0, 0, "the link does not bear out its seal")


def test_a_broken_seal_is_seen_in_the_piece_that_holds_it(short_links: list[int]) -> None:
    tamper("update audit_seal set digest = %s where last_sequence = 6", bytes(32))

    assert queries.verify_journal(limit=4) == queries.JournalCheck(checked=4, next_sequence=5, broken=None)
    assert queries.verify_journal(from_sequence=5, limit=2).broken == Break(6, 0, 0, "the link does not bear out its seal")
    assert queries.verify_journal(from_sequence=7).is_whole


def test_a_check_may_go_piece_by_piece_and_finds_the_same(short_links: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LINKS_AT_ONCE", 1)

    pieces = [queries.verify_journal(from_sequence=start, limit=3) for start in (1, 5, 9)]

    assert pieces == [
        queries.JournalCheck(checked=4, next_sequence=5, broken=None),
        queries.JournalCheck(checked=4, next_sequence=9, broken=None),
        queries.JournalCheck(checked=2, next_sequence=None, broken=None),
    ]
    assert queries.verify_journal() == queries.JournalCheck(checked=10, next_sequence=None, broken=None)
    assert queries.verify_journal(from_sequence=11).checked == 0
    tamper("update outbox_fact set case_id = 99 where id = %s", short_links[4])
    assert queries.verify_journal() == queries.JournalCheck(6, None, Break(7, 1, short_links[4], "the entry was changed"))


def test_a_check_from_the_middle_of_a_link_begins_with_the_whole_link(short_links: list[int]) -> None:
    assert queries.verify_journal(from_sequence=8) == queries.JournalCheck(checked=4, next_sequence=None, broken=None)


def test_a_check_that_finds_a_break_leaves_the_transaction_around_it_usable(short_links: list[int]) -> None:
    tamper("update outbox_fact set case_id = 99 where id = %s", short_links[0])

    with transaction.atomic():
        broken = queries.verify_journal().broken
        still_answers = run("select 1")

    assert broken == Break(1, 1, short_links[0], "the entry was changed")
    assert still_answers == [(1,)]


@contextmanager
def another_writer() -> Iterator[psycopg.Connection]:
    settings = connection.settings_dict
    other = psycopg.connect(dbname=settings["NAME"], host=settings["HOST"], user=settings["USER"], port=settings["PORT"])
    try:
        yield other
    finally:
        other.close()


TELL = "insert into outbox_fact (kind, case_kind, case_id, at, payload) values ('x', 'trial', 1, now(), '{}') returning id"


@pytest.mark.django_db(transaction=True)
def test_a_fact_committed_late_with_a_lower_id_is_never_left_out() -> None:
    services.seal_journal(at=NOON)
    with another_writer() as slow, another_writer() as quick:
        late = slow.execute(TELL).fetchone()[0]
        early = quick.execute(TELL).fetchone()[0]
        quick.commit()

        while_writing = services.seal_journal(at=NOON)
        still_writing = services.seal_journal(at=NOON)
        slow.commit()
        after = services.seal_journal(at=NOON)

    assert late < early
    assert [(report.sealed, report.is_complete) for report in (while_writing, still_writing, after)] == [
        (0, False),
        (0, False),
        (2, True),
    ]
    assert sealed() == [(1, late), (1, early)]
    assert queries.verify_journal().is_whole


@pytest.mark.django_db(transaction=True)
def test_an_id_given_out_before_its_transaction_has_a_number_is_waited_for() -> None:
    services.seal_journal(at=NOON)
    with another_writer() as slow, another_writer() as quick:
        late = slow.execute("select nextval('outbox_fact_id_seq')").fetchone()[0]
        early = quick.execute(TELL).fetchone()[0]
        quick.commit()

        assert services.seal_journal(at=NOON).sealed == 0
        slow.execute(TELL.replace("(kind", "(id, kind").replace("('x'", f"({late}, 'x'"))
        slow.commit()
        services.seal_journal(at=NOON)

    assert sealed() == [(1, late), (1, early)]


@pytest.mark.django_db(transaction=True)
def test_sealing_goes_on_while_new_writers_come_as_long_as_the_old_ones_end() -> None:
    services.seal_journal(at=NOON)
    with another_writer() as one, another_writer() as two:
        first = one.execute(TELL).fetchone()[0]
        services.seal_journal(at=NOON)
        two.execute(TELL)
        one.commit()

        report = services.seal_journal(at=NOON)

        assert (report.sealed, report.is_complete) == (1, False)
        assert sealed() == [(1, first)]
        two.rollback()
    announce_some(1)
    assert services.seal_journal(at=NOON).is_complete
    assert queries.verify_journal() == queries.JournalCheck(checked=2, next_sequence=None, broken=None)


@pytest.mark.django_db(transaction=True)
def test_two_sessions_read_a_long_chain_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LONG", 0)
    monkeypatch.setattr(rules, "LINK_LENGTH", 1)
    announce_some(5)
    services.seal_journal(at=NOON)

    shared = list(journal.links_with_contents(after_sequence=0, limit=1_000))

    with transaction.atomic():
        assert shared == list(journal.links_with_contents(after_sequence=0, limit=1_000))
    assert [link.last_sequence for link, _ in shared] == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", range(5))
def test_two_sessions_find_a_break_wherever_it_is_and_go_on(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LONG", 0)
    monkeypatch.setattr(rules, "LINK_LENGTH", 1)
    announce_some(5)
    services.seal_journal(at=NOON)
    assert queries.verify_journal() == queries.JournalCheck(checked=5, next_sequence=None, broken=None)
    changed = fact_ids()[place]
    with transaction.atomic():
        tamper("update outbox_fact set case_id = 99 where id = %s", changed)

    broken = Break(place + 1, 1, changed, "the entry was changed")

    assert queries.verify_journal() == queries.JournalCheck(checked=place, next_sequence=None, broken=broken)


def test_links_that_only_one_session_saw_are_left_for_the_next_check() -> None:
    early, late = iter([1, 3]), iter([2, 4, 6])

    assert list(journal._in_turn([early, late])) == [1, 2, 3, 4]
    assert list(late) == []


def test_no_link_is_skipped_when_the_first_session_saw_fewer() -> None:
    assert list(journal._in_turn([iter([1]), iter([2, 4])])) == [1, 2]
    assert list(journal._in_turn([iter([1, 3, 5]), iter([2])])) == [1, 2, 3]


def test_an_inspection_of_a_whole_journal_is_kept_and_announces_nothing() -> None:
    announce_some(3)
    services.seal_journal(at=NOON)
    told = len(fact_ids())

    check = services.inspect_journal(at=NOON)

    assert check == queries.JournalCheck(checked=3, next_sequence=None, broken=None)
    assert queries.last_inspection() == queries.InspectionCard(at=NOON, checked=3, problem="")
    assert len(fact_ids()) == told


def test_an_inspection_that_finds_a_break_keeps_it_and_announces_it() -> None:
    announce_some(3)
    services.seal_journal(at=NOON)
    second = fact_ids()[1]
    tamper("update outbox_fact set payload = '{}' where id = %s", second)

    check = services.inspect_journal(at=NOON)

    assert check.broken is not None
    inspection = queries.last_inspection()
    assert inspection is not None
    assert inspection.problem == check.broken.says
    told = run(
        "select (payload ->> 'sequence')::int, (payload ->> 'entry_id')::int from outbox_fact where kind = 'JournalFoundBroken'"
    )
    assert told == [(2, second)]
