"""Answers kept in this process for a few seconds, so that a question of every request is not asked of the database each time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from time import monotonic
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

DEFAULT_SIZE_LIMIT = 10_000


class FreshAnswers(Generic[Key, Value]):
    """Remembers answers for at most ``lifetime_s`` seconds of the machine's own clock; several threads may ask at once.

    Its clock decides only how long an answer is reused, never what the answer is. An answer that was being fetched while somebody
    called ``forget`` is handed out but not kept: it may be older than the change.

    ``at_commit`` returns what the asker's own open transaction will call when it is committed: a ``Change`` among it is seen by that
    transaction alone, so what it fetches of the changed is kept in the change, and is gone with it when it is rolled back.
    """

    def __init__(
        self,
        *,
        lifetime_s: float,
        size_limit: int = DEFAULT_SIZE_LIMIT,
        clock: Callable[[], float] = monotonic,
        at_commit: Callable[[], Sequence[object]] = tuple,
    ) -> None:
        self._lifetime_s = lifetime_s
        self._size_limit = size_limit
        self._clock = clock
        self._at_commit = at_commit
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._changes = 0

    def get(self, key: Key, fetch: Callable[[Key], Value]) -> Value:
        """Return the answer for ``key``, fetched again when there is none or it is too old. A failing ``fetch`` keeps nothing."""
        memory = self._memory_of(key)
        kept = memory.get(key)
        asked_at = self._clock()
        if kept is not None and asked_at - kept[0] < self._lifetime_s:
            return kept[1]
        changes = self._changes
        value = fetch(key)
        if changes == self._changes:
            self._keep(memory, key, (asked_at, value))
        return value

    def changing(self, *keys: Key) -> Change[Key, Value]:
        """Forget the answers for ``keys``, for every key when none is given, and return what does so again at the commit."""
        change = Change(self, frozenset(keys))
        change()
        return change

    def forget(self, key: Key) -> None:
        self._changes += 1
        self._kept.pop(key, None)
        for change in self._own_changes():
            change.seen.pop(key, None)

    def forget_all(self) -> None:
        self._changes += 1
        self._kept.clear()
        for change in self._own_changes():
            change.seen.clear()

    def _memory_of(self, key: Key) -> dict[Key, tuple[float, Value]]:
        """Return where the answer for ``key`` is kept: in the latest change of it that the asker's transaction has not committed."""
        for change in self._own_changes():
            if not change.keys or key in change.keys:
                return change.seen
        return self._kept

    def _own_changes(self) -> Sequence[Change[Key, Value]]:
        """Return the changes that the asker's open transaction has made, the latest first."""
        if not (waiting := self._at_commit()):
            return ()
        return [one for one in reversed(waiting) if isinstance(one, Change) and one.answers is self]

    def _keep(self, memory: dict[Key, tuple[float, Value]], key: Key, answer: tuple[float, Value]) -> None:
        if len(memory) >= self._size_limit:
            memory.clear()
        memory[key] = answer


class Change(Generic[Key, Value]):
    """A change that is not committed yet: of the answers for ``keys``, of all when there are none. Calling it forgets them.

    ``seen`` is what its own transaction has been answered since.
    """

    def __init__(self, answers: FreshAnswers[Key, Value], keys: frozenset[Key]) -> None:
        self.answers = answers
        self.keys = keys
        self.seen: dict[Key, tuple[float, Any]] = {}

    def __call__(self) -> None:
        if not self.keys:
            self.answers.forget_all()
        for key in self.keys:
            self.answers.forget(key)


__all__ = ["Change", "FreshAnswers"]
