import pytest

from shouwen.platform.people import principals


@pytest.fixture(autouse=True)
def _nobody_is_remembered() -> None:
    principals._principals.forget_all()
    principals._tokens.forget_all()
