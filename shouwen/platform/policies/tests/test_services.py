"""Loading, correcting, adding and withdrawing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.tests.factories import StaffFactory, administrator
from shouwen.platform.policies import queries, services
from shouwen.platform.policies.models import Policy
from shouwen.platform.policies.rules import PolicyInvalid, Value
from shouwen.platform.policies.services import CannotRevise, LoadCount, PoliciesContradict
from shouwen.platform.policies.tests.factories import HANDBOOK, NOON, entry_of, handbook_entries, held

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
MUCH_LATER = NOON + timedelta(hours=2)


def told() -> list[tuple[str, dict]]:
    return [(fact.kind, fact.payload) for fact in Fact.objects.order_by("id")]


def lines() -> list[tuple[str, str, str | None]]:
    """Return what each row says: its first figure, known from, known until."""
    rows = Policy.objects.order_by("known_from", "pk")
    return [
        (row.values_by_class[0]["value"], f"{row.known_from:%m-%d %H}", row.known_until and f"{row.known_until:%m-%d %H}")
        for row in rows
    ]


def test_the_handbook_loads_whole_and_a_second_time_changes_nothing() -> None:
    first = services.load_register(folder=HANDBOOK, actor_id=None, at=NOON)
    second = services.load_register(folder=HANDBOOK, actor_id=None, at=LATER)

    count = len(handbook_entries())
    assert first == LoadCount(inserted=count, closed=0, unchanged=0, kept=())
    assert (second.inserted, second.closed, second.kept) == (0, 0, ())
    assert (Policy.objects.count(), queries.register_version(), Fact.objects.count()) == (count, 1, 1)
    assert {entry.digest for entry in queries.all_entries()} == {entry.digest for entry in handbook_entries()}


def test_the_first_load_takes_known_times_as_written() -> None:
    past = entry_of(45, known_until=datetime(2023, 1, 1, tzinfo=UTC))

    services.learn_entries(entries=[past, entry_of(60, known_from=datetime(2023, 1, 1, tzinfo=UTC))], actor_id=None, at=NOON)

    assert lines() == [("45", "01-01 00", "01-01 00"), ("60", "01-01 00", None)]


def test_a_changed_entry_closes_the_old_one_and_is_known_from_the_load() -> None:
    services.learn_entries(entries=[entry_of(45), entry_of(7, rule="T-2")], actor_id=None, at=NOON)

    count = services.learn_entries(entries=[entry_of(40), entry_of(7, rule="T-2")], actor_id=None, at=LATER)

    assert count == LoadCount(inserted=1, closed=1, unchanged=1, kept=())
    assert lines() == [("45", "01-01 00", "05-06 05"), ("7", "01-01 00", None), ("40", "05-06 05", None)]
    assert told()[-1] == (
        "RegisterLoaded",
        {"register_id": 2, "inserted_count": 1, "closed_count": 1, "keys": ["repair.arrival"]},
    )


def test_nothing_can_be_learned_into_the_past_once_the_register_is_in_use() -> None:
    held(entry_of(45))

    services.learn_entries(entries=[entry_of(45), entry_of(7, rule="T-2")], actor_id=None, at=LATER)

    assert queries.entries_for(key="repair.arrival", known_at=NOON) == (entry_of(45),)
    assert [entry.rule for entry in queries.entries_for(key="repair.arrival", known_at=LATER)] == ["T-1", "T-2"]


def test_closing_the_known_time_in_the_file_withdraws_the_entry() -> None:
    held(entry_of(45))

    count = services.learn_entries(entries=[entry_of(45, known_until=LATER)], actor_id=None, at=LATER)

    assert (count.closed, lines()) == (1, [("45", "01-01 00", "05-06 05")])


def test_a_rule_that_the_handbook_no_longer_mentions_is_left() -> None:
    held(entry_of(45))

    count = services.learn_entries(entries=[entry_of(7, rule="T-2")], actor_id=None, at=LATER)

    assert (count.closed, Policy.objects.still_held().count()) == (0, 2)


def test_two_changes_at_one_instant_leave_the_first_known_at_no_time() -> None:
    held(entry_of(45))
    services.learn_entries(entries=[entry_of(40)], actor_id=None, at=LATER)

    services.learn_entries(entries=[entry_of(30)], actor_id=None, at=LATER)

    assert [str(entry.values[0].amount) for entry in queries.entries_for(key="repair.arrival", known_at=LATER)] == ["30"]
    assert lines()[1:] == [("40", "05-06 05", "05-06 05"), ("30", "05-06 05", None)]


def test_contradicting_entries_are_refused_and_nothing_is_loaded() -> None:
    with pytest.raises(PoliciesContradict) as refused:
        services.learn_entries(entries=[entry_of(45), entry_of(46)], actor_id=None, at=NOON)

    assert str(refused.value) == "These policies contradict each other: T-1 repair.arrival from 2020-01-01 and from 2020-01-01."
    assert (Policy.objects.count(), Fact.objects.count(), queries.register_version()) == (0, 0, 0)


def test_faults_of_all_files_are_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {key: x}\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_bytes("- {key: 到达}".encode("gb18030"))
    (tmp_path / "c.yaml").write_text("- {key: x.y}\n", encoding="utf-8")

    with pytest.raises(PolicyInvalid) as refused:
        services.load_register(folder=tmp_path, actor_id=None, at=NOON)

    assert [(problem.where, problem.field) for problem in refused.value.problems] == [
        ("a.yaml", "rule"),
        ("b.yaml", "-"),
        ("c.yaml", "rule"),
    ]
    assert Policy.objects.count() == 0


def test_a_revision_is_new_knowledge_and_the_old_stays() -> None:
    policy_id, actor = held(entry_of(45)), administrator()

    (new_id,) = services.revise_policy(policy_id=policy_id, entries=[entry_of(40)], why="measured", actor_id=actor.pk, at=LATER)

    assert lines() == [("45", "01-01 00", "05-06 05"), ("40", "05-06 05", None)]
    old, new = Policy.objects.get(pk=policy_id), Policy.objects.get(pk=new_id)
    assert (old.closed_by, old.closed_origin, new.entered_by, new.origin) == (actor, "DESK", actor, "DESK")
    assert told()[-1] == (
        "PolicyRevised",
        {"policy_id": policy_id, "key": "repair.arrival", "rule": "T-1", "new_policy_ids": [new_id], "why": "measured"},
    )


def test_a_figure_can_be_changed_from_a_day_to_come() -> None:
    policy_id = held(entry_of(45))
    first_day = date(2027, 1, 1)

    services.revise_policy(
        policy_id=policy_id,
        entries=[entry_of(45, valid_until=first_day), entry_of(40, valid_from=first_day)],
        why="from next year",
        actor_id=administrator().pk,
        at=LATER,
    )

    found = [queries.entries_for(key="repair.arrival", known_at=at) for at in (NOON, LATER)]
    assert [[(entry.valid_from.year, entry.valid_until) for entry in entries] for entries in found] == [
        [(2020, None)],
        [(2020, first_day), (2027, None)],
    ]


def test_a_load_keeps_what_an_administrator_decided() -> None:
    revised, withdrawn = held(entry_of(45)), None
    services.learn_entries(entries=[entry_of(7, rule="T-2")], actor_id=None, at=NOON)
    withdrawn = Policy.objects.get(rule="T-2").pk
    actor = administrator()
    services.revise_policy(policy_id=revised, entries=[entry_of(40)], why="measured", actor_id=actor.pk, at=LATER)
    services.withdraw_policy(policy_id=withdrawn, why="wrong", actor_id=actor.pk, at=LATER)

    count = services.learn_entries(entries=[entry_of(45), entry_of(7, rule="T-2")], actor_id=None, at=MUCH_LATER)

    assert count == LoadCount(inserted=0, closed=0, unchanged=0, kept=("T-1 repair.arrival", "T-2 repair.arrival"))
    assert [row.values_by_class for row in Policy.objects.still_held()] == [[{"value": "40"}]]


def test_a_withdrawn_policy_is_still_known_for_the_time_before() -> None:
    policy_id = held(entry_of(45))

    services.withdraw_policy(policy_id=policy_id, why="no source", actor_id=administrator().pk, at=LATER)

    assert [len(queries.entries_for(key="repair.arrival", known_at=at)) for at in (NOON, LATER)] == [1, 0]
    assert told()[-1] == ("PolicyWithdrawn", {"policy_id": policy_id, "key": "repair.arrival", "rule": "T-1", "why": "no source"})


def test_an_added_policy_is_known_from_now_on() -> None:
    held(entry_of(45))

    services.add_policy(entry=entry_of(30, rule="LOCAL-1"), why="our own", actor_id=administrator().pk, at=LATER)

    assert [[entry.rule for entry in queries.entries_for(key="repair.arrival", known_at=at)] for at in (NOON, LATER)] == [
        ["T-1"],
        ["T-1", "LOCAL-1"],
    ]


@pytest.mark.parametrize(
    ("entries", "at"),
    [
        ([], LATER),
        ([entry_of(45)], LATER),
        ([entry_of(40, rule="T-9")], LATER),
        ([entry_of(40, key="repair.other")], LATER),
        ([entry_of(40), entry_of(41)], LATER),
        ([entry_of(40)], datetime(2020, 6, 1, tzinfo=UTC)),
    ],
    ids=["nothing", "the same", "another rule", "another key", "contradiction", "before it was learned"],
)
def test_a_revision_that_does_not_fit_is_refused_and_changes_nothing(entries: list, at: datetime) -> None:
    policy_id, actor = held(entry_of(45, known_from=datetime(2021, 1, 1, tzinfo=UTC))), administrator()
    version = queries.register_version()

    with pytest.raises(CannotRevise):
        services.revise_policy(policy_id=policy_id, entries=entries, why="?", actor_id=actor.pk, at=at)

    assert (lines(), queries.register_version(), Fact.objects.count()) == ([("45", "01-01 00", None)], version, 1)


def test_a_policy_that_is_no_longer_held_cannot_be_revised_or_withdrawn() -> None:
    policy_id, actor = held(entry_of(45)), administrator()
    services.withdraw_policy(policy_id=policy_id, why="wrong", actor_id=actor.pk, at=LATER)

    with pytest.raises(CannotRevise):
        services.revise_policy(policy_id=policy_id, entries=[entry_of(40)], why="?", actor_id=actor.pk, at=MUCH_LATER)
    with pytest.raises(CannotRevise):
        services.withdraw_policy(policy_id=policy_id, why="?", actor_id=actor.pk, at=MUCH_LATER)
    with pytest.raises(NotFound):
        services.withdraw_policy(policy_id=policy_id + 1, why="?", actor_id=actor.pk, at=MUCH_LATER)


def test_an_addition_that_contradicts_is_refused() -> None:
    held(entry_of(45))

    with pytest.raises(CannotRevise) as refused:
        services.add_policy(entry=entry_of(46), why="?", actor_id=administrator().pk, at=LATER)

    assert str(refused.value) == "T-1 repair.arrival already says something for the time from 2020-01-01."


def test_nobody_but_an_administrator_changes_the_register() -> None:
    policy_id, clerk = held(entry_of(45)), StaffFactory()

    with pytest.raises(NotAllowed):
        services.revise_policy(policy_id=policy_id, entries=[entry_of(40)], why="?", actor_id=clerk.pk, at=LATER)
    with pytest.raises(NotAllowed):
        services.add_policy(entry=entry_of(40, rule="T-2"), why="?", actor_id=clerk.pk, at=LATER)
    with pytest.raises(NotAllowed):
        services.withdraw_policy(policy_id=policy_id, why="?", actor_id=clerk.pk, at=LATER)

    assert (lines(), Fact.objects.count()) == ([("45", "01-01 00", None)], 1)


def test_the_database_refuses_two_statements_that_overlap_in_both_times() -> None:
    held(entry_of(45))

    with pytest.raises(IntegrityError, match="policy_never_contradicts_itself"), transaction.atomic():
        services._insert([entry_of(46)], origin="HANDBOOK", actor_id=None)

    services._insert([entry_of(46, rule="T-2"), replace(entry_of(46), key="repair.other")], origin="HANDBOOK", actor_id=None)
    assert Policy.objects.count() == 3


@pytest.mark.parametrize(
    "statement",
    [
        "update policies_policy set unit = 'hour'",
        "update policies_policy set known_until = now(), unit = 'hour'",
        "update policies_policy set closed_origin = 'DESK'",
        "delete from policies_policy",
    ],
)
def test_the_database_refuses_to_rewrite_a_policy(statement: str) -> None:
    held(entry_of(45))

    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_to_empty_the_register() -> None:
    policy_id = held(entry_of(45))

    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table policies_policy enable trigger policy_is_kept")  # test databases switch it off
        with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
            cursor.execute("truncate policies_policy cascade")

    assert Policy.objects.filter(pk=policy_id).exists()


def test_the_database_closes_a_known_time_once_only() -> None:
    policy_id = held(entry_of(45))
    Policy.objects.filter(pk=policy_id).update(known_until=LATER)

    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        Policy.objects.filter(pk=policy_id).update(known_until=None)
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        Policy.objects.filter(pk=policy_id).update(known_until=MUCH_LATER)


def test_a_row_reads_back_as_the_entry_that_was_written() -> None:
    for entry in handbook_entries():
        assert services._row(entry, "HANDBOOK", None).entry == entry


def test_figures_survive_the_database_exactly() -> None:
    policy_id = held(entry_of(values=(Value(Decimal("0.0000000001")),)))

    assert queries.get_policy(policy_id=policy_id).entry.values == (Value(Decimal("0.0000000001")),)


@pytest.mark.django_db(transaction=True)
def test_of_two_revisions_at_once_one_is_refused() -> None:
    policy_id, actor = held(entry_of(45)), administrator()
    ready = Barrier(2)

    def revise(amount: int) -> str:
        try:
            ready.wait(timeout=10)
            services.revise_policy(policy_id=policy_id, entries=[entry_of(amount)], why="?", actor_id=actor.pk, at=LATER)
        except CannotRevise as refusal:
            return refusal.explain()
        finally:
            connection.close()
        return "revised"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(revise, (40, 30)))

    assert outcomes == ["T-1 repair.arrival is no longer held; a later entry stands.", "revised"]
    assert [len(queries.entries_for(key="repair.arrival", known_at=at)) for at in (NOON, LATER)] == [1, 1]
