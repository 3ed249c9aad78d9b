"""The worker as a process: what it does by itself, and that a job of a killed one is done by the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.db import connection, transaction

PATIENCE_S = 40.0


def url_of_test_database() -> str:
    place = connection.settings_dict
    password = f":{quote(place['PASSWORD'])}" if place["PASSWORD"] else ""
    return f"postgresql://{place['USER']}{password}@/{place['NAME']}?host={place['HOST']}" + (
        f"&port={place['PORT']}" if place["PORT"] else ""
    )


@contextmanager
def worker(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"DATABASE_URL": url_of_test_database()}
    process = subprocess.Popen([sys.executable, "-m", "shouwen", "work", *options], env=environment, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


def count_jobs(status: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where task_name = 'sweep_targets' and status = %s", [status])
        return int(cursor.fetchone()[0])


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_killed_worker_is_done_by_the_next() -> None:
    found_the_company()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("lock table workorders_target in access exclusive mode")
        with worker("--stalled-after", "3") as first:
            wait_until(lambda: count_jobs("doing") == 1)
            first.send_signal(signal.SIGKILL)
            first.wait()
    assert count_jobs("doing") == 1

    with worker("--stalled-after", "3") as second:
        wait_until(lambda: count_jobs("succeeded") >= 1 and count_jobs("doing") == 0)
        second.terminate()
        assert second.wait(timeout=30) == 0


def found_the_company() -> None:
    from django.utils import timezone

    from shouwen.config.founding import found

    found(at=timezone.now())
