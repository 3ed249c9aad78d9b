"""Who speaks to the customer: the company's name, its number to call, where its pages are, and how mails about one case are named."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from shouwen.loop.messages.rules import threads
from shouwen.loop.messages.rules.texts import FieldValue, Words, in_words
from shouwen.loop.messages.rules.threads import About
from shouwen.platform.people.choices import UnitKind
from shouwen.platform.people.queries import list_units
from shouwen.platform.search.queries import keyring

THREAD_PURPOSE = "message thread"


@dataclass(frozen=True, slots=True)
class Sender:
    """What every notice says about us."""

    company: Words
    hotline: str

    @property
    def fields(self) -> dict[str, FieldValue]:
        return {"company": self.company, "hotline": self.hotline}

    def name(self, language: str) -> str:
        """Return the company's name in the language of a text."""
        return in_words(self.company, language)


def sender() -> Sender:
    """Return the settings ``COMPANY_NAME``, ``COMPANY_NAME_EN`` and ``HOTLINE``; without a name that of the topmost unit."""
    name = settings.COMPANY_NAME or _topmost_unit()
    return Sender(Words(name, settings.COMPANY_NAME_EN or name), settings.HOTLINE)


def _topmost_unit() -> str:
    units = list_units(kind=UnitKind.COMPANY)
    return units[0].name if units else ""


def public_link(*, path: str) -> str:
    """Return the address of a page for customers (setting ``PUBLIC_URL``)."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/{path.lstrip('/')}"


def mail_host() -> str:
    """Return what follows the @ in the names of our mails."""
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"


def thread_of(*, about: About) -> str:
    """Return the name that gathers all mails about one case."""
    return threads.thread_of(about=about, host=mail_host(), mark=_mark)


def about_of_mail(*, references: str) -> About | None:
    """Return the case that a mail answers, from its In-Reply-To and References; None when it names none of ours.

    A name that we did not give (the mark is a keyed digest) counts as none: nobody gets into another's matter by guessing.
    """
    return threads.about_of_threads(references=references, mark=_mark)


def _mark(text: str) -> int:
    return keyring().blind(text, purpose=THREAD_PURPOSE)
