from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import DatabaseError, transaction

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people.tests.factories import StaffFactory, administrator
from shouwen.platform.policies.choices import Force
from shouwen.platform.policies.services import learn_entries, load_register
from shouwen.records.norms import queries, services
from shouwen.records.norms.events import NormVersionPublished
from shouwen.records.norms.models import Norm, NormVersion
from shouwen.records.norms.rules.definition import NormInvalid, parse_norm
from shouwen.records.norms.tests.factories import NOON, NORMS, POLICIES, Change, Document, lamp, policy

pytestmark = pytest.mark.django_db

TOMORROW = date(2026, 5, 7)


def publish(change: Change = lambda document: None, at: datetime = NOON) -> bool:
    return services.publish_norm_version(document=lamp(change), actor_id=None, at=at)


def version(number: int, first_day: date, purpose: str = "Better.") -> Change:
    def change(document: Document) -> None:
        document.update(version=number, effective_from=first_day)
        document["purpose"]["en"] = purpose

    return change


def rows() -> list[tuple[Any, ...]]:
    return list(NormVersion.objects.order_by("pk").values_list("norm__code", "version", "effective_from", "digest"))


def announced() -> list[tuple[str, datetime, dict[str, Any]]]:
    cards = [card for norm in Norm.objects.order_by("pk") for card in list_facts(case_kind="norm", case_id=norm.pk)]
    return [(card.kind, card.at, card.payload) for card in cards]


def test_publishing_keeps_the_whole_text_and_announces_it() -> None:
    assert publish() is True

    norm = parse_norm(lamp())
    (row,) = NormVersion.objects.all()
    assert (row.document, row.digest, row.published_at, row.published_by_id) == (norm.as_document(), norm.digest, NOON, None)
    ((kind, at, payload),) = announced()
    assert (kind, at) == (NormVersionPublished.kind(), NOON)
    assert {name: payload[name] for name in ("code", "version", "effective_from", "digest")} == {
        "code": "6.9",
        "version": 1,
        "effective_from": "2026-01-01",
        "digest": norm.digest,
    }


def test_the_same_version_again_changes_nothing_and_tells_nobody() -> None:
    publish()
    before = (rows(), announced())

    assert publish(at=NOON + timedelta(days=1)) is False
    assert (rows(), announced()) == before


def test_a_published_version_cannot_be_given_another_text() -> None:
    publish()
    before = (rows(), announced())

    with pytest.raises(services.NormVersionChanged) as caught:
        publish(version(1, date(2026, 1, 1), "Another."))

    assert caught.value.explain() == "Version 1 of norm 6.9 is published and stands; make version 2 of it."
    assert (rows(), announced()) == before


def test_what_is_no_norm_is_not_published() -> None:
    with pytest.raises(NormInvalid):
        publish(lambda document: document.pop("survey"))

    assert (Norm.objects.count(), rows()) == (0, [])


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_or_delete_a_version(change: str) -> None:
    publish()
    before = rows()

    published = NormVersion.objects.filter(version=1)
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        published.update(version=2) if change == "update" else published.delete()

    assert rows() == before


# The new version and its first day.


def test_a_new_version_holds_from_its_first_local_day_and_not_a_moment_sooner() -> None:
    publish()
    publish(version(2, TOMORROW))
    midnight = datetime(2026, 5, 6, 16, tzinfo=UTC)  # 00:00 of 7 May in Shanghai

    found = [
        queries.norm_in_force(slug="lamp_out", at=at).norm.version
        for at in (NOON, midnight - timedelta(microseconds=1), midnight, midnight + timedelta(days=400))
    ]

    assert found == [1, 1, 2, 2]


def test_running_matters_keep_the_version_they_were_opened_under() -> None:
    publish()
    opened_under = queries.norm_in_force(slug="lamp_out", at=NOON).version_id

    publish(version(2, TOMORROW))

    kept = queries.norm_version(version_id=opened_under)
    assert (kept.version, kept.purpose.en) == (1, "A lamp is mended.")
    assert queries.norm_in_force(slug="lamp_out", at=NOON + timedelta(days=1)).version_id != opened_under


