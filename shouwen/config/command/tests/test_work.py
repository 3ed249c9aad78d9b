"""The thread that delivers facts: what it does first, and that nothing ends it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from shouwen.config.command import work
from shouwen.platform.outbox import services
from shouwen.platform.outbox.services import DeliveryCount


class Stopping:
    """An event that is set after some looks at it."""

    def __init__(self, looks: int) -> None:
        self.left = looks
        self.waited: list[float] = []

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the thread does of the outbox, in order; a look at what is due finds nothing."""
    done: list[str] = []

    def deliver(*, at: object, limit: int) -> DeliveryCount:
        done.append("deliver")
        return DeliveryCount()

    def wait(*, timeout: timedelta) -> None:
        done.append("wait")

    monkeypatch.setattr(services, "listen_for_facts", lambda: done.append("listen"))
    monkeypatch.setattr(services, "deliver_due", deliver)
    monkeypatch.setattr(services, "wait_for_facts", wait)
    return done


@pytest.mark.django_db(transaction=True)
def test_it_listens_before_each_look_at_what_is_due(acts: list[str]) -> None:
    work._hear(Stopping(2))

    assert acts == ["listen", "deliver", "wait", "listen", "deliver", "wait"]


@pytest.mark.django_db(transaction=True)
def test_whatever_goes_wrong_it_waits_and_goes_on(
    acts: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [ValueError("an error that nobody foresaw"), UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "a half")]

    def deliver(*, at: object, limit: int) -> DeliveryCount:
        if errors:
            raise errors.pop(0)
        acts.append("deliver")
        return DeliveryCount()

    monkeypatch.setattr(services, "deliver_due", deliver)
    stop = Stopping(3)

    thread = threading.Thread(target=work._hear, args=(stop,))
    thread.start()
    thread.join(20)

    assert acts == ["listen", "listen", "listen", "deliver", "wait"]
    assert stop.waited == [work.PATIENCE.total_seconds()] * 2
    assert "an error that nobody foresaw" in caplog.text
