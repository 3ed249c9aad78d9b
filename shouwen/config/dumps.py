"""A dump of the database and its way back, by PostgreSQL's own programs.

The way back is one transaction: what was there is dropped and what was dumped is loaded in it, and it is finished only after the last
line of the dump was taken. Whatever goes wrong before, also the death of this process, leaves the database as it was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.db import connection, connections
from psycopg import pq
from psycopg.conninfo import make_conninfo

from shouwen.config import postgres

DROP = b"drop schema public cascade;\ncreate schema public;\n"
# Processes that still use the tables are waited for, but not for ever.
BEGIN, COMMIT = b"begin;\nset local lock_timeout = '30s';\n", b"\ncommit;\n"
NOT_ON_COMMAND_LINE = frozenset({"password", "passfile", "sslpassword"})


class ProgramFailed(Exception):
    """One of PostgreSQL's programs is missing or says no; the text is its own."""


def dump_database(target: Path) -> None:
    """Write one consistent moment of the database.

    :raises ProgramFailed: naming what is wrong.
    """
    command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--dbname={address()}"]
    with target.open("wb") as file, tempfile.TemporaryFile() as said:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=said, env=_environment(), check=False)  # noqa: S603 - our own commands
        _must_be_done(done.returncode, said)


def load_database(dump: Path, *, drop: bool) -> None:
    """Load a dump; with ``drop`` in the place of everything that is there.

    :raises ProgramFailed: naming what is wrong; then the database is as it was.
    """
    connections.close_all()
    restore = [_program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--file=-", str(dump)]
    psql = [_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address()}"]
    with tempfile.TemporaryFile() as said_by_restore, tempfile.TemporaryFile() as said_by_psql:
        reading = subprocess.Popen(restore, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said_by_restore)  # noqa: S603
        loading = subprocess.Popen(  # noqa: S603
            psql, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said_by_psql, env=_environment()
        )
        with reading, loading:
            _pass_on(reading, loading, BEGIN + (DROP if drop else b""))
        _must_be_done(max(reading.returncode, 0), said_by_restore)  # below 0: stopped, because the other one has failed
        _must_be_done(loading.returncode, said_by_psql)
        _must_be_done(reading.returncode, said_by_restore)


def _pass_on(reading: subprocess.Popen[bytes], loading: subprocess.Popen[bytes], beginning: bytes) -> None:
    """Give one program's words to the other, and the last one, which makes it all true, only when the first has come to a good end."""
    assert reading.stdout is not None
    assert loading.stdin is not None
    try:
        loading.stdin.write(beginning)
        shutil.copyfileobj(reading.stdout, loading.stdin)
        if reading.wait() == 0:
            loading.stdin.write(COMMIT)
    except BrokenPipeError:  # the other has ended, and has said why
        reading.kill()
    finally:
        with suppress(BrokenPipeError):
            loading.stdin.close()


def address() -> str:
    """Return where the database is and how it is reached, without what is secret: every process may read a command's words."""
    place = connection.settings_dict
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} - NOT_ON_COMMAND_LINE
    how = {name: str(value) for name, value in place["OPTIONS"].items() if name in known}
    names = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME"}
    return make_conninfo(**how | {name: str(place[key]) for name, key in names.items() if place[key]})


def _environment() -> dict[str, str]:
    """Return the environment of a program: the password goes by it, where no other process can read it."""
    place = connection.settings_dict
    secret = {"PGPASSWORD": place["PASSWORD"] or place["OPTIONS"].get("password"), "PGPASSFILE": place["OPTIONS"].get("passfile")}
    return os.environ | {name: str(value) for name, value in secret.items() if value}


def _program(name: str) -> str:
    """Return the newest program of this name: the embedded server's, or the system's."""
    folder = postgres.client_programs()
    if folder is not None and (folder / name).exists():
        return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise ProgramFailed(f"{name} is not on this machine; install the PostgreSQL client programs.")
    return found


def _must_be_done(code: int | None, said: IO[bytes]) -> None:
    if code == 0:
        return
    said.seek(0)
    lines = said.read(100_000).decode(errors="replace").strip().splitlines()
    wrong = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    raise ProgramFailed((wrong or lines or ["it was stopped."])[0])
