"""Driving django-helpdesk as its agents do: the same pages and the data calls that its pages make."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import desk, servers, store
from benchmarks.client import Client
from benchmarks.peers import environment
from benchmarks.protocol import NotBuilt, Size, WrongAnswer

DATABASE = "bench_helpdesk"
HERE = Path(__file__).resolve().parent
OPEN, CLOSED = 1, 4


def start(size: Size) -> HelpdeskDesk:
    """Return django-helpdesk on a fresh copy of its seeded database, with all agents logged in."""
    return HelpdeskDesk(starter(size)(), size)


def starter(size: Size) -> Callable[[], servers.Server]:
    """Prepare environment and database and return what starts a server on them."""
    python = environment.python_of(peer="helpdesk", requirements=HERE / "requirements.txt")
    seeded = f"{DATABASE}_seed_{size.lower()}"
    if not store.exists(seeded):
        _seed(python, seeded, size)
    store.create(DATABASE, template=seeded)
    return lambda: _server(python)


def _server(python: Path) -> servers.Server:
    return servers.start(
        target="django.core.wsgi:get_wsgi_application",
        factory=True,
        name="helpdesk",
        environment=_environment(DATABASE),
        ready_path="/login/",
        python=python,
    )


class HelpdeskDesk:
    database = DATABASE

    def __init__(self, server: servers.Server, size: Size) -> None:
        self._server, self.pid, self.port, self._tickets = server, server.pid, server.port, desk.TICKETS[size]
        self._people = [_logged_in(server.port, agent) for agent in range(desk.AGENTS)]
        self._data = store.connect(DATABASE)
        self._users = dict(self._rows("select substr(username, 6)::int, id from auth_user where username like 'agent%'"))
        self._facts = {row[0]: row[1:] for row in self._rows("select id, title, priority from helpdesk_ticket where status = 1")}
        self._seeded = {agent: self._open_matters(user) for agent, user in self._users.items()}
        self._queue = self._rows("select id from helpdesk_queue")[0][0]
        self._closed = self._count("status = 4")
        self._data.close()

    def create(self, agent: int, number: int) -> int:
        title = desk.TITLE.format(number=number)
        fields = {
            "queue": self._queue,
            "title": title,
            "body": desk.BODY.format(number=number),
            "priority": 3,
            "submitter_email": "customer@localhost",
            "assigned_to": self._users[agent],
        }
        answer = self._people[agent].post_form("/tickets/submit/", fields)
        found = re.search(r"/tickets/(\d+)/", answer.location)
        if not found:
            raise WrongAnswer(f"django-helpdesk made no ticket: sent to {answer.location}")
        self._facts[int(found[1])] = title, 3
        return int(found[1])

    def queue50(self, agent: int) -> int:
        """Fetch the list page and then, as the page does, its rows."""
        person, user = self._people[agent], self._users[agent]
        person.get(f"/tickets/?status=1&status=2&assigned_to={user}&sort=created")
        query = {
            "filtering": {"status__in": [1, 2], "assigned_to__id__in": [user]},
            "filtering_null": {},
            "sorting": "created",
            "sortreverse": None,
            "search_string": "",
        }
        encoded = b64encode(json.dumps(query).encode()).decode()
        rows = person.get(f"/datatables_ticket_list/{encoded}?draw=1&start=0&length=50").json()["data"]
        if len(rows) != 50:
            raise WrongAnswer(f"django-helpdesk listed {len(rows)} rows")
        return len(rows)

    def open(self, agent: int, matter: int) -> None:
        page = self._people[agent].get(f"/tickets/{matter}/").body
        if self._facts[matter][0].encode() not in page:
            raise WrongAnswer(f"django-helpdesk showed another page than ticket {matter}")

    def update(self, agent: int, matter: int, number: int) -> None:
        self._follow_up(agent, matter, {"comment": desk.COMMENT.format(number=number), "public": 1})

    def finish(self, agent: int, matter: int) -> None:
        self._follow_up(agent, matter, {"comment": "已修复，客户满意。", "public": 1, "new_status": CLOSED})

    def created_since_start(self) -> int:
        return self._count("true") - self._tickets

    def finished_since_start(self) -> int:
        return self._count(f"status = {CLOSED}") - self._closed

    def seeded(self, agent: int) -> Sequence[int]:
        return self._seeded[agent]

    def stop(self) -> None:
        for person in self._people:
            person.close()
        self._server.stop()

    def _follow_up(self, agent: int, matter: int, fields: dict[str, object]) -> None:
        title, priority = self._facts[matter]
        ticket = {"queue": self._queue, "title": title, "priority": priority, "owner": self._users[agent]}
        self._people[agent].post_form(f"/tickets/{matter}/update/", ticket | {"new_status": OPEN} | fields)

    def _open_matters(self, user: int) -> list[int]:
        return [
            row[0]
            for row in self._rows(f"select id from helpdesk_ticket where assigned_to_id = {user} and status = 1 order by id")
        ]

    def _count(self, condition: str) -> int:
        with store.connect(DATABASE) as connection:
            row = connection.execute(f"select count(*) from helpdesk_ticket where {condition}").fetchone()
        return int(row[0]) if row else 0

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._data.execute(query).fetchall()


def _logged_in(port: int, agent: int) -> Client:
    person = Client(port)
    person.get("/login/")
    person.post_form("/login/", {"username": f"agent{agent}", "password": "agent"})
    return person


def _seed(python: Path, database: str, size: Size) -> None:
    store.create(database)
    numbers = [str(desk.AGENTS), str(desk.OPEN_PER_AGENT), str(desk.TICKETS[size])]
    command = [str(python), str(HERE / "peer_seed.py"), *numbers, desk.TITLE, desk.BODY]
    done = subprocess.run(command, env=_environment(database), capture_output=True, text=True, check=False)
    if done.returncode:
        store.drop(database)
        raise NotBuilt(f"django-helpdesk could not be filled: {done.stderr[-600:]}")


def _environment(database: str) -> dict[str, str]:
    media = store.home() / "helpdesk-media"
    media.mkdir(exist_ok=True)
    return {
        "DJANGO_SETTINGS_MODULE": "peer_settings",
        "PYTHONPATH": str(HERE),
        "PEER_DATABASE_URL": store.database_url(database),
        "PEER_MEDIA_ROOT": str(media),
        "PYTHONIOENCODING": "utf-8",
        "PATH": str(Path(sys.executable).parent),
    }
