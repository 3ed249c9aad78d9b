"""What ``shouwen doctor`` looks at: each look is one function that returns findings and never raises for what it finds."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

BACKLOG_WARNING = timedelta(minutes=2)
ENVELOPE_WARNING = timedelta(minutes=5)
WEBHOOK_WARNING = timedelta(minutes=15)
REDATING_WARNING = timedelta(minutes=30)
HEARTBEAT_LIMIT_S = 60
DISK_WARNING_BYTES, DISK_FAULT_BYTES = 5_000_000_000, 500_000_000
NORM_COUNT = 36
WEBHOOK_TRIES_WARNING = 3


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``advice`` says what to do about it."""

    subject: str
    level: Level
    says: str
    advice: str = ""


def examine(*, at: datetime) -> list[Finding]:
    """Return every finding, in the order in which the parts stand on each other."""
    findings = list(_database())
    if any(finding.level is Level.FAULT for finding in findings):
        return findings
    for look in LOOKS:
        findings += look(at)
    return findings


def _database() -> Iterator[Finding]:
    from django.conf import settings
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('server_version'), pg_database_size(current_database()), datctype, datcollate"
            " from pg_database where datname = current_database()"
        )
        version, size, ctype, _ = cursor.fetchone()
    kind = "embedded" if settings.EMBEDDED_SERVER else "from DATABASE_URL"
    yield Finding("database", Level.OK, f"PostgreSQL {version}, {kind}, {size / 1e6:,.0f} MB")
    if "UTF" not in ctype.upper():
        yield Finding(
            "database",
            Level.FAULT,
            f"its character type is {ctype}: Chinese cannot be searched",
            "create it with LC_CTYPE C.UTF-8",
        )
    executor = MigrationExecutor(connection)
    if waiting := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Finding("tables", Level.FAULT, f"{len(waiting)} migrations are waiting", "run: shouwen setup")


def _handbook(at: datetime) -> Iterator[Finding]:
    from shouwen.config.founding import is_founded
    from shouwen.platform.policies.queries import register_version
    from shouwen.records.norms.queries import count_norms

    if not is_founded():
        yield Finding("company", Level.FAULT, "the company is not founded", "run: shouwen setup")
        return
    norms, version = count_norms(), register_version()
    level = Level.OK if norms >= NORM_COUNT and version else Level.FAULT
    yield Finding(
        "handbook", level, f"{norms} norms, policy register version {version}", "" if level is Level.OK else "run: shouwen setup"
    )


def _calendars(at: datetime) -> Iterator[Finding]:
    from shouwen.platform.calendars.queries import coverage

    for covered in coverage(at=at):
        yield Finding(
            f"calendar {covered.name}",
            Level.WARNING if covered.is_alarming else Level.OK,
            covered.says,
            "update the package chinesecalendar, then run: shouwen setup" if covered.is_alarming else "",
        )


def _facts(at: datetime) -> Iterator[Finding]:
    from shouwen.platform.outbox.queries import backlog

    behind = backlog()
    is_late = behind.oldest_at is not None and at - behind.oldest_at > BACKLOG_WARNING
    says = f"{behind.pending} deliveries wait" + (f", the oldest since {behind.oldest_at:%F %T}Z" if behind.oldest_at else "")
    yield Finding(
        "facts", Level.WARNING if is_late else Level.OK, says, "is a worker running? run: shouwen work" if is_late else ""
    )
    if behind.failed:
        yield Finding(
            "facts",
            Level.WARNING,
            f"{behind.failed} deliveries have failed",
            "see GET /api/v1/deliveries/failed and retry them there",
        )


def _contacts(at: datetime) -> Iterator[Finding]:
    from shouwen.loop.contact.queries import count_waiting
    from shouwen.loop.contact.queries.waiting import oldest_waiting_at

    waiting, oldest_at = count_waiting(), oldest_waiting_at()
    is_late = oldest_at is not None and at - oldest_at > ENVELOPE_WARNING
    says = f"{waiting.received} envelopes wait to be understood" + (f", the oldest since {oldest_at:%F %T}Z" if oldest_at else "")
    yield Finding(
        "contacts",
        Level.WARNING if is_late else Level.OK,
        says,
        "is a worker running, and what does its log say of parse_envelopes?" if is_late else "",
    )
    if waiting.buried:
        yield Finding(
            "contacts", Level.WARNING, f"{waiting.buried} envelopes could not be understood", "agents repair or discard them"
        )


def _messages(at: datetime) -> Iterator[Finding]:
    from shouwen.loop.messages.queries import backlog

    behind = backlog(at=at)
    is_late = behind.oldest_due_at is not None and at - behind.oldest_due_at > BACKLOG_WARNING
    yield Finding(
        "messages",
        Level.WARNING if is_late else Level.OK,
        f"{behind.due} due, {behind.waiting} wait for their hour",
        "is a worker running, and does the carrier answer?" if is_late else "",
    )
    if behind.failed:
        yield Finding(
            "messages",
            Level.WARNING,
            f"{behind.failed} could not be delivered by any way",
            "their problem stands at GET /api/v1/work-orders/{id}/messages: correct the contact point, or reach the customer otherwise",
        )


def _webhooks(at: datetime) -> Iterator[Finding]:
    from shouwen.faces.api.queries import webhook_backlogs

    for behind in webhook_backlogs():
        is_late = behind.oldest_at is not None and at - behind.oldest_at > WEBHOOK_WARNING
        is_bad = is_late or behind.given_up or behind.try_count >= WEBHOOK_TRIES_WARNING
        says = f"{behind.waiting} wait, tried up to {behind.try_count} times, {behind.given_up} given up"
        yield Finding(
            f"webhook {behind.name}",
            Level.WARNING if is_bad else Level.OK,
            says + (f", not taken since {behind.oldest_at:%F %T}Z" if behind.oldest_at else ""),
            f"see GET /api/v1/webhooks/{behind.subscription_id}/deliveries; mend the subscriber, then replay, or cancel"
            if is_bad
            else "",
        )


