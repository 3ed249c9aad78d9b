"""Text messages of an installation without a carrier: each becomes a line of a file, and nothing reaches the customer."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from pathlib import Path

from django.conf import settings

from shouwen.loop.messages.choices import Outcome, Problem
from shouwen.loop.messages.rules.parcels import Parcel, Report

log = logging.getLogger(__name__)

NAME = "file"


def file_from_settings() -> FileCarrier:
    """Return the carrier that writes to the setting ``SMS_FILE``."""
    return FileCarrier(Path(settings.SMS_FILE).expanduser())


class FileCarrier:
    """Appends each message to a file that only its owner can read (it holds numbers and texts in clear)."""

    name = NAME

    def __init__(self, path: Path) -> None:
        self._path = path
        self._has_warned = False

    @property
    def description(self) -> str:
        return f"No carrier of text messages is set up: they are written to {self._path} and reach nobody (setting SHOUWEN_SMS_CARRIER)."

    def send(self, parcel: Parcel) -> Report:
        if not self._has_warned:
            log.warning("%s", self.description)
            self._has_warned = True
        line = {"at": parcel.at.isoformat(), "to": parcel.address, "text": parcel.text.body, "reference": parcel.reference}
        try:
            self._append(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as failure:
            return Report(outcome=Outcome.BUSY, gateway=NAME, problem=Problem.UNREACHABLE, detail=type(failure).__name__)
        return Report(outcome=Outcome.SENT, gateway=NAME, reference=parcel.reference, part_count=parcel.part_count)

    def close(self) -> None:
        """Nothing is held open."""

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(line)
