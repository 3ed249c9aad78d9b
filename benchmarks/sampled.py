"""A one-thread web server with a watch on its stack: in which layer and in which flat a request spends processor time.

``python -m benchmarks.sampled PORT`` with ``SAMPLED_TARGET=module:application`` (or a factory with ``SAMPLED_FACTORY=1``).
A timer of processor time looks at the stack every few milliseconds: waiting does not count. ``GET /__parts__`` gives the counts.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

PATH = "/__parts__"
EVERY_S = 0.004
LAYERS = (
    ("/psycopg", "database driver"),
    ("/django/db/", "ORM"),
    ("/django/template/", "templates"),
    ("/pydantic", "validation"),
    ("/ninja/", "API framework"),
    ("/orjson", "JSON"),
    ("/json/", "JSON"),
    ("/shouwen/", "our own code"),
    ("/django/contrib/", "sessions and accounts"),
    ("/django/", "Django core and middleware"),
    ("/benchmarks/limits/", "the floor's own code"),
    ("/wsgiref/", "the watching server"),
    ("/socketserver", "the watching server"),
)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def main(port: int) -> None:
    watched = Watched(_application())
    signal.signal(signal.SIGPROF, watched.look)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    make_server("127.0.0.1", port, watched, handler_class=Quiet).serve_forever()


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return None


class Watched:
    def __init__(self, application: Application) -> None:
        self._application = application
        self._layers: Counter[str] = Counter()
        self._flats: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            return self._application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"layers": self._layers, "flats": self._flats}).encode()]

    def look(self, _signal: int, frame: FrameType | None) -> None:
        files = list(_files(frame))
        self._layers[next((layer for file in files if (layer := _layer(file))), "the rest")] += 1
        self._flats[next((flat for file in files if (flat := _flat(file))), "outside")] += 1


def _application() -> Application:
    module, _, name = os.environ["SAMPLED_TARGET"].partition(":")
    found = getattr(import_module(module), name)
    application: Application = found() if os.environ.get("SAMPLED_FACTORY") else found
    return application


def _files(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


def _layer(file: str) -> str | None:
    return next((layer for fragment, layer in LAYERS if fragment in file), None)


def _flat(file: str) -> str | None:
    """Return ``loop/workorders`` for a file of that flat, and nothing for the wiring above all."""
    _, found, inside = file.rpartition("/shouwen/")
    parts = inside.split("/")
    return "/".join(parts[:2]) if found and len(parts) > 2 and parts[0] != "config" else None


if __name__ == "__main__":
    main(int(sys.argv[1]))