def test_an_earlier_version_that_comes_later_does_not_push_out_the_newer_one() -> None:
    publish(version(2, date(2026, 4, 1)))
    publish(version(1, date(2026, 2, 1), "Older."))

    assert queries.norm_in_force(slug="lamp_out", at=NOON).norm.version == 2


# By hand, in the house.


@pytest.fixture
def _policies_are_known() -> None:
    learn_entries(entries=POLICIES, actor_id=None, at=NOON)


def revise(change: Change, actor_id: int) -> bool:
    return services.revise_norm(document=lamp(change), actor_id=actor_id, at=NOON)


@pytest.mark.usefixtures("_policies_are_known")
def test_an_administrator_issues_a_sound_version_from_tomorrow_on() -> None:
    keeper = administrator()
    publish()

    assert revise(version(2, TOMORROW), keeper.pk) is True

    assert [row[1:3] for row in rows()] == [(1, date(2026, 1, 1)), (2, TOMORROW)]
    assert NormVersion.objects.get(version=2).published_by_id == keeper.pk


@pytest.mark.usefixtures("_policies_are_known")
def test_nobody_else_may_issue_one() -> None:
    with pytest.raises(NotAllowed):
        revise(version(1, TOMORROW), StaffFactory().pk)

    assert rows() == []


@pytest.mark.usefixtures("_policies_are_known")
@pytest.mark.parametrize("first_day", [date(2026, 5, 6), date(2026, 1, 1)])
def test_a_version_cannot_begin_today_or_in_the_past(first_day: date) -> None:
    keeper = administrator()

    with pytest.raises(services.NormTooEarly) as caught:
        revise(version(1, first_day), keeper.pk)

    assert caught.value.details == {"norm": "6.9", "first": "2026-05-07"}
    assert rows() == []


def test_an_unsound_version_is_refused_with_every_defect() -> None:
    keeper = administrator()
    tight = policy("lamp.promise", 30, force=Force.COMMITMENT, rule="R-9")
    learn_entries(entries=[*(one for one in POLICIES if one.key != "lamp.promise"), tight], actor_id=None, at=NOON)

    with pytest.raises(services.NormUnsound) as caught:
        revise(version(1, TOMORROW), keeper.pk)

    assert [(defect.code, defect.place) for defect in caught.value.defects] == [("above_commitment", "commitments[0]")]
    assert "commitments[0]: The longest way accept → mend takes 70 min" in caught.value.explain()
    assert rows() == []


# The handbook's folder.


def test_loading_the_handbook_publishes_the_36_and_loading_it_again_changes_nothing() -> None:
    load_register(folder=NORMS.parent / "policies", actor_id=None, at=NOON)

    first = services.load_handbook(folder=NORMS, actor_id=None, at=NOON)
    before = (rows(), len(announced()))
    again = services.load_handbook(folder=NORMS, actor_id=None, at=NOON + timedelta(days=1))

    assert (first, again) == (36, 0)
    assert (rows(), len(announced())) == before
    assert len(before[0]) == before[1] == 36


@pytest.mark.usefixtures("_policies_are_known")
def test_a_file_with_the_next_version_is_all_that_a_second_load_brings(tmp_path: Path) -> None:
    write(tmp_path / "6.9-lamp-out.yaml", lamp())
    first = services.load_handbook(folder=tmp_path, actor_id=None, at=NOON)
    write(tmp_path / "6.9-lamp-out.v2.yaml", lamp(version(2, TOMORROW)))

    second = services.load_handbook(folder=tmp_path, actor_id=None, at=NOON)

    assert (first, second, [row[1] for row in rows()]) == (1, 1, [1, 2])


def test_a_folder_with_an_unsound_norm_is_refused_whole(tmp_path: Path) -> None:
    write(tmp_path / "6.8-good.yaml", lamp(lambda document: document.update(id="6.8", slug="good")))
    write(tmp_path / "6.9-lamp-out.yaml", lamp(lambda document: document["steps"][0]["limit"].update(policy="lamp.nowhere")))
    learn_entries(entries=POLICIES, actor_id=None, at=NOON)

    with pytest.raises(services.NormUnsound, match=r"6\.9"):
        services.load_handbook(folder=tmp_path, actor_id=None, at=NOON)

    assert rows() == []


def write(path: Path, document: Document) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
