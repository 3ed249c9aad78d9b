from collections.abc import Iterator
from typing import Any

import pytest

from shouwen.faces.api.tests.callers import Api, api_of
from shouwen.faces.api.tests.receiver import Receiver, receiving
from shouwen.loop.workorders.tests.factories import Company, small_company


@pytest.fixture
def company(db: None) -> Company:
    return small_company()


@pytest.fixture
def li(company: Company) -> Api:
    """Li of the service centre, by a token with every scope."""
    return api_of(company.li)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A subscriber on this machine, to which webhooks may go."""
    settings.WEBHOOKS_MAY_GO_INSIDE = True
    with receiving() as one:
        yield one
