"""Sending a webhook: to the address that was looked up and checked, never to one inside, within seconds, following no redirect."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from shouwen.faces.api.rules import is_outside

TIMEOUT_S = 10  # for each step: connecting, sending, each piece of the answer
DEADLINE_S = 20.0  # for all of them: an answer that comes letter by letter holds no worker up
TAKEN = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the subscriber answered. ``problem`` is empty when it has taken the webhook."""

    problem: str = ""


def send(*, url: str, headers: Mapping[str, str], body: bytes, may_go_inside: bool, deadline_s: float = DEADLINE_S) -> Answered:
    """Send one webhook and return what came of it; whatever goes wrong is an answer, too."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        address = _address(host, port)
        if not may_go_inside and not is_outside(address):
            return Answered(f"{host} is an address inside: nothing is sent there")
        connection = _connection(parts.scheme, host, port, address)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _posted(connection, path, headers, body, deadline_s)
    except (OSError, http.client.HTTPException, UnicodeError) as failure:
        return Answered(f"{type(failure).__name__}: {failure}")


def _address(host: str, port: int) -> str:
    """Look the host up once; what is connected to is what was checked."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    """Return an open connection to ``address`` that speaks to ``host``: its certificate and its Host header are the host's."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    connection.sock = socket.create_connection((address, port), timeout=TIMEOUT_S)
    if scheme == "https":
        connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
    return connection


def _posted(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], body: bytes, deadline_s: float
) -> Answered:
    """Send and look at the status; what else the answer holds is not read."""
    hang_up = threading.Timer(deadline_s, _shut, [connection.sock])
    hang_up.start()
    try:
        connection.request("POST", path, body, dict(headers))
        status = connection.getresponse().status
        return Answered() if status in TAKEN else Answered(f"it answered {status}")
    finally:
        hang_up.cancel()
        connection.close()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        sock.shutdown(socket.SHUT_RDWR)
