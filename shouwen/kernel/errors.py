"""How the house says no.

A service that cannot do what it was asked raises a ``Refusal`` of its own name, with whatever is needed to say in the reader's
language what is wrong and what to do. The words are a plain English sentence with named placeholders: the key of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Refusal(Exception):
    """The root of every refusal. ``message`` is the catalogue key, ``details`` fill its placeholders."""

    message = "This cannot be done."

    def __init__(self, message: str | None = None, **details: object) -> None:
        self.message = message or self.message
        self.details = details
        super().__init__(self.explain())

    @property
    def code(self) -> str:
        """Return the machine's name for this refusal, from its class: ``CannotClose`` is ``cannot_close``."""
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(self).__name__).lstrip("_")

    def explain(self, translate: Callable[[str], str] = str) -> str:
        """Return the sentence; ``translate`` turns the English key (and those of a ``problem`` and a ``hint`` in it) into the reader's."""
        keys = {name: self.details.get(name) for name in ("problem", "hint")}
        words = {name: translate(key) for name, key in keys.items() if isinstance(key, str)}
        return translate(self.message) % (self.details | words)


class Named:
    """Several things named in a sentence; their labels turn into the reader's words only when the sentence is read."""

    def __init__(self, labels: Iterable[object]) -> None:
        self._labels = tuple(labels)

    def __str__(self) -> str:
        words = [str(label) for label in self._labels]
        return (", " if all(word.isascii() for word in words) else "、").join(words) or "–"


class NotFound(Refusal):
    """It is not there, or the viewer may not know that it is: both look the same."""

    message = "Nothing was found here."


class NotAllowed(Refusal):
    """The actor may not do this."""

    message = "You are not allowed to do this."


class BadInput(Refusal):
    """A value given from outside cannot be used. Says which field, what is wrong with it and what to write instead."""

    message = "%(field)s: %(problem)s; %(hint)s."

    def __init__(self, field: str, problem: str, hint: str) -> None:
        self.field, self.problem, self.hint = field, problem, hint
        super().__init__(field=field, problem=problem, hint=hint)
