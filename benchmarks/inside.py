"""Our own house inside this process, on an empty database of its own: for workloads that need services, not HTTP."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks import servers, store
from benchmarks.protocol import NotBuilt

DATABASE = "bench_inside"


def enter(*, database: str = DATABASE) -> str:
    """Make and migrate the database, set Django up on it in this process, and return its name.

    :raises NotBuilt: when the house does not stand: an import or a migration fails.
    """
    migrate(database)
    os.environ["DATABASE_URL"] = store.database_url(database)
    os.environ["DJANGO_SETTINGS_MODULE"] = "shouwen.config.settings"
    try:
        import django

        django.setup()
    except Exception as failure:
        raise NotBuilt(f"the house does not stand: {failure}") from failure
    return database


def migrate(database: str) -> None:
    """Make the database anew with all our tables.

    :raises NotBuilt: with the end of what the migration said.
    """
    store.create(database)
    environment = servers.with_ours({"DATABASE_URL": store.database_url(database)})
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=servers.REPOSITORY)
    if done.returncode:
        raise NotBuilt(f"the database cannot be migrated: {done.stderr.strip()[-300:]}")
