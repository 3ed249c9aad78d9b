"""Our desk, driven through the REST API as an agent's program does it."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks import desk, inside, servers, store
from benchmarks.client import Client
from benchmarks.protocol import NotBuilt, Size, WrongAnswer

DATABASE = "bench_ours"
WSGI = "shouwen.config.wsgi:application"
READY = "/api/v1/health"
ORDERS = "/api/v1/work-orders"
NORM = "opinion_suggestion_praise"
OUTCOME = "answered"


def prepare(size: Size) -> dict[str, Any]:
    """Copy the seeded house to its database and return its tokens and people."""
    seeded = f"{DATABASE}_seed_{size.lower()}_{_tables_mark()}"
    notes = store.home() / f"{seeded}.json"
    with (store.home() / f"{DATABASE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs begun at once seed one house
        if not (store.exists(seeded) and notes.exists()):
            _seed(seeded, size, notes)
    store.create(DATABASE, template=seeded)
    found: dict[str, Any] = json.loads(notes.read_text())
    return found


def _tables_mark() -> str:
    """Return a short mark of all our migrations: a house seeded with other tables is not used."""
    paths = sorted((servers.REPOSITORY / "shouwen").glob("**/migrations/*.py"))
    return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:8]


def server(database: str = DATABASE) -> servers.Server:
    # No limit of requests: a program that measures asks faster than one that works, by the same few tokens.
    environment = {"DATABASE_URL": store.database_url(database), "SHOUWEN_API_RATE": "0"}
    return servers.start(target=WSGI, name="ours", environment=environment, ready_path=READY)


def client(port: int, token: str) -> Client:
    return Client(port, headers={"Authorization": f"Bearer {token}"})


class OurDesk:
    """Eight agents with a token each, and the gateway through which customers give their grades."""

    database = DATABASE

    def __init__(self, size: Size) -> None:
        house = prepare(size)
        self._server = server()
        self.pid, self.port, self._matters = self._server.pid, self._server.port, desk.TICKETS[size]
        self._people = [client(self.port, token) for token in house["tokens"]]
        self._gateway_token = house["gateway_token"]
        self._gateways = [client(self.port, self._gateway_token) for _ in self._people]
        self._closed = self._count("stage = 'CLOSED'")
        self._subjects: dict[int, str] = {}
        self._seeded: dict[int, list[int]] = {agent: [] for agent in range(len(self._people))}
        self._read(house["agents"])

    def create(self, agent: int, number: int) -> int:
        fields = {"norm": NORM, "channel": "phone", "subject": desk.TITLE.format(number=number)}
        fields["description"] = desk.BODY.format(number=number)
        made = int(self._people[agent].post_json(ORDERS, fields, expect=201).json()["id"])
        self._subjects[made] = fields["subject"]
        return made

    def queue50(self, agent: int) -> int:
        rows = self._people[agent].get(f"{ORDERS}?mine=owner&stage=OPEN&limit=50").json()["items"]
        if len(rows) != 50 or any(row["stage"] != "OPEN" for row in rows):
            raise WrongAnswer(f"our desk listed {len(rows)} rows")
        return len(rows)

    def open(self, agent: int, matter: int) -> None:
        """Open one matter with its deadlines, its whole history and what may be done with it."""
        seen = self._people[agent].get(f"{ORDERS}/{matter}?timeline=true").json()
        if seen["subject"] != self._subjects[matter] or not seen["timeline"] or not seen["verbs"]:
            raise WrongAnswer(f"our desk showed another matter than {matter}")

    def update(self, agent: int, matter: int, number: int) -> None:
        note = {"text": desk.COMMENT.format(number=number), "is_public": True}
        self._people[agent].post_json(f"{ORDERS}/{matter}/notes", note, expect=201)

    def finish(self, agent: int, matter: int) -> None:
        """Finish the step, let the customer grade it by a key on the phone, and close the loop."""
        outcome = {"outcome": OUTCOME, "result": "已修复，客户满意。"}
        self._people[agent].post_json(f"{ORDERS}/{matter}/outcomes", outcome, expect=204)
        self._gateways[agent].post_json(f"{ORDERS}/{matter}/grade", {"grade": 5, "source": "key"}, expect=204)
        self._people[agent].post_json(f"{ORDERS}/{matter}/closure", {}, expect=204)

    def created_since_start(self) -> int:
        return self._count("true") - self._matters

    def finished_since_start(self) -> int:
        return self._count("stage = 'CLOSED'") - self._closed

    def seeded(self, agent: int) -> Sequence[int]:
        return self._seeded[agent]

    def stop(self) -> None:
        for one in (*self._people, *self._gateways):
            one.close()
        self._server.stop()

    def _read(self, agent_ids: Sequence[int]) -> None:
        places = {staff_id: agent for agent, staff_id in enumerate(agent_ids)}
        with store.connect(DATABASE) as connection:
            rows = connection.execute("select id, owner_id, subject from workorders_workorder where stage = 'OPEN' order by id")
            for order_id, owner_id, subject in rows:
                self._seeded[places[owner_id]].append(order_id)
                self._subjects[order_id] = subject

    def _count(self, condition: str) -> int:
        with store.connect(DATABASE) as connection:
            row = connection.execute(f"select count(*) from workorders_workorder where {condition}").fetchone()
        return int(row[0]) if row else 0


class OurIntake:
    """A partner's channel that sends contacts, one or many in a request."""

    database = DATABASE

    def __init__(self, size: Size) -> None:
        house = prepare(size)
        self._server = server()
        self.pid = self._server.pid
        self._gateway = client(self._server.port, house["gateway_token"])

    def take(self, numbers: list[int]) -> int:
        items = [{"key": f"bench-{number}", "content": self._contact(number)} for number in numbers]
        request = {"source": "partner", "channel": "web", "envelopes": items}
        seen = self._gateway.post_json("/api/v1/envelopes", request, expect=201).json()["items"]
        return sum(one["state"] == "PARSED" for one in seen)

    def received(self) -> int:
        with store.connect(DATABASE) as connection:
            row = connection.execute("select count(*) from contact_interaction where work_order_id is not null").fetchone()
        return int(row[0]) if row else 0

    def stop(self) -> None:
        self._gateway.close()
        self._server.stop()

    def _contact(self, number: int) -> dict[str, Any]:
        return {
            "norm": NORM,
            "subject": desk.TITLE.format(number=number),
            "text": desk.BODY.format(number=number),
        }


def _seed(database: str, size: Size, notes: Path) -> None:
    notes.unlink(missing_ok=True)
    inside.migrate(database)
    numbers = [str(desk.AGENTS), str(desk.OPEN_PER_AGENT), str(desk.TICKETS[size])]
    command = [sys.executable, "-m", "benchmarks.ours_seed", *numbers, desk.TITLE, desk.BODY]
    environment = servers.with_ours({"DATABASE_URL": store.database_url(database)})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=servers.REPOSITORY)
    if done.returncode:
        store.drop(database)
        raise NotBuilt(f"our house could not be filled: {done.stderr[-600:]}")
    notes.write_text(done.stdout.splitlines()[-1])
