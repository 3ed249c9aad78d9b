"""How large a body may be: whole mails at the door for contacts, a few megabytes everywhere else."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shouwen.faces.api.door.bodies import LARGEST_BYTES
from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.loop.contact.models import Envelope
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import Company

HEAD = (
    b"From: zhang@example.com\r\nTo: service@example.com\r\nSubject: bill\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlease look.\r\n'
    b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
)


def mail(size_bytes: int) -> bytes:
    """Return a mail of this size: a few words and an attachment."""
    tail = b"\r\n--b--\r\n"
    lines = (b"QUJD" * 19 + b"\r\n") * (size_bytes // 78)
    return HEAD + lines[: size_bytes - len(HEAD) - len(tail)] + tail


def sent(content: bytes) -> dict[str, Any]:
    envelope = {"raw": base64.b64encode(content).decode(), "media_type": "message/rfc822"}
    return {"source": "mailbox", "channel": "email", "envelopes": [envelope]}


@pytest.mark.parametrize("size_mb", [3, 20, 25])
def test_a_large_mail_becomes_an_envelope_that_holds_it_whole(company: Company, li: Api, size_mb: int) -> None:
    content = mail(size_mb * 1_000_000)

    answer = li.post("/envelopes", sent(content), key="large")

    assert answer.status_code == 201
    assert Envelope.objects.get(pk=answer.json()["items"][0]["id"]).content == content
    assert li.post("/envelopes", sent(content), key="large").content == answer.content


def test_a_contact_that_is_larger_than_one_may_be_is_refused(company: Company, li: Api) -> None:
    assert problem(li.post("/envelopes", sent(mail(25_000_001)))) == (422, "cannot_receive")
    assert problem(li.post("/envelopes", {"source": "x" * LARGEST_BYTES})) == (413, "too_large")
    assert Envelope.objects.count() == 0


def test_every_other_address_takes_a_few_megabytes(company: Company, li: Api) -> None:
    body = {"norm": "lamp_out", "channel": "phone", "description": "x" * 5_000_000}

    assert problem(li.post("/work-orders", body)) == (413, "too_large")
    assert WorkOrder.objects.count() == 0


def test_who_may_not_bring_contacts_in_makes_nobody_hold_a_large_body(company: Company) -> None:
    reader = api_of(company.li, "orders:read")
    content = sent(mail(5_000_000))

    assert problem(reader.post("/envelopes", content)) == (403, "scope_missing")
    assert problem(Api("").post("/envelopes", content)) == (401, "unauthenticated")
