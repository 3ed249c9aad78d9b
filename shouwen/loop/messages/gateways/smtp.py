"""Mail by SMTP, with the standard library; settings ``EMAIL_*`` and ``DEFAULT_FROM_EMAIL``."""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings

from shouwen.loop.messages.choices import Outcome, Problem
from shouwen.loop.messages.rules.parcels import Parcel, Report

NAME = "smtp"
PERMANENT_FROM = 500
ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+"
)  # one mailbox, and nothing that could mean more in a header
_ENHANCED = re.compile(rb"^\s*([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where and how mail is handed over. ``timeout_s`` holds for each answer of the server."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    use_tls: bool = False
    timeout_s: float = 20


def smtp_from_settings() -> SmtpCarrier:
    return SmtpCarrier(
        SmtpServer(
            host=settings.EMAIL_HOST,
            port=settings.EMAIL_PORT,
            sender=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            user=settings.EMAIL_HOST_USER,
            password=settings.EMAIL_HOST_PASSWORD,
            use_tls=settings.EMAIL_USE_TLS,
            timeout_s=settings.EMAIL_TIMEOUT or 20,
        )
    )


class SmtpCarrier:
    """Hands mails to one server over one connection, opened at the first mail and again after it was lost."""

    name = NAME

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._link: smtplib.SMTP | None = None

    @property
    def description(self) -> str:
        return f"Mail goes out by SMTP through {self._server.host}:{self._server.port}."

    def send(self, parcel: Parcel) -> Report:
        """Hand one mail over; what is wrong with the server is told apart from what is wrong with the address."""
        if not ADDRESS.fullmatch(parcel.address):
            return Report(outcome=Outcome.REFUSED, gateway=NAME, problem=Problem.REFUSED, detail="not an address")
        mail = as_mail(parcel, sender=self._server.sender)
        try:
            self._opened().send_message(mail, from_addr=self._server.sender, to_addrs=[parcel.address])
        except smtplib.SMTPRecipientsRefused as refusal:
            self._reset()
            return _judged(*next(iter(refusal.recipients.values())))
        except smtplib.SMTPDataError as refusal:
            self._reset()
            return _judged(refusal.smtp_code, _bytes(refusal.smtp_error))
        except smtplib.SMTPNotSupportedError:
            return Report(outcome=Outcome.REFUSED, gateway=NAME, problem=Problem.REFUSED, detail="needs SMTPUTF8")
        except (smtplib.SMTPException, OSError) as failure:
            self.close()
            return Report(outcome=Outcome.BUSY, gateway=NAME, problem=Problem.UNREACHABLE, detail=type(failure).__name__)
        return Report(outcome=Outcome.SENT, gateway=NAME, reference=message_id_of(parcel))

    def close(self) -> None:
        """Leave the server; a server that is gone already is left too."""
        link, self._link = self._link, None
        if link is not None:
            try:
                link.quit()
            except (smtplib.SMTPException, OSError):
                link.close()

    def _opened(self) -> smtplib.SMTP:
        """Return the connection; one that the server has dropped in the meantime is opened anew."""
        if self._link is not None and self._answers(self._link):
            return self._link
        server = self._server
        link = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
        self._link = link
        if server.use_tls:
            link.starttls(context=ssl.create_default_context())
        if server.user:
            link.login(server.user, server.password)
        return link

    def _answers(self, link: smtplib.SMTP) -> bool:
        try:
            return link.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            link.close()
            return False

    def _reset(self) -> None:
        if self._link is not None:
            try:
                self._link.rset()
            except (smtplib.SMTPException, OSError):
                self.close()


def message_id_of(parcel: Parcel) -> str:
    """Return the Message-ID: the same at every try, so that a mail tried twice is one mail to whoever gets it."""
    return f"<{parcel.reference}@{parcel.host}>"


def as_mail(parcel: Parcel, *, sender: str) -> EmailMessage:
    """Return the mail, in the thread of its case (never found by its subject), marked as made by a machine."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = formataddr((parcel.sender_name, sender))
    mail["To"] = parcel.address
    mail["Subject"] = parcel.text.subject
    mail["Date"] = format_datetime(parcel.at)
    mail["Message-ID"] = message_id_of(parcel)
    mail["In-Reply-To"] = mail["References"] = parcel.thread
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(parcel.text.body)
    return mail


def _judged(code: int, words: bytes) -> Report:
    """Return the report of a server's refusal: from 500 on it is for good. Of its words only the code is kept: they name the address."""
    enhanced = _ENHANCED.match(words)
    detail = f"{code} {enhanced[1].decode()}" if enhanced else str(code)
    if code >= PERMANENT_FROM:
        return Report(outcome=Outcome.REFUSED, gateway=NAME, problem=Problem.REFUSED, detail=detail)
    return Report(outcome=Outcome.BUSY, gateway=NAME, detail=detail)


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()
