"""What the house does by itself, and how often: one table, run by the worker through procrastinate.

A job is a verb that may run at any time, in any number of workers, and again after a worker was killed in the middle: it claims what it
works on in the database. Here it only gets its clock and its name. ``cron`` has six fields, the last one the second. A tick whose
predecessor still waits is dropped (``queueing_lock``), so a slow job never piles up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from shouwen.config.founding import jobs_staff_id
from shouwen.faces.api import tasks as api
from shouwen.loop.contact import services as contact
from shouwen.loop.messages import tasks as messages
from shouwen.loop.satisfaction import services as satisfaction
from shouwen.loop.workorders import services as workorders
from shouwen.platform.audit.services import inspect_journal, seal_journal
from shouwen.platform.files.services import purge_files
from shouwen.platform.search.services import refresh_broad_terms

EVERY_2_S, EVERY_10_S, EVERY_MINUTE, NIGHTLY = "* * * * * */2", "* * * * * */10", "* * * * * 5", "30 2 * * * 0"


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the table."""

    name: str
    cron: str
    says: str
    run: Callable[[datetime], object]


def _sweep_targets(at: datetime) -> object:
    return workorders.sweep_targets(actor_id=jobs_staff_id(), at=at)


def _sweep_promises(at: datetime) -> object:
    return workorders.sweep_promises(actor_id=jobs_staff_id(), at=at)


def _parse(at: datetime) -> object:
    return contact.parse_due(actor_id=jobs_staff_id(), at=at)


def _send(at: datetime) -> object:
    return messages.send_due(at=at)


def _settle_surveys(at: datetime) -> object:
    return satisfaction.settle_expired(at=at), satisfaction.close_settled(at=at)


def _seal(at: datetime) -> object:
    return seal_journal(at=at)


def _inspect(at: datetime) -> object:
    return inspect_journal(at=at)


def _redate(at: datetime) -> object:
    return workorders.continue_redatings(at=at)


def _deliver_webhooks(at: datetime) -> object:
    return api.deliver_webhooks(at=at)


def _forget_answers(at: datetime) -> object:
    return api.forget_answers(at=at)


def _purge_files(at: datetime) -> object:
    return purge_files(actor_id=jobs_staff_id(), at=at, limit=10_000)


def _count_terms(at: datetime) -> object:
    return refresh_broad_terms(subject="customer", table="customers_searchentry")


JOBS = (
    Job("sweep_targets", EVERY_10_S, "Tell the ladder of targets that come near their limit or have broken it", _sweep_targets),
    Job("sweep_promises", EVERY_10_S, "Settle promises whose time has passed", _sweep_promises),
    Job("parse_envelopes", EVERY_2_S, "Understand what has arrived", _parse),
    Job("send_messages", EVERY_2_S, "Send what customers are to be told", _send),
    Job(
        "settle_surveys",
        EVERY_MINUTE,
        "Settle grades that nobody gave in time, and close matters whose loop is complete",
        _settle_surveys,
    ),
    Job("deliver_webhooks", EVERY_2_S, "Send facts to the programs that have subscribed to them", _deliver_webhooks),
    Job("redate_targets", EVERY_10_S, "Date running deadlines again after a calendar has changed", _redate),
    Job("seal_journal", EVERY_MINUTE, "Chain the new entries of the journal", _seal),
    Job("inspect_journal", NIGHTLY, "Check the whole chain of the journal, and announce a break", _inspect),
    Job("forget_answers", NIGHTLY, "Forget answers that were kept under an Idempotency-Key", _forget_answers),
    Job("purge_files", NIGHTLY, "Delete files whose time is over", _purge_files),
    Job("count_terms", NIGHTLY, "Count which search terms are too broad for their index", _count_terms),
)


def register(app: Any, *, stalled_after_s: float) -> None:
    """Give every job to procrastinate, together with the one that takes jobs back from workers that have died.

    A worker that has not shown itself for ``stalled_after_s`` is taken for dead.
    """
    for job in JOBS:
        task = app.task(name=job.name, queueing_lock=job.name, lock=job.name, pass_context=False)(_task(job))
        app.periodic(cron=job.cron, periodic_id=job.name)(task)
    _register_rescue(app, stalled_after_s)


def _task(job: Job) -> Callable[[int], None]:
    def run(timestamp: int) -> None:
        """Run one tick; the clock is read here, once."""
        job.run(timezone.now())

    return run


def _register_rescue(app: Any, stalled_after_s: float) -> None:
    async def rescue(timestamp: int) -> None:
        """Return jobs whose worker has died to the queue, and forget what has long been done.

        Where the next tick of the job waits already, that one does its work and the stalled one is given up.
        """
        manager = app.job_manager
        for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after_s):
            try:
                await manager.retry_job(stalled)
            except UniqueViolation:
                await manager.finish_job(stalled, status=Status.ABORTED, delete_job=False)
        await manager.delete_old_jobs(nb_hours=24, include_failed=False)

    app.periodic(cron=EVERY_10_S, periodic_id="rescue")(app.task(name="rescue", queueing_lock="rescue")(rescue))
