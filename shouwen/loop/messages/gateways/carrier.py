"""What a carrier is to us."""

from __future__ import annotations

from typing import Protocol

from shouwen.loop.messages.rules.parcels import Parcel, Report


class Carrier(Protocol):
    """Somebody who takes messages to people. One is made for each round of sending and closed after it.

    ``send`` answers within a stated time (at most 20 seconds) and never raises for what the carrier or the network does: it reports
    ``SENT`` when the carrier has taken the message, ``REFUSED`` when this address will never do, ``BUSY`` for everything that may be
    better later, with the problem ``UNREACHABLE`` when it concerns the carrier and not this recipient, and nothing was handed over:
    then no try counts, and the channel rests for a while.
    """

    @property
    def name(self) -> str:
        """The name under which attempts and receipts are kept: permanent, at most 30 letters."""

    @property
    def description(self) -> str:
        """What happens to messages given to it, in one plain sentence for the operator."""

    def send(self, parcel: Parcel) -> Report: ...

    def close(self) -> None: ...