def _redating(at: datetime) -> Iterator[Finding]:
    from shouwen.loop.workorders.queries.redatings import unfinished_redatings

    for planned in unfinished_redatings(at=at):
        is_late = at - planned.due_from > REDATING_WARNING
        yield Finding(
            f"deadlines by calendar {planned.calendar}",
            Level.WARNING if is_late else Level.OK,
            f"they are dated again since {planned.due_from:%F %T}Z, done up to target {planned.after_id}",
            "until it is done some deadlines stand by the older calendar; is a worker running, and what does its log say?"
            if is_late
            else "",
        )


def _worker(at: datetime) -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => %s)",
            [HEARTBEAT_LIMIT_S],
        )
        alive = cursor.fetchone()[0]
        cursor.execute("select count(*) from procrastinate_jobs where status = 'failed'")
        failed = cursor.fetchone()[0]
    yield Finding(
        "worker",
        Level.OK if alive else Level.WARNING,
        f"{alive} alive",
        "" if alive else "run: shouwen work (or: shouwen serve --all)",
    )
    if failed:
        yield Finding("jobs", Level.WARNING, f"{failed} jobs have failed for good", "the log of the worker says why")


def _journal(at: datetime) -> Iterator[Finding]:
    from shouwen.platform.audit.queries import count_unsealed, journal_head, last_inspection

    head = journal_head()
    unsealed = sum(count_unsealed().values())
    yield Finding("journal", Level.OK, f"sealed up to link {head.sequence} ({head.digest[:12]}), {unsealed} ids above it")
    inspection = last_inspection()
    if inspection is None:
        yield Finding("journal", Level.OK, "not inspected yet; the worker does it every night")
    elif inspection.problem:
        yield Finding(
            "journal",
            Level.FAULT,
            f"the inspection of {inspection.at:%F %T}Z found it broken: {inspection.problem}",
            "find out who has changed the database; see docs/howto/operate.md",
        )
    else:
        yield Finding("journal", Level.OK, f"whole at {inspection.at:%F %T}Z, {inspection.checked:,} entries checked")


def _mail(at: datetime) -> Iterator[Finding]:
    from django.conf import settings

    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        socket.create_connection((settings.EMAIL_HOST, settings.EMAIL_PORT), timeout=3).close()
    except OSError as error:
        yield Finding(
            "mail",
            Level.WARNING,
            f"{place} cannot be reached ({error.strerror or error})",
            "set SHOUWEN_SMTP_HOST and SHOUWEN_SMTP_PORT",
        )
    else:
        yield Finding("mail", Level.OK, f"{place} answers")


def _text_messages(at: datetime) -> Iterator[Finding]:
    from django.conf import settings

    from shouwen.loop.messages.choices import Channel
    from shouwen.loop.messages.gateways.chosen import descriptions

    goes_nowhere = settings.SMS_CARRIER.startswith("shouwen.loop.messages.gateways.file.")
    yield Finding(
        "text messages",
        Level.WARNING if goes_nowhere else Level.OK,
        descriptions()[Channel.SMS],
        "see docs/howto/messages.md" if goes_nowhere else "",
    )


def _links(at: datetime) -> Iterator[Finding]:
    from django.conf import settings

    is_local = urlsplit(settings.PUBLIC_URL).hostname in ("localhost", "127.0.0.1", "::1")
    yield Finding(
        "links to customers",
        Level.WARNING if is_local else Level.OK,
        f"they lead to {settings.PUBLIC_URL}" + (", which no customer can reach" if is_local else ""),
        "set SHOUWEN_PUBLIC_URL to the address of this site" if is_local else "",
    )


def _keys(at: datetime) -> Iterator[Finding]:
    from shouwen.platform.search.queries import fingerprints, foreign_keys, variable_of

    if foreign := foreign_keys():
        yield Finding(
            "keys",
            Level.FAULT,
            f"not those of this database: {', '.join(variable_of(name) for name in foreign)}",
            "stop this machine and give it the keys of the others; see Keys in docs/howto/operate.md",
        )
    else:
        yield Finding("keys", Level.OK, f"{len(fingerprints())}, those of this database")


def _secrets(at: datetime) -> Iterator[Finding]:
    from django.conf import settings

    if settings.SECRETS_KEPT_HERE:
        yield Finding(
            "secrets",
            Level.WARNING,
            f"{len(settings.SECRETS_KEPT_HERE)} are kept only in the data folder of this machine",
            "keep copies elsewhere: without them no personal data of a backup can be read",
        )
    else:
        yield Finding("secrets", Level.OK, "all given from outside")


def _disk(at: datetime) -> Iterator[Finding]:
    from django.conf import settings

    from shouwen.config.postgres import default_data_dir

    for name, folder in (("disk of the data", default_data_dir().parent), ("disk of the files", settings.FILES_DIR)):
        standing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(standing).free
        level = Level.FAULT if free < DISK_FAULT_BYTES else Level.WARNING if free < DISK_WARNING_BYTES else Level.OK
        yield Finding(name, level, f"{free / 1e9:,.1f} GB free at {folder}", "" if level is Level.OK else "make room")


LOOKS: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
    _handbook,
    _calendars,
    _facts,
    _contacts,
    _messages,
    _webhooks,
    _redating,
    _worker,
    _journal,
    _mail,
    _text_messages,
    _links,
    _keys,
    _secrets,
    _disk,
)
