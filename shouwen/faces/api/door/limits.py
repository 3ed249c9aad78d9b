"""How fast the door is knocked at: so many requests a second from each token, so many failures a minute from each address.

Each web process counts for itself, in memory that is bounded: a request costs a look into a dictionary, and no database is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from math import ceil
from time import monotonic

from django.conf import settings

from shouwen.kernel.errors import Refusal

BURST_S = 4  # a token that was quiet may ask for four seconds' worth at once
MINUTE_S = 60.0
SIZE_LIMIT = 10_000


class TooManyRequests(Refusal):
    message = "This token asks too often; ask again in %(retry_after_s)s seconds."


class TooManyFailures(Refusal):
    message = "Too many requests without a valid token came from this address; ask again in %(retry_after_s)s seconds."


class Throttle:
    """Lets each key through ``rate`` times a second in the long run, and up to ``burst`` times at once.

    Of each key it keeps the moment up to which it has used up what it may. When there are more than ``size_limit`` keys, all start
    afresh. Of two threads that count one key at the same instant only one may be counted: it is a brake, not a ledger.
    """

    def __init__(
        self, *, rate: float, burst: float, size_limit: int = SIZE_LIMIT, clock: Callable[[], float] = monotonic
    ) -> None:
        self._each_s = 1 / rate
        self._ahead_s = (burst - 1) / rate
        self._size_limit = size_limit
        self._clock = clock
        self._used_until: dict[Hashable, float] = {}

    def wait_s(self, key: Hashable) -> float:
        """Count one of ``key`` and return zero; or return, without counting it, how many seconds too early it comes."""
        now = self._clock()
        used_until = max(self._used_until.get(key, now), now)
        if (too_early_s := used_until - now - self._ahead_s) > 0:
            return too_early_s
        if len(self._used_until) >= self._size_limit:
            self._used_until.clear()
        self._used_until[key] = used_until + self._each_s
        return 0.0


def must_not_hurry(client: str) -> None:
    """:raises TooManyRequests: when this client asks faster than ``SHOUWEN_API_RATE``."""
    if settings.API_RATE and (wait_s := _of_requests(settings.API_RATE).wait_s(client)):
        raise TooManyRequests(retry_after_s=ceil(wait_s))


def note_failure(address: str) -> None:
    """Count a request without a valid token. A valid one is let in whatever else came from its address, which many may share.

    :raises TooManyFailures: when there were too many from this address.
    """
    limit = settings.API_FAILURES_PER_MIN
    if limit and (wait_s := _of_failures(limit).wait_s(address)):
        raise TooManyFailures(retry_after_s=ceil(wait_s))


@cache
def _of_requests(rate: float) -> Throttle:
    return Throttle(rate=rate, burst=rate * BURST_S)


@cache
def _of_failures(limit: int) -> Throttle:
    return Throttle(rate=limit / MINUTE_S, burst=limit)
