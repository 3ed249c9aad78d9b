import pytest

from shouwen.faces.api.tests.callers import Api, api_of
from shouwen.loop.workorders.tests.factories import Company, small_company


@pytest.fixture
def company(db: None) -> Company:
    return small_company()


@pytest.fixture
def li(company: Company) -> Api:
    """Li of the service centre, by a token with every scope."""
    return api_of(company.li)
