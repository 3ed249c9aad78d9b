import email
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message as Mail
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from shouwen.loop.messages import gateways, tasks
from shouwen.loop.messages.choices import MessageState, Outcome, Problem
from shouwen.loop.messages.gateways.file import FileCarrier
from shouwen.loop.messages.gateways.smtp import SmtpCarrier, SmtpServer
from shouwen.loop.messages.models import Attempt
from shouwen.loop.messages.queries import about_of_mail
from shouwen.loop.messages.rules.parcels import Claim, Parcel, Report
from shouwen.loop.messages.rules.texts import Text
from shouwen.loop.messages.tests.factories import ABOUT, MAILBOX, NOON, approved, customer, only_message, queued
from shouwen.records.customers.choices import PreferredChannel

AT = datetime(2026, 5, 6, 4, tzinfo=UTC)


class Mailboxes:
    """A mail server's side: what it took, and what it says to whom."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answers: dict[str, str] = {}
        self.to_data = ""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if answer := self.answers.get(address, ""):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.to_data:
            return self.to_data
        self.mails.append(email.message_from_bytes(envelope.content or b"", policy=default))
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailboxes() -> Mailboxes:
    return Mailboxes()


@pytest.fixture
def smtp(mailboxes: Mailboxes) -> Iterator[SmtpCarrier]:
    controller = Controller(mailboxes, hostname="127.0.0.1", port=free_port())
    controller.start()
    carrier = carrier_at(controller.port)
    yield carrier
    carrier.close()
    controller.stop()


def carrier_at(port: int) -> SmtpCarrier:
    return SmtpCarrier(SmtpServer(host="127.0.0.1", port=port, sender="service@power.example", timeout_s=2))


def parcel(address: str = MAILBOX, **changes: object) -> Parcel:
    fields = {
        "claim": Claim(5, 1, "email", 8),
        "address": address,
        "text": Text("路灯已修好", "李娜，您好：\n路灯已修好。"),
        "reference": "message.5.1.8",
        "thread": "<work_order.17.00000000000000aa@power.example>",
        "host": "power.example",
        "sender_name": "供电公司",
        "part_count": 1,
        "at": AT,
    }
    return Parcel(**(fields | changes))


def test_a_mail_arrives_as_it_was_written_in_the_thread_of_its_case(smtp: SmtpCarrier, mailboxes: Mailboxes) -> None:
    result = smtp.send(parcel())

    (mail,) = mailboxes.mails
    assert result == Report(outcome=Outcome.SENT, gateway="smtp", reference="<message.5.1.8@power.example>")
    assert {name: str(mail[name]) for name in ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References")} == {
        "From": "供电公司 <service@power.example>",
        "To": MAILBOX,
        "Subject": "路灯已修好",
        "Date": "Wed, 06 May 2026 04:00:00 +0000",
        "Message-ID": "<message.5.1.8@power.example>",
        "In-Reply-To": "<work_order.17.00000000000000aa@power.example>",
        "References": "<work_order.17.00000000000000aa@power.example>",
    }
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content() == "李娜，您好：\r\n路灯已修好。\r\n"


def test_one_connection_serves_several_mails(smtp: SmtpCarrier, mailboxes: Mailboxes) -> None:
    reports = [smtp.send(parcel(f"li{number}@example.cn")) for number in range(3)]

    assert [report.outcome for report in reports] == [Outcome.SENT] * 3
    assert [mail["To"] for mail in mailboxes.mails] == ["li0@example.cn", "li1@example.cn", "li2@example.cn"]


@pytest.mark.parametrize(
    ("answer", "outcome", "problem", "detail"),
    [
        ("550 5.1.1 <li.na@example.cn> no such user", Outcome.REFUSED, Problem.REFUSED, "550 5.1.1"),
        ("550 li.na is unknown", Outcome.REFUSED, Problem.REFUSED, "550"),
        ("450 4.2.1 mailbox busy", Outcome.BUSY, Problem.NONE, "450 4.2.1"),
    ],
)
def test_a_refused_address_is_told_from_a_busy_one_and_its_words_are_not_kept(
    smtp: SmtpCarrier, mailboxes: Mailboxes, answer: str, outcome: Outcome, problem: Problem, detail: str
) -> None:
    mailboxes.answers[MAILBOX] = answer

    first, second = smtp.send(parcel()), smtp.send(parcel("wang@example.cn"))

    assert first == Report(outcome=outcome, gateway="smtp", problem=problem, detail=detail)
    assert second.outcome == Outcome.SENT


@pytest.mark.parametrize(
    ("answer", "outcome"), [("554 5.7.1 looks like spam", Outcome.REFUSED), ("452 4.3.1 no space", Outcome.BUSY)]
)
def test_a_refused_text_is_judged_in_the_same_way(smtp: SmtpCarrier, mailboxes: Mailboxes, answer: str, outcome: Outcome) -> None:
    mailboxes.to_data = answer

    assert smtp.send(parcel()).outcome == outcome
    assert mailboxes.mails == []


def test_a_server_that_is_away_concerns_the_carrier_and_not_the_address() -> None:
    result = carrier_at(free_port()).send(parcel())

    assert result == Report(outcome=Outcome.BUSY, gateway="smtp", problem=Problem.UNREACHABLE, detail="ConnectionRefusedError")


def test_a_server_that_says_nothing_is_given_up_after_its_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        carrier = SmtpCarrier(SmtpServer(host="127.0.0.1", port=silent.getsockname()[1], sender="a@b.example", timeout_s=0.2))

        result = carrier.send(parcel())

    assert (result.outcome, result.problem, result.detail) == (Outcome.BUSY, Problem.UNREACHABLE, "SMTPServerDisconnected")


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_a_server_that_wants_a_key_first_is_a_matter_of_the_carrier(mailboxes: Mailboxes) -> None:
    controller = Controller(mailboxes, hostname="127.0.0.1", port=free_port(), auth_required=True, auth_require_tls=False)
    controller.start()
    try:
        result = carrier_at(controller.port).send(parcel())
    finally:
        controller.stop()

    assert (result.outcome, result.problem, mailboxes.mails) == (Outcome.BUSY, Problem.UNREACHABLE, [])


def test_a_connection_that_the_server_dropped_is_opened_anew(mailboxes: Mailboxes) -> None:
    port = free_port()
    controller = Controller(mailboxes, hostname="127.0.0.1", port=port)
    controller.start()
    carrier = carrier_at(port)
    carrier.send(parcel())
    controller.stop()
    controller = Controller(mailboxes, hostname="127.0.0.1", port=port)
    controller.start()

    result = carrier.send(parcel())

    carrier.close()
    controller.stop()
    assert (result.outcome, len(mailboxes.mails)) == (Outcome.SENT, 2)


@pytest.mark.parametrize("address", ["li@example.cn\r\nBcc: x@y.example", "not an address at all <"])
def test_what_is_no_address_is_refused_and_opens_no_header(smtp: SmtpCarrier, mailboxes: Mailboxes, address: str) -> None:
    result = smtp.send(parcel(address))

    assert (result.outcome, mailboxes.mails) == (Outcome.REFUSED, [])


@pytest.mark.django_db
def test_from_a_queued_notice_to_a_mailbox_and_back_to_its_case(smtp: SmtpCarrier, mailboxes: Mailboxes) -> None:
    approved()
    queued(customer(email=MAILBOX, channel=PreferredChannel.EMAIL))

    tasks.send_due(at=NOON, carriers={"email": smtp})

    (mail,) = mailboxes.mails
    assert (mail["To"], mail["Subject"], only_message().state) == (MAILBOX, "路灯已修好", MessageState.SENT)
    assert about_of_mail(references=str(mail["References"])) == ABOUT
    assert Attempt.objects.get().reference == mail["Message-ID"]


@pytest.mark.django_db
def test_a_mail_tried_twice_is_one_mail_to_whoever_gets_it(smtp: SmtpCarrier, mailboxes: Mailboxes) -> None:
    approved()
    queued(customer(email=MAILBOX, channel=PreferredChannel.EMAIL))
    mailboxes.to_data = "451 4.3.0 try later"
    tasks.send_due(at=NOON, carriers={"email": smtp})
    mailboxes.to_data = ""
    again = only_message().not_before

    tasks.send_due(at=again, carriers={"email": smtp})

    row = only_message()
    assert [mail["Message-ID"] for mail in mailboxes.mails] == [f"<message.{row.pk}.1.{row.contact_point_id}@localhost>"]
    assert list(row.attempts.order_by("number").values_list("outcome", "detail")) == [("busy", "451 4.3.0"), ("sent", "")]


# The file.


def test_without_a_carrier_text_messages_go_to_a_file_of_its_owner_which_says_so(tmp_path: Path) -> None:
    path = tmp_path / "texts" / "out.jsonl"
    carrier = FileCarrier(path)

    result = carrier.send(parcel("+8613800138000", part_count=2))
    carrier.send(parcel("+8613800138001"))

    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert result == Report(outcome=Outcome.SENT, gateway="file", reference="message.5.1.8", part_count=2)
    assert lines[0] == {
        "at": "2026-05-06T04:00:00+00:00",
        "to": "+8613800138000",
        "text": "李娜，您好：\n路灯已修好。",
        "reference": "message.5.1.8",
    }
    assert (len(lines), path.stat().st_mode & 0o777) == (2, 0o600)
    assert "reach nobody" in carrier.description


def test_a_file_that_cannot_be_written_is_a_carrier_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")

    result = FileCarrier(tmp_path / "taken" / "out.jsonl").send(parcel("+8613800138000"))

    assert (result.outcome, result.problem) == (Outcome.BUSY, Problem.UNREACHABLE)


def test_the_settings_choose_the_carriers(settings, tmp_path: Path) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.SMS_FILE = "mail.example", 2525, str(tmp_path / "out.jsonl")

    told = gateways.descriptions()

    assert told == {
        "email": "Mail goes out by SMTP through mail.example:2525.",
        "sms": f"No carrier of text messages is set up: they are written to {tmp_path / 'out.jsonl'} and reach nobody "
        "(setting SHOUWEN_SMS_CARRIER).",
    }
