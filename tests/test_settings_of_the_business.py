"""Every figure that the code asks the register for stands in the handbook, with the same unit and the same value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.conf import settings

from shouwen.loop.contact import queries as contact
from shouwen.loop.messages.queries import reach
from shouwen.loop.messages.services import claiming, outcomes
from shouwen.loop.satisfaction.services import asking, calling
from shouwen.loop.workorders.services import settling, target_rows, urging
from shouwen.platform.files import services as files
from shouwen.platform.policies.rules import PolicyEntry, PolicyRef
from shouwen.platform.policies.services import read_folder

MODULES = (contact, reach, claiming, outcomes, asking, calling, settling, target_rows, urging)
FOUND = {value for module in MODULES for value in vars(module).values() if isinstance(value, PolicyRef)}
ASKED = sorted(FOUND | set(files.RETENTION_DAYS.values()) | {files.LARGEST_MB}, key=lambda ref: ref.key)


@pytest.fixture(scope="module")
def handbook() -> tuple[PolicyEntry, ...]:
    return read_folder(folder=settings.HANDBOOK_DIR / "policies")


@pytest.mark.parametrize("ref", ASKED, ids=lambda ref: ref.key)
def test_the_default_in_the_code_is_what_the_handbook_states(ref: PolicyRef, handbook: tuple[PolicyEntry, ...]) -> None:
    stated = [value.amount for entry in handbook if (entry.key, entry.unit) == (ref.key, ref.unit) for value in entry.values]

    assert Decimal(ref.default) in stated


def test_all_settings_were_found() -> None:
    assert len(ASKED) >= 18
