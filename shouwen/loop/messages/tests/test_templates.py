from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import DatabaseError, transaction

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.messages import services
from shouwen.loop.messages.models import Template, TemplateVersion
from shouwen.loop.messages.tests.factories import LONG_AGO, NOON, editor, text_entry
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import staff_with_role

pytestmark = pytest.mark.django_db


def test_the_handbook_is_loaded_once_and_the_same_again_changes_nothing() -> None:
    folder, actor_id = Path(settings.HANDBOOK_DIR) / "templates", editor().pk

    first = services.load_templates(folder=folder, actor_id=actor_id, at=LONG_AGO)
    second = services.load_templates(folder=folder, actor_id=actor_id, at=NOON)

    entry_count = sum(path.read_text(encoding="utf-8").count("\n- key: ") for path in folder.glob("*.yaml"))
    assert (first, second) == (entry_count, 0)
    assert (
        TemplateVersion.objects.filter(number=1, approved_at=LONG_AGO).count() == TemplateVersion.objects.count() == entry_count
    )
    assert Fact.objects.filter(kind="TemplateApproved").count() == entry_count


def test_a_changed_text_is_the_next_version_and_the_old_one_stands() -> None:
    actor_id = editor().pk
    services.approve_template(entry=text_entry(), actor_id=actor_id, at=LONG_AGO)

    changed = services.approve_template(entry=text_entry(urgent=True), actor_id=actor_id, at=NOON)

    assert changed
    assert list(TemplateVersion.objects.order_by("number").values_list("number", "is_urgent", "approved_at")) == [
        (1, False, LONG_AGO),
        (2, True, NOON),
    ]
    assert Fact.objects.order_by("id").last().payload["number"] == 2


def test_who_does_not_keep_the_texts_cannot_approve_one() -> None:
    agent = staff_with_role(RoleCode.AGENT)

    with pytest.raises(NotAllowed):
        services.approve_template(entry=text_entry(), actor_id=agent.pk, at=NOON)

    assert (Template.objects.count(), Fact.objects.count()) == (0, 0)


def test_one_broken_text_keeps_the_whole_folder_out(tmp_path: Path) -> None:
    entries = [text_entry("good"), text_entry("bad", fields=[])]
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")

    with pytest.raises(services.CannotApprove, match="bad"):
        services.load_templates(folder=tmp_path, actor_id=editor().pk, at=NOON)

    assert Template.objects.count() == 0


def test_a_text_written_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump([text_entry()], allow_unicode=True), encoding="utf-8")
    (tmp_path / "b.yaml").write_text(yaml.safe_dump([text_entry()], allow_unicode=True), encoding="utf-8")

    with pytest.raises(services.CannotApprove, match="lamp_back: written twice"):
        services.load_templates(folder=tmp_path, actor_id=editor().pk, at=NOON)

    assert Template.objects.count() == 0


@pytest.mark.parametrize("act", [lambda rows: rows.update(max_sms_parts=9), lambda rows: rows.delete()])
def test_the_database_refuses_to_change_an_approved_text(act) -> None:
    services.approve_template(entry=text_entry(), actor_id=editor().pk, at=NOON)

    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        act(TemplateVersion.objects.all())

    assert TemplateVersion.objects.get().max_sms_parts == 3
