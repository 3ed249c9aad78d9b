"""Driving the lean floor of the desk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

from benchmarks import desk, servers, store
from benchmarks.client import Client
from benchmarks.protocol import NotBuilt, Size, WrongAnswer

DATABASE = "bench_lean"


def start(size: Size) -> LeanDesk:
    """Return the lean floor on a fresh copy of its seeded database, with all agents logged in."""
    return LeanDesk(starter(size)(), size)


def starter(size: Size) -> Callable[[], servers.Server]:
    """Prepare the database and return what starts a server on it."""
    seeded = f"{DATABASE}_seed_{size.lower()}"
    if not store.exists(seeded):
        _seed(seeded, size)
    store.create(DATABASE, template=seeded)
    return server


def server() -> servers.Server:
    return servers.start(
        target="benchmarks.limits.lean_django:make",
        factory=True,
        name="lean",
        environment={"LEAN_DATABASE_URL": store.database_url(DATABASE)},
        ready_path="/login/",
    )


class LeanDesk:
    database = DATABASE

    def __init__(self, server: servers.Server, size: Size) -> None:
        self._server, self.pid, self.port, self._matters = server, server.pid, server.port, desk.TICKETS[size]
        self._people = [_logged_in(server.port, agent) for agent in range(desk.AGENTS)]
        self._closed = self._count("not is_open")
        self._titles: dict[int, str] = {}
        with store.connect(DATABASE) as connection:
            self._titles = dict(connection.execute("select id, title from lean_app_matter where is_open").fetchall())

    def create(self, agent: int, number: int) -> int:
        fields: dict[str, object] = {"title": desk.TITLE.format(number=number), "body": desk.BODY.format(number=number)}
        made = int(self._people[agent].post_form("/matters/", fields, expect=200).json()["id"])
        self._titles[made] = str(fields["title"])
        return made

    def queue50(self, agent: int) -> int:
        rows = self._people[agent].get("/matters/").json()["rows"]
        if len(rows) != 50:
            raise WrongAnswer(f"the lean floor listed {len(rows)} rows")
        return len(rows)

    def open(self, agent: int, matter: int) -> None:
        if self._people[agent].get(f"/matters/{matter}/").json()["title"] != self._titles[matter]:
            raise WrongAnswer(f"the lean floor showed another matter than {matter}")

    def update(self, agent: int, matter: int, number: int) -> None:
        self._people[agent].post_form(f"/matters/{matter}/", {"text": desk.COMMENT.format(number=number)}, expect=200)

    def finish(self, agent: int, matter: int) -> None:
        self._people[agent].post_form(f"/matters/{matter}/", {"text": "done", "close": 1}, expect=200)

    def created_since_start(self) -> int:
        return self._count("true") - self._matters

    def finished_since_start(self) -> int:
        return self._count("not is_open") - self._closed

    def seeded(self, agent: int) -> Sequence[int]:
        """Return the agent's seeded open matters: they were dealt out in turn."""
        return range(agent + 1, desk.AGENTS * desk.OPEN_PER_AGENT + 1, desk.AGENTS)

    def stop(self) -> None:
        for person in self._people:
            person.close()
        self._server.stop()

    def _count(self, condition: str) -> int:
        with store.connect(DATABASE) as connection:
            row = connection.execute(f"select count(*) from lean_app_matter where {condition}").fetchone()
        return int(row[0]) if row else 0


def _logged_in(port: int, agent: int) -> Client:
    person = Client(port)
    person.get("/login/")
    person.post_form("/login/", {"username": f"agent{agent}", "password": "agent"}, expect=200)
    return person


def _seed(database: str, size: Size) -> None:
    store.create(database)
    numbers = [str(desk.AGENTS), str(desk.OPEN_PER_AGENT), str(desk.TICKETS[size])]
    command = [sys.executable, "-m", "benchmarks.limits.lean_seed", *numbers, desk.TITLE, desk.BODY]
    environment = servers.with_ours({"LEAN_DATABASE_URL": store.database_url(database)})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=servers.REPOSITORY)
    if done.returncode:
        store.drop(database)
        raise NotBuilt(f"the lean floor could not be filled: {done.stderr[-600:]}")
