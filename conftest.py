"""What every test begins with: empty memories. The database server is started by ``shouwen.config.testing``."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _memories_are_empty() -> Iterator[None]:
    """What a process remembers of the database is forgotten between tests, as the database is rolled back."""
    yield
    from shouwen.platform.calendars import queries as calendars
    from shouwen.platform.people import directory, principals
    from shouwen.records.norms import queries as norms

    calendars.forget()
    norms.forget()
    principals.forget_now()
    directory.forget_now()
