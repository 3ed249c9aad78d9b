"""``shouwen serve``: the pages and the API; with ``--all`` also the tables, the handbook and the worker: everything on one machine."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from shouwen.config.command.start import say, start_django

GRACE_S = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="bring everything up to date first, and run the worker too")
    parser.add_argument("--host", default=os.environ.get("SHOUWEN_HOST", "127.0.0.1"), help="address to listen on")
    parser.add_argument("--port", type=int, default=int(os.environ.get("SHOUWEN_PORT", "8000")), help="port to listen on")
    parser.add_argument("--workers", type=int, default=1, help="how many web processes")
    parser.add_argument("--threads", type=int, default=8, help="how many requests each of them serves at once")


def run(arguments: argparse.Namespace) -> int:
    start_django()
    if arguments.all:
        from shouwen.config.command.setup import prepare

        prepare()
    _let_go_of_the_database()
    processes = [_start(_web(arguments))]
    if arguments.all:
        processes.append(_start([sys.executable, "-m", "shouwen", "work"]))
    say(f"Shouwen listens on http://{arguments.host}:{arguments.port}/ (Ctrl-C stops it).")
    return _watch(processes)


def _let_go_of_the_database() -> None:
    """Whoever only watches over the others needs no connection of its own."""
    from django.db import connections

    connections.close_all()


def _web(arguments: argparse.Namespace) -> list[str]:
    options = {
        "--interface": "wsgi",
        "--host": arguments.host,
        "--port": arguments.port,
        "--workers": arguments.workers,
        "--blocking-threads": arguments.threads,
        "--backlog": 1024,
        "--log-level": "warning",
    }
    words = [str(word) for option in options.items() for word in option]
    return [sys.executable, "-m", "granian", *words, "shouwen.config.wsgi:application"]


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own commands


def _watch(processes: list[subprocess.Popen[bytes]]) -> int:
    """Wait until one of the processes ends or somebody stops us; then stop the others. Return the exit code."""
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        ended = next(process for process in processes if process.poll() is not None)
        say(f"A process of Shouwen has ended with code {ended.returncode}: {' '.join(map(str, ended.args))}")  # type: ignore[arg-type]
        return ended.returncode or 1
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(processes)


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
