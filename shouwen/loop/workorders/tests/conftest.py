import pytest

from shouwen.loop.workorders.tests.factories import Company, small_company


@pytest.fixture
def company(db: None) -> Company:
    return small_company()
