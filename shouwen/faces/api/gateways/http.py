"""Sending a webhook: to the address that was looked up and checked, never to one inside, within seconds, following no redirect."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from shouwen.faces.api.rules import is_outside

TIMEOUT_S = 10.0  # for each step: looking up, connecting, sending, each piece of the answer
DEADLINE_S = 20.0  # for all of them: an answer that comes letter by letter holds no worker up
PORTS = {"http": 80, "https": 443}
TAKEN = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the subscriber answered. ``problem`` is empty when it has taken the webhook."""

    problem: str = ""


def send(*, url: str, headers: Mapping[str, str], body: bytes, may_go_inside: bool, deadline_s: float = DEADLINE_S) -> Answered:
    """Send one webhook and return what came of it; whatever goes wrong is an answer, too. It takes no longer than ``deadline_s``."""
    stop_s = monotonic() + deadline_s
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        address = _address(host, port, within_s=_step_s(stop_s))
        if not may_go_inside and not is_outside(address):
            return Answered(f"{host} is an address inside: nothing is sent there")
        with closing(_connection(parts)) as connection:
            connection.sock = socket.create_connection((address, port), timeout=_step_s(stop_s))
            return _posted(connection, parts, headers, body, stop_s)
    except (OSError, http.client.HTTPException, ValueError) as failure:
        return Answered(f"{type(failure).__name__}: {failure}")


def _step_s(stop_s: float) -> float:
    """Return how long the next step may take.

    :raises TimeoutError: when no time is left.
    """
    left_s = stop_s - monotonic()
    if left_s <= 0:
        raise TimeoutError("it took too long")
    return min(left_s, TIMEOUT_S)


def _address(host: str, port: int, *, within_s: float) -> str:
    """Look the host up once; what is connected to is what was checked. Beside, since a look-up cannot be broken off, only left alone.

    :raises TimeoutError: when there is no answer in time.
    """
    answers: SimpleQueue[str | OSError | ValueError] = SimpleQueue()
    Thread(target=lambda: answers.put(_looked_up(host, port)), daemon=True).start()
    try:
        found = answers.get(timeout=within_s)
    except Empty:
        raise TimeoutError(f"{host} was not found in time") from None
    if isinstance(found, str):
        return found
    raise found


def _looked_up(host: str, port: int) -> str | OSError | ValueError:
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, ValueError) as failure:
        return failure


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    """Return a connection, not open yet, whose Host header holds the port only where it is not the usual one."""
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or PORTS[parts.scheme])
    connection.default_port = PORTS[parts.scheme]
    return connection


def _posted(
    connection: http.client.HTTPConnection, parts: SplitResult, headers: Mapping[str, str], body: bytes, stop_s: float
) -> Answered:
    """Send and look at the status; what else the answer holds is not read."""
    if parts.scheme == "https":
        connection.sock = _encrypted(connection.sock, connection.host)
    hang_up = Timer(stop_s - monotonic(), _shut, [connection.sock])
    hang_up.start()
    try:
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers))
        status = connection.getresponse().status
    finally:
        hang_up.cancel()
    return Answered() if status in TAKEN else Answered(f"it answered {status}")


def _encrypted(sock: socket.socket, host: str) -> ssl.SSLSocket:
    """Return the socket with encryption over it, before the first word of it; the certificate is to be the host's."""
    return ssl.create_default_context().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)


def _shut(sock: socket.socket) -> None:
    """End both directions below any encryption: whoever waits on it in another thread goes on at once."""
    with suppress(OSError):  # it may be closed already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
