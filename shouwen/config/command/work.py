"""``shouwen work``: hearers hear facts, jobs run when they are due. Any number of workers may run, on any number of machines."""

from __future__ import annotations

import argparse
import logging
import threading
from datetime import timedelta
from typing import Any

from shouwen.config.command.start import say, start_django

PATIENCE = timedelta(seconds=5)
BATCH = 500

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hearers", type=int, default=1, help="how many threads deliver facts (default 1)")
    parser.add_argument("--jobs", type=int, default=2, help="how many jobs run at once (default 2)")
    parser.add_argument(
        "--stalled-after", type=float, default=30, metavar="S", help="take a worker for dead after S seconds (30)"
    )
    parser.add_argument(
        "--until-idle", action="store_true", help="deliver what is due, run no jobs, and stop when nothing is left"
    )


def run(arguments: argparse.Namespace) -> int:
    start_django()
    if arguments.until_idle:
        return _until_idle()
    stop = threading.Event()
    hearers = [
        threading.Thread(target=_hear, args=(stop,), name=f"hearer {number}", daemon=True) for number in range(arguments.hearers)
    ]
    for thread in hearers:
        thread.start()
    say(f"The worker runs: {arguments.hearers} hearer(s), {arguments.jobs} job(s) at once. Stop it with Ctrl-C.")
    try:
        _work(arguments.jobs, arguments.stalled_after)
    finally:
        stop.set()
        for thread in hearers:
            thread.join(timeout=2 * PATIENCE.total_seconds())
    return 0


def _until_idle() -> int:
    from django.utils import timezone

    from shouwen.platform.outbox.services import deliver_due

    heard = 0
    while count := deliver_due(at=timezone.now(), limit=BATCH).total:
        heard += count
    say(f"{heard} deliveries made.")
    return 0


def _hear(stop: threading.Event) -> None:
    """Deliver facts until told to stop. Whatever goes wrong, a database that goes away or else, is told, and tried again later."""
    from django.db import close_old_connections, connection
    from django.utils import timezone

    from shouwen.platform.outbox.services import deliver_due, listen_for_facts, wait_for_facts

    while not stop.is_set():
        try:
            listen_for_facts()
            if not deliver_due(at=timezone.now(), limit=BATCH).total:
                wait_for_facts(timeout=PATIENCE)
        except Exception:  # the outermost edge of the thread: without it nothing would be delivered any more
            log.exception("facts could not be delivered; trying again in %s", PATIENCE)
            connection.close()
            stop.wait(PATIENCE.total_seconds())
        close_old_connections()
    connection.close()


def _work(jobs_at_once: int, stalled_after_s: float) -> None:
    """Run due jobs until a signal to stop."""
    from procrastinate.contrib.django import app

    from shouwen.config.jobs import register

    register(app, stalled_after_s=stalled_after_s)
    connector: Any = app.connector
    worker = app.with_connector(connector.get_worker_connector())
    worker.run_worker(
        concurrency=jobs_at_once,
        name="shouwen",
        shutdown_graceful_timeout=10,
        fetch_job_polling_interval=5,
        update_heartbeat_interval=stalled_after_s / 3,
        stalled_worker_timeout=stalled_after_s,
    )
