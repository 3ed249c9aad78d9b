"""Starting a web server for one side: granian, WSGI, one worker and the same threads for everybody."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import store
from benchmarks.protocol import NotBuilt

WORKERS, THREADS = 1, 4
START_LIMIT_S = 60
WATCH = "SHOUWEN_BENCH_WATCH"  # set by `parts`: servers then run under the watch of `sampled`
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    started_in_s: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(
    *,
    target: str,
    name: str,
    environment: Mapping[str, str],
    ready_path: str,
    python: Path | str = sys.executable,
    factory: bool = False,
) -> Server:
    """Start a server and return it when ``ready_path`` answers with anything below 500.

    :raises NotBuilt: when it does not come up; the message holds the end of its log.
    """
    port, log = _free_port(), store.home() / f"{name}.log"
    command = [str(python), "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    command += ["--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--log-level", "warning"]
    command += ["--factory", target] if factory else [target]
    if os.environ.get(WATCH) and str(python) == sys.executable:
        environment = dict(environment) | {"SAMPLED_TARGET": target} | ({"SAMPLED_FACTORY": "1"} if factory else {})
        command = [str(python), "-m", "benchmarks.sampled", str(port)]
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=with_ours(environment), stdout=output, stderr=output, cwd=REPOSITORY)
    while not _answers(port, ready_path):
        if process.poll() is not None or time.perf_counter() - began > START_LIMIT_S:
            process.kill()
            raise NotBuilt(f"the server of {name} did not start: {log.read_text()[-600:]}")
        time.sleep(0.005)
    return Server(process, port, time.perf_counter() - began)


@contextmanager
def running(**options: object) -> Iterator[Server]:
    server = start(**options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.stop()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_LIMIT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def with_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with ``environment`` over it, without settings of somebody else.

    Every side keeps its compiled modules in the cache folder, so that a start after the first one compiles nothing.
    """
    foreign = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return kept | {"PYTHONPYCACHEPREFIX": str(store.home() / "compiled")} | dict(environment)
