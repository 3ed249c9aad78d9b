from datetime import UTC, datetime

import pytest
import yaml
from django.conf import settings

from shouwen.config.founding import found, is_founded
from shouwen.loop.workorders.services import open_work_order
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import UnitKind
from shouwen.platform.people.queries import get_viewer, list_units, staff_with_number
from shouwen.platform.people.services import CannotSignIn, login
from shouwen.records.norms.rules.definition import Norm, parse_norm

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)


def norms() -> list[Norm]:
    return [parse_norm(yaml.safe_load(path.read_text())) for path in sorted((settings.HANDBOOK_DIR / "norms").glob("*.yaml"))]


def test_an_empty_house_is_founded_with_its_handbook() -> None:
    done = found(at=NOON)

    assert (done.founder, done.norms_published, done.calendars_published) == ("admin", 36, 3)
    assert done.policies_learned > 400
    assert done.templates_approved > 10
    assert is_founded()
    assert get_viewer(staff_id=staff_with_number(staff_no="admin").id, at=NOON).is_administrator


def test_founding_again_changes_nothing() -> None:
    found(at=NOON)
    facts = Fact.objects.count()

    again = found(at=NOON)

    assert (again.password, again.policies_learned, again.norms_published, again.templates_approved) == ("", 0, 0, 0)
    assert Fact.objects.count() == facts


def test_the_founder_signs_in_with_the_password_told() -> None:
    done = found(at=NOON)

    grant = login(staff_no="admin", password=done.password, address="127.0.0.1", at=NOON)

    assert grant.staff_id == staff_with_number(staff_no="admin").id
    with pytest.raises(CannotSignIn):
        login(staff_no="jobs", password=done.password, address="127.0.0.1", at=NOON)


def test_every_kind_of_unit_that_a_norm_names_is_there() -> None:
    found(at=NOON)

    named = {step.unit for norm in norms() for step in norm.steps}
    assert named <= {unit.kind for unit in list_units()}
    assert len(list_units(kind=UnitKind.COMPANY)) == 1


def test_a_matter_of_every_norm_can_be_opened_at_once() -> None:
    found(at=NOON)
    admin_id = staff_with_number(staff_no="admin").id

    opened = [open_work_order(norm=norm.slug, channel=norm.channels[0], actor_id=admin_id, at=NOON) for norm in norms()]

    assert len(set(opened)) == 36
