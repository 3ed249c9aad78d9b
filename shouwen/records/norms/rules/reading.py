"""Reading a document strictly: every field is asked for by its kind, and what nobody asked for is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

_MISSING: Final = object()


class NormInvalid(ValueError):
    """A document is not a norm: ``field`` says where (``steps[2].limit``), ``problem`` what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field
        self.problem = problem


class Record:
    """One mapping of a document and its place in it; ``close`` refuses fields that were not read."""

    def __init__(self, content: Mapping[str, Any], place: str) -> None:
        self._content = content
        self._place = place
        self._read: set[str] = set()

    @classmethod
    def of(cls, content: object, place: str = "") -> Record:
        if not isinstance(content, Mapping):
            raise NormInvalid(place, "must be a mapping")
        return cls(content, place)

    def place(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name

    def has(self, name: str) -> bool:
        self._read.add(name)
        return self._content.get(name) is not None

    def text(self, name: str, *, default: str | None = None) -> str:
        """Return a text without blanks around it; empty or missing is an error unless there is a default."""
        value = self._value(name, default)
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise NormInvalid(self.place(name), "must be a text" if value is not _MISSING else "is missing")
        return value.strip()

    def matching(self, name: str, pattern: str) -> str:
        value = self.text(name)
        if not re.fullmatch(pattern, value):
            raise NormInvalid(self.place(name), f"must look like {pattern}")
        return value

    def key(self, name: str) -> str:
        return self.matching(name, r"[a-z][a-z0-9_]*")

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise NormInvalid(self.place(name), "must be true or false")
        return value

    def positive(self, name: str) -> int:
        value = self._value(name, None)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise NormInvalid(self.place(name), "must be a whole number from 1")
        return value

    def day(self, name: str) -> date:
        """Return a day written as ``2026-01-01``, which YAML has already read as a date."""
        value = self._value(name, None)
        if type(value) is date:
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise NormInvalid(self.place(name), "must be a day like 2026-01-01") from None

    def texts(self, name: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        values = self._value(name, default)
        if not isinstance(values, list | tuple) or not all(isinstance(value, str) and value for value in values):
            raise NormInvalid(self.place(name), "must be a list of texts")
        return tuple(values)

    def record(self, name: str) -> Record:
        return Record.of(self._required(name), self.place(name))

    def records(self, name: str) -> list[Record]:
        values = self._required(name)
        if not isinstance(values, list | tuple):
            raise NormInvalid(self.place(name), "must be a list")
        return [Record.of(value, f"{self.place(name)}[{index}]") for index, value in enumerate(values)]

    def close(self) -> None:
        """Refuse what the document holds and nobody asked for: most likely a misspelt field.

        :raises NormInvalid: naming the first such field.
        """
        for name in self._content:
            if name not in self._read:
                raise NormInvalid(self.place(str(name)), "is not a field of the handbook's format")

    def _value(self, name: str, default: object) -> Any:
        self._read.add(name)
        value = self._content.get(name)
        if value is None:
            return _MISSING if default is None else default
        return value

    def _required(self, name: str) -> Any:
        value = self._value(name, None)
        if value is _MISSING:
            raise NormInvalid(self.place(name), "is missing")
        return value
