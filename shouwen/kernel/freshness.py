"""Answers kept in this process for a few seconds, so that a question of every request is not asked of the database each time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

DEFAULT_SIZE_LIMIT = 10_000


class FreshAnswers(Generic[Key, Value]):
    """Remembers answers for at most ``lifetime_s`` seconds of the machine's own clock; several threads may ask at once.

    Its clock decides only how long an answer is reused, never what the answer is. An answer that was being fetched while somebody
    called ``forget`` is handed out but not kept: it may be older than the change.
    """

    def __init__(
        self, *, lifetime_s: float, size_limit: int = DEFAULT_SIZE_LIMIT, clock: Callable[[], float] = monotonic
    ) -> None:
        self._lifetime_s = lifetime_s
        self._size_limit = size_limit
        self._clock = clock
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._changes = 0

    def get(self, key: Key, fetch: Callable[[Key], Value]) -> Value:
        """Return the answer for ``key``, fetched again when there is none or it is too old. A failing ``fetch`` keeps nothing."""
        kept = self._kept.get(key)
        asked_at = self._clock()
        if kept is not None and asked_at - kept[0] < self._lifetime_s:
            return kept[1]
        changes = self._changes
        value = fetch(key)
        if changes == self._changes:
            self._keep(key, asked_at, value)
        return value

    def forget(self, key: Key) -> None:
        self._changes += 1
        self._kept.pop(key, None)

    def forget_all(self) -> None:
        self._changes += 1
        self._kept.clear()

    def _keep(self, key: Key, asked_at: float, value: Value) -> None:
        if len(self._kept) >= self._size_limit:
            self._kept.clear()
        self._kept[key] = (asked_at, value)
