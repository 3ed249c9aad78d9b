"""How every command that needs the house begins: the database server runs, the catalogues are fresh, Django is set up."""

from __future__ import annotations

import os
import sys

from shouwen.kernel.errors import Refusal


class CannotStart(Refusal):
    """Something that the house stands on is missing; the message says what to install or to set."""

    message = "Shouwen cannot start: %(problem)s"


def start_django() -> None:
    """Start the embedded database server if there is one, set Django up, and hold our keys against those of the database.

    :raises CannotStart: when there is no database server that can be started, or none answers.
    :raises SecretMissing: when the database was founded under secrets that are not here.
    :raises KeysDiffer: when our keys are not those under which it was founded.
    """
    start_django_with_any_keys()
    _hold_keys()


def start_django_with_any_keys() -> None:
    """Start the database server and set Django up, for what has to run when the keys do not fit.

    :raises CannotStart: when there is no database server that can be started, or none answers.
    :raises SecretMissing: when the database was founded under secrets that are not here.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    from shouwen.config.catalogues import compile_stale

    compile_stale()
    start_database()
    _must_have_secrets()
    import django

    django.setup()


def _must_have_secrets() -> None:
    from shouwen.config import settings
    from shouwen.config.keys import SecretMissing

    if settings.SECRETS_MISSING:
        raise SecretMissing(names=", ".join(settings.SECRETS_MISSING))


def _hold_keys() -> None:
    """Hold our keys against those of the database, and let it know a new one. Before its tables are there it knows none."""
    from django.utils import timezone

    from shouwen.platform.search.queries import knows_keys
    from shouwen.platform.search.services import keep_fingerprints

    if knows_keys():
        keep_fingerprints(at=timezone.now())


def start_database() -> None:
    """Start the embedded server, or make sure that the one of ``DATABASE_URL`` answers and is new enough.

    :raises CannotStart: naming what is missing.
    """
    from shouwen.config import postgres, settings

    if settings.EMBEDDED_SERVER is not None:
        try:
            settings.EMBEDDED_SERVER.start()
        except postgres.PostgresMissing as missing:
            raise CannotStart(problem=str(missing)) from missing
        return
    _must_answer(settings.DATABASE_URL)


def _must_answer(url: str) -> None:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
    except psycopg.OperationalError as error:
        first_line = str(error).strip().splitlines()[0]
        raise CannotStart(problem=f"the database of DATABASE_URL does not answer ({first_line}).") from error
    if version < 15:
        raise CannotStart(problem=f"the database of DATABASE_URL is PostgreSQL {version}; 15 or newer is needed.")


def say(text: str) -> None:
    """Tell whoever started the command how things go; the results themselves go to the standard output."""
    print(text, file=sys.stderr, flush=True)
