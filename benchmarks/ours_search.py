"""Our search of customers, through the REST API, by eight agents over the population that every side holds.

``python -m benchmarks.ours_search COUNT`` fills an empty house: people with their tokens through the services, customers by the import.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import desk, inside, ours_desk, servers, store
from benchmarks.population import people
from benchmarks.protocol import NotBuilt, Size

COUNT = {Size.S: 50_000, Size.M: 1_000_000, Size.L: 5_000_000}
DATABASE = "bench_ours_search"
SEARCHES = "/api/v1/customers/searches"
PAGE = 20
MAPPING = {
    "name": "population",
    "encoding": "utf-8",
    "columns": {"account_number": "account", "name": "name", "phones": "phone", "address": "address"},
    "defaults": {"area_class": "urban", "customer_class": "residential"},
}


class OurSearch:
    """Eight agents who look for customers, each over a connection of their own."""

    database = DATABASE

    def __init__(self, size: Size) -> None:
        tokens = _prepared(size)
        self._server = ours_desk.server(DATABASE)
        self.pid = self._server.pid
        self._people = [ours_desk.client(self._server.port, token) for token in tokens]

    def search(self, agent: int, text: str) -> list[str]:
        found = self._people[agent].post_json(SEARCHES, {"text": text, "limit": PAGE}).json()
        return [hit["account_number"] for hit in found["items"]]

    def stop(self) -> None:
        for person in self._people:
            person.close()
        self._server.stop()


def _prepared(size: Size) -> list[str]:
    """Copy the filled house to the database and return the agents' tokens; fill it when it is not there."""
    filled = f"{DATABASE}_{COUNT[size]}"
    notes = store.home() / f"{filled}.json"
    if not (store.exists(filled) and notes.exists()):
        _fill(filled, COUNT[size], notes)
    store.create(DATABASE, template=filled)
    tokens: list[str] = json.loads(notes.read_text())
    return tokens


def _fill(database: str, count: int, notes: Path) -> None:
    notes.unlink(missing_ok=True)
    inside.migrate(database)
    environment = servers.with_ours({"DATABASE_URL": store.database_url(database)})
    command = [sys.executable, "-m", "benchmarks.ours_search", str(count)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=servers.REPOSITORY)
    if done.returncode:
        store.drop(database)
        raise NotBuilt(f"our customers could not be filled: {done.stderr[-600:]}")
    notes.write_text(done.stdout.splitlines()[-1])


def main(count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    import django

    django.setup()
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from shouwen.platform.people.choices import RoleCode
    from shouwen.platform.people.services import found_company, give_post, hire_staff, issue_token
    from shouwen.records.customers.rules import parse_mapping
    from shouwen.records.customers.services import run_import

    at = timezone.now() - timedelta(hours=1)
    founding = found_company(code="01", name="供电公司", staff_no="0001", staff_name="王经理", at=at)
    by = founding.staff_id
    expires_at = at + timedelta(days=365)
    tokens = []
    for number in range(desk.AGENTS):
        staff_id = hire_staff(staff_no=f"A{number:03}", name=f"座席{number}", unit_id=founding.unit_id, actor_id=by, at=at)
        give_post(staff_id=staff_id, role=RoleCode.AGENT, unit_id=founding.unit_id, actor_id=by, at=at)
        issued = issue_token(
            staff_id=staff_id, name="benchmark", scopes=["customers:read"], expires_at=expires_at, actor_id=staff_id, at=at
        )
        tokens.append(issued.token)
    jobs = hire_staff(staff_no="jobs", name="jobs", unit_id=founding.unit_id, is_automatic=True, actor_id=by, at=at)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "population.csv"
        _write(path, count)
        run_import(path=path, mapping=parse_mapping(MAPPING), actor_id=jobs, at=at)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    print(json.dumps(tokens))


def _write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account", "name", "phone", "address"])
        writer.writerows((one.account, one.name, one.phone, one.address) for one in people(count))


if __name__ == "__main__":
    main(int(sys.argv[1]))
