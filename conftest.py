"""Tests run on a real PostgreSQL: DATABASE_URL if set, else a throw-away embedded server."""

import os
from collections.abc import Iterator

import pytest

os.environ["SHOUWEN_TESTING"] = "1"
os.environ.setdefault("SHOUWEN_SECRET_KEY", "tests-only-" + "0" * 40)
os.environ.setdefault("SHOUWEN_PERSONAL_DATA_KEY", "11" * 32)
os.environ.setdefault("SHOUWEN_BLIND_INDEX_KEY", "22" * 32)

from shouwen.config import postgres, settings  # noqa: E402


def pytest_configure(config: object) -> None:
    server = settings.EMBEDDED_SERVER
    if server is not None and "PYTEST_XDIST_WORKER" not in os.environ:
        server.start(database="postgres")


def pytest_unconfigure(config: object) -> None:
    server = settings.EMBEDDED_SERVER
    if server is None or "PYTEST_XDIST_WORKER" in os.environ or not server.is_running():
        return
    if not server.has_other_users():
        server.stop()


@pytest.fixture(autouse=True)
def _memories_are_empty() -> Iterator[None]:
    """What a process remembers of the database is forgotten between tests, as the database is rolled back."""
    yield
    from shouwen.platform.calendars import queries as calendars
    from shouwen.platform.people import principals
    from shouwen.records.norms import queries as norms

    calendars.forget()
    norms.forget()
    principals.forget_everybody()


__all__ = ["postgres"]
