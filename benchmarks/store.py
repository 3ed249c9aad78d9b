"""Where benchmarks keep things: a cache folder, and databases on one PostgreSQL that serves every side of a run."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from shouwen.config import postgres

_OPERATOR_URL = os.environ.get("DATABASE_URL")
_STATEMENTS = "pg_stat_statements"


def home() -> Path:
    """Return the cache folder: ``SHOUWEN_BENCH_HOME``, or ``~/.cache/shouwen-bench``. It may be deleted at any time."""
    folder = Path(os.environ.get("SHOUWEN_BENCH_HOME", "~/.cache/shouwen-bench")).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_url(name: str) -> str:
    """Return the address of one database on the server of the benchmarks, which is running when this returns."""
    if _OPERATOR_URL:
        return urlunsplit(urlsplit(_OPERATOR_URL)._replace(path=f"/{name}"))
    return _embedded().url(database=name)


def connect(database: str, *, autocommit: bool = True) -> psycopg.Connection[Any]:
    return psycopg.connect(database_url(database), autocommit=autocommit)


def exists(database: str) -> bool:
    return _control().execute("select 1 from pg_database where datname = %s", [database]).fetchone() is not None


def create(database: str, *, template: str = "template0") -> None:
    """Make a database anew, as a copy of another one; nobody may be connected to either."""
    drop(database)
    statement = sql.SQL("create database {} template {}").format(sql.Identifier(database), sql.Identifier(template))
    _control().execute(statement)


def drop(database: str) -> None:
    _control().execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))


def sessions(database: str | None) -> list[int]:
    """Return the process ids of the server's sessions on one database; none for a server on another machine."""
    if database is None or (_OPERATOR_URL and urlsplit(_OPERATOR_URL).hostname not in (None, "localhost", "127.0.0.1")):
        return []
    rows = _control().execute(
        "select pid from pg_stat_activity where datname = %s and backend_type = 'client backend'", [database]
    )
    return [pid for (pid,) in rows]


def query_count(database: str | None) -> int | None:
    """Return the statements (without BEGIN, COMMIT and the like) run in one database so far; ``None`` when not counted here."""
    if database is None or not _counts_statements():
        return None
    query = f"select coalesce(sum(calls), 0) from {_STATEMENTS} join pg_database on pg_database.oid = dbid where datname = %s"
    row = _control().execute(query, [database]).fetchone()
    return int(row[0]) if row else None


@cache
def _embedded() -> postgres.EmbeddedServer:
    server = postgres.EmbeddedServer(postgres.default_data_dir().with_name("postgres-bench"))
    server.start(database="postgres")
    if _preloads(server) != _STATEMENTS:
        _preload_statement_counter(server)
    return server


def _preloads(server: postgres.EmbeddedServer) -> str:
    with psycopg.connect(server.url(database="postgres")) as connection:
        row = connection.execute("show shared_preload_libraries").fetchone()
    return str(row[0]) if row else ""


def _preload_statement_counter(server: postgres.EmbeddedServer) -> None:
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as connection:
        connection.execute(f"alter system set shared_preload_libraries = '{_STATEMENTS}'")
        connection.execute(f"alter system set {_STATEMENTS}.track_utility = off")
    server.stop()
    server.start(database="postgres")


@cache
def _control() -> psycopg.Connection[Any]:
    return connect("postgres")


@cache
def _counts_statements() -> bool:
    try:
        _control().execute(f"create extension if not exists {_STATEMENTS}")
        _control().execute(f"select 1 from {_STATEMENTS} limit 1")
    except psycopg.Error:
        return False
    return True
