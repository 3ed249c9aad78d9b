"""What tests need before Django is set up; a pytest plugin (``-p shouwen.config.testing`` in ``pyproject.toml``).

Tests run on a real PostgreSQL: ``DATABASE_URL`` if set, else a throw-away embedded server that all test runs of this machine share. Each
run holds a shared lock while it uses the server; whoever can take it alone at the end is the last one and stops the server.
"""

from __future__ import annotations

import fcntl
import os
from typing import IO

os.environ["SHOUWEN_TESTING"] = "1"
os.environ.setdefault("SHOUWEN_SECRET_KEY", "tests-only-" + "0" * 40)
os.environ.setdefault("SHOUWEN_PERSONAL_DATA_KEY", "11" * 32)
os.environ.setdefault("SHOUWEN_BLIND_INDEX_KEY", "22" * 32)

_held: list[IO[str]] = []


def _is_controller() -> bool:
    return "PYTEST_XDIST_WORKER" not in os.environ


def pytest_configure(config: object) -> None:
    """Compile the catalogues and start the server, unless a worker asks: its controller has."""
    from shouwen.config.catalogues import compile_stale
    from shouwen.config.settings import EMBEDDED_SERVER

    if not _is_controller():
        return
    compile_stale()
    if EMBEDDED_SERVER is not None:
        handle = EMBEDDED_SERVER.data_dir.with_name("postgres-tests.users").open("w")
        fcntl.flock(handle, fcntl.LOCK_SH)
        _held.append(handle)
        EMBEDDED_SERVER.start(database="postgres")


def pytest_unconfigure(config: object) -> None:
    """Stop the server if no other test run uses it."""
    from shouwen.config.settings import EMBEDDED_SERVER

    if EMBEDDED_SERVER is None or not _held:
        return
    handle = _held.pop()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    EMBEDDED_SERVER.stop()
