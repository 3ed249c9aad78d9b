"""Sending one webhook: never to an address inside, to the host by its own name, and no longer than it may take."""

from __future__ import annotations

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from shouwen.faces.api import rules
from shouwen.faces.api.gateways import Answered, send
from shouwen.faces.api.gateways.http import _connection
from shouwen.faces.api.tests.receiver import Receiver, receiving


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "64:ff9b::10.1.2.3", "64:ff9b::7f00:1", "64:ff9b:1::8.8.8.8", "::10.1.2.3",
     "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "ff02::1", "::"],
)  # fmt: skip
def test_an_address_inside_is_no_address_outside(address: str) -> None:
    assert not rules.is_outside(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::8.8.8.8"])
def test_a_public_address_is_outside(address: str) -> None:
    assert rules.is_outside(address)


def test_nothing_is_sent_inside_however_it_is_written(receiver: Receiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]

    answers = [
        send(url=f"http://{host}:{port}/", headers={}, body=b"{}", may_go_inside=False)
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]")
    ]

    assert all("nothing is sent there" in answer.problem for answer in answers), answers
    assert receiver.requests == []


def test_a_subscriber_that_does_not_answer_is_an_answer_too() -> None:
    with receiving() as gone:
        url = gone.url

    answered = send(url=url, headers={}, body=b"{}", may_go_inside=True)

    assert answered != Answered()
    assert "ConnectionRefusedError" in answered.problem


def test_a_subscriber_that_keeps_us_waiting_is_hung_up_on() -> None:
    answer_now = threading.Event()
    with receiving() as slow:
        slow.looks = lambda: answer_now.wait(timeout=30)

        answered = send(url=slow.url, headers={}, body=b"{}", may_go_inside=True, deadline_s=0.1)

        answer_now.set()
    assert answered.problem.startswith("RemoteDisconnected")


def test_looking_a_host_up_counts_in_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_now = threading.Event()

    def look_up_slowly(*_: object, **__: object) -> None:
        answer_now.wait(timeout=30)
        raise OSError("there is no such host")

    monkeypatch.setattr(socket, "getaddrinfo", look_up_slowly)
    began_s = time.monotonic()

    answered = send(url="https://example.com/", headers={}, body=b"{}", may_go_inside=True, deadline_s=0.1)

    answer_now.set()
    assert answered == Answered("TimeoutError: example.com was not found in time")
    assert time.monotonic() - began_s < 5


def test_agreeing_on_an_encryption_counts_in_the_deadline() -> None:
    began_s = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"

        answered = send(url=url, headers={}, body=b"{}", may_go_inside=True, deadline_s=0.1)

    assert answered != Answered()
    assert time.monotonic() - began_s < 5


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://crm.example.com/hook", "crm.example.com"),
        ("https://crm.example.com:443/hook", "crm.example.com"),
        ("https://crm.example.com:8443/hook", "crm.example.com:8443"),
        ("http://crm.example.com/hook", "crm.example.com"),
        ("http://crm.example.com:443/hook", "crm.example.com:443"),
    ],
)
def test_a_receiver_hears_its_host_without_the_usual_port(url: str, host: str) -> None:
    ours, theirs = socket.socketpair()
    connection = _connection(urlsplit(url))
    connection.sock = ours

    connection.request("POST", "/hook", b"{}")

    assert f"\r\nHost: {host}\r\n" in theirs.recv(1000).decode()
    ours.close()
    theirs.close()
