"""``kill -9`` of the real worker at random moments, again and again: no fact is lost, none is heard twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from time import monotonic

import pytest
from django.conf import settings
from django.db import connection

from shouwen.platform.outbox import hearing
from shouwen.platform.outbox.tests.hearts import beat, drop_counting_table, heard, make_counting_table

BEATS = 4000
KILLS = 3
HANDLERS = "shouwen.platform.outbox.tests.counting.handlers"
PATIENCE_S = 60.0
WORKER_SETTINGS = """
from shouwen.config.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "shouwen.platform.outbox.tests.counting"]
"""

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a worker needs to work on the database of this test, with the counting flat installed."""
    (tmp_path / "worker_settings.py").write_text(WORKER_SETTINGS, encoding="utf-8")
    database = connection.settings_dict
    host = database["HOST"] or "localhost"
    return os.environ | {
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={host}",
        "DJANGO_SETTINGS_MODULE": "worker_settings",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(settings.BASE_DIR)]),
        "PGPASSWORD": database["PASSWORD"],
        "PGPORT": str(database["PORT"] or 5432),
    }


@pytest.fixture
def counting() -> Iterator[None]:
    """The table, and the hearer known to whoever announces here: its module is imported for this test alone."""
    make_counting_table()
    import_module(HANDLERS)
    yield
    hearing.forget("counting.count_each")
    del sys.modules[HANDLERS]
    drop_counting_table()


def start_worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "shouwen", "work"]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_until(holds: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    pause, until_s = threading.Event(), monotonic() + PATIENCE_S
    while not holds():
        assert worker.poll() is None, worker.stderr.read().decode() if worker.stderr else "the worker has stopped"
        assert monotonic() < until_s, "the worker does not get on"
        pause.wait(0.002)


def count_heard() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from heard_beat")
        return int(cursor.fetchone()[0])


def announce_beats() -> None:
    """Announce all beats, a few in each transaction, while workers come and go."""
    for first in range(0, BEATS, 8):
        beat(*range(first, first + 8))
    connection.close()


def test_a_killed_worker_loses_nothing_and_repeats_nothing(environment: dict[str, str], counting: None) -> None:
    chance = random.Random(95598)
    announcing = threading.Thread(target=announce_beats, daemon=True)
    announcing.start()
    unfinished: list[int] = []

    for _ in range(KILLS):
        worker = start_worker(environment)
        try:
            wanted = min(count_heard() + chance.randrange(1, 700), BEATS - 1)
            wait_until(lambda wanted=wanted: count_heard() >= wanted, worker)
        finally:
            worker.kill()
            worker.communicate()
        unfinished.append(BEATS - count_heard())
    announcing.join(PATIENCE_S)
    last = start_worker(environment)
    try:
        wait_until(lambda: count_heard() >= BEATS, last)
    finally:
        last.kill()
        last.communicate()

    assert Counter(heard("killed")) == Counter(range(BEATS))
    assert all(left > 0 for left in unfinished), "every kill came in the middle of the work"
