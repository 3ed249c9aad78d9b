import pytest

from shouwen.platform.search import shares


@pytest.fixture(autouse=True)
def _no_share_is_remembered() -> None:
    shares.forget_now()
