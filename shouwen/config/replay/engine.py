"""Letting every request happen: taken, moved and closed by the services at the instants that the file records.

Requests come in posts: what is created within one stretch of time (``replay.post_every_min`` of the mapping) is received, understood and
moved to its team together, each with its own instant. Everything else follows in the order of the instants, and between them the
ladder is told, at regular times (``replay.sweep_every_min``), of the targets that are due. What an earlier run has done already is found
done and left alone, so a run that was interrupted is continued by running it again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TypeVar

from shouwen.config.replay.norms import ACCEPT, ACCEPTED, DONE, DUPLICATE
from shouwen.config.replay.rows import Row
from shouwen.config.replay.stage import Stage
from shouwen.kernel.errors import Refusal
from shouwen.loop.contact.choices import EnvelopeState
from shouwen.loop.contact.queries import ArrivalCard, list_arrivals
from shouwen.loop.contact.rules.rows import RequestMapping
from shouwen.loop.contact.services import Arrival, parse_envelopes, receive_envelopes
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import LinkKind
from shouwen.loop.workorders.choices import Stage as MatterStage
from shouwen.loop.workorders.queries import Progress, list_linked, list_progress, next_alarm_at

MEDIA_TYPE = "text/csv"
BATCH = 1000
FALLBACK_CHANNEL = "internal"
ACT_BATCH = 200
SWEEP_LIMIT = 1000
NEVER, FOREVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

T = TypeVar("T")


class Act(IntEnum):
    """What happens to a request after it has arrived; of acts at one instant the smaller goes first."""

    MOVE = 1
    LINK = 2
    FINISH = 3
    CLOSE = 4


@dataclass(slots=True)
class Counts:
    """What this run did itself: all nought when everything had been done before."""

    received: int = 0
    opened: int = 0
    buried: int = 0
    moved: int = 0
    linked: int = 0
    finished: int = 0
    closed: int = 0
    rungs: int = 0
    changed_lines: list[int] = field(default_factory=list)

    @property
    def acts(self) -> int:
        return self.received + self.opened + self.buried + self.moved + self.linked + self.finished + self.closed + self.rungs


@dataclass(frozen=True, slots=True)
class Post:
    """Rows that are received together, before anything that happens ``since`` then; ``until`` is when they are understood."""

    since: datetime
    until: datetime
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """One act on one request at its instant."""

    at: datetime
    act: Act
    row: Row


@dataclass(frozen=True, slots=True)
class Times:
    """The first and the last instant of a file, how long a post collects, and how often the ladder is told."""

    start_at: datetime
    end_at: datetime
    post: timedelta
    sweep: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """What has not happened yet, in the order of the instants."""

    posts: tuple[Post, ...]
    deeds: tuple[Deed, ...]


class Engine:
    """One run over the rows of one file."""

    def __init__(
        self, *, source: str, mapping: RequestMapping, mapping_id: int, stage: Stage, repeated: Mapping[str, str]
    ) -> None:
        self._source, self._mapping, self._mapping_id = source, mapping, mapping_id
        self._stage, self._repeated = stage, repeated
        self._orders: dict[str, int] = {}
        self._linked: set[int] = set()
        self._quiet_until = NEVER
        self.counts = Counts()

    def plan(self, rows: Sequence[Row], *, times: Times) -> Plan:
        """Return what has not happened yet."""
        waiting: dict[int, list[Row]] = defaultdict(list)
        deeds: list[Deed] = []
        came_at = times.start_at
        for batch in _batches(rows, BATCH):
            known = self._remember(batch)
            progress = list_progress(work_order_ids=[card.work_order_id for card in known.values() if card.work_order_id])
            for row in batch:
                came_at = row.request.created_at if row.request else came_at
                card = known.get(row.key)
                self._note_change(row, card)
                if card is None or card.state == EnvelopeState.RECEIVED:
                    waiting[(came_at - times.start_at) // times.post].append(row)
                deeds += self._missing(row, progress.get(card.work_order_id or 0) if card else None)
        posts = (_post(times, number, rows) for number, rows in sorted(waiting.items()))
        return Plan(tuple(posts), tuple(sorted(deeds, key=lambda one: (one.at, one.act, one.row.line_no))))

    def _note_change(self, row: Row, card: ArrivalCard | None) -> None:
        if card is not None and card.digest != hashlib.sha256(row.content).hexdigest():
            self.counts.changed_lines.append(row.line_no)

    def _remember(self, rows: Iterable[Row]) -> dict[str, ArrivalCard]:
        known = list_arrivals(source=self._source, keys=[row.key for row in rows])
        orders = {key: card.work_order_id for key, card in known.items() if card.work_order_id is not None}
        self._orders |= orders
        self._linked |= list_linked(from_ids=orders.values(), kind=LinkKind.DUPLICATE).keys()
        return known

    def _missing(self, row: Row, progress: Progress | None) -> Iterator[Deed]:
        """Yield the acts that a request still needs, as far as the file records them."""
        request = row.request
        if request is None:
            return
        stage, closed_at = progress.stage if progress else MatterStage.OPEN, request.closed_at
        is_open = stage == MatterStage.OPEN
        if is_open and (progress is None or progress.step == ACCEPT):
            yield Deed(request.created_at, Act.MOVE, row)
        if row.key in self._repeated and (progress is None or progress.id not in self._linked):
            yield Deed(closed_at or request.created_at, Act.LINK, row)
        if closed_at is None:
            return
        if is_open:
            yield Deed(closed_at, Act.FINISH, row)
        if stage != MatterStage.CLOSED:
            yield Deed(closed_at, Act.CLOSE, row)

    def run(self, plan: Plan, *, times: Times, told: Callable[[datetime, Counts], None]) -> None:
        """Let it all happen; ``told`` hears of it at every sweep. The clock runs to the end even when nothing else happens."""
        posts, moves = deque(plan.posts), deque(deed for deed in plan.deeds if deed.act == Act.MOVE)
        deeds, horizon = deque(deed for deed in plan.deeds if deed.act != Act.MOVE), times.start_at
        for at in self._sweep_times(plan, times):
            while posts and posts[0].since <= at:
                horizon = posts[0].until
                self._receive(posts.popleft())
            self._do_all([*_until(max(horizon, at), moves), *_until(at, deeds)])
            self._sweep(at)
            told(at, self.counts)
        while self._sweep(times.end_at):
            told(times.end_at, self.counts)

    def _sweep_times(self, plan: Plan, times: Times) -> Iterator[datetime]:
        """Yield when the ladder is told: at regular times from the first thing that has not happened yet, and at the end."""
        begins = [one.since for one in plan.posts[:1]] + [one.at for one in plan.deeds[:1]]
        at = times.start_at + ((min(begins, default=times.end_at) - times.start_at) // times.sweep) * times.sweep
        while (at := at + times.sweep) < times.end_at:
            yield at
        yield times.end_at

    def _receive(self, post: Post) -> None:
        """Receive what came in a post and have it understood."""
        self._quiet_until = NEVER
        for rows in _batches(post.rows, BATCH):
            cards = receive_envelopes(
                source=self._source,
                channel=self._mapping.channel_default or FALLBACK_CHANNEL,
                arrivals=[self._arrival(row, post) for row in rows],
                received_at=post.until,
                actor_id=self._stage.gateway_id,
            )
            ids = [card.id for card in cards]
            count = parse_envelopes(envelope_ids=ids, actor_id=self._stage.gateway_id, at=post.until)
            self.counts.received += sum(card.is_new for card in cards)
            self.counts.opened += count.opened
            self.counts.buried += count.buried
            self._remember(rows)

    def _arrival(self, row: Row, post: Post) -> Arrival:
        return Arrival(
            content=row.content,
            media_type=MEDIA_TYPE,
            key=row.key,
            received_at=row.request.created_at if row.request else post.until,
            mapping_id=self._mapping_id,
            line_no=row.line_no,
            fault=row.fault or "",
        )

    def _do_all(self, deeds: Sequence[Deed]) -> None:
        """Do what falls between two sweeps, one kind of act after the other: so the acts of each request keep their order."""
        by_act: dict[Act, list[Deed]] = defaultdict(list)
        for deed in deeds:
            # A request that was understood here and not there (a worker buried it, an agent settled it) has no matter.
            if deed.row.key in self._orders:
                by_act[deed.act].append(deed)
        for act in sorted(by_act):
            for batch in _batches(by_act[act], ACT_BATCH):
                self._do_together(act, batch)

    def _do_together(self, act: Act, deeds: Sequence[Deed]) -> None:
        """Do one kind of act to many; if one is refused, to each alone."""
        try:
            self._do(act, deeds)
        except Refusal:
            for deed in deeds:
                self._do_alone(deed)

    def _do_alone(self, deed: Deed) -> None:
        """Do one act, or find that a worker or a person beside this run was quicker."""
        try:
            self._do(deed.act, [deed])
        except Refusal:
            if not self._is_done(self._orders[deed.row.key], deed.act):
                raise

    def _is_done(self, order_id: int, act: Act) -> bool:
        progress = list_progress(work_order_ids=[order_id])[order_id]
        match act:
            case Act.MOVE:
                return progress.stage != MatterStage.OPEN or progress.step != ACCEPT
            case Act.LINK:
                return order_id in list_linked(from_ids=[order_id], kind=LinkKind.DUPLICATE)
            case Act.FINISH:
                return progress.stage != MatterStage.OPEN
            case Act.CLOSE:
                return progress.stage == MatterStage.CLOSED

    def _do(self, act: Act, deeds: Sequence[Deed]) -> None:
        match act:
            case Act.MOVE:
                services.finish_steps(finishings=[self._finishing(deed, ACCEPTED, self._stage.gateway_id) for deed in deeds])
                self.counts.moved += len(deeds)
            case Act.LINK:
                for deed in deeds:
                    self._link(self._orders[deed.row.key], self._repeated[deed.row.key], deed.at)
            case Act.FINISH:
                services.finish_steps(finishings=[self._finishing(deed, *self._ending(deed.row)) for deed in deeds])
                self.counts.finished += len(deeds)
            case Act.CLOSE:
                services.close_work_orders(closings=[self._closing(deed) for deed in deeds])
                self.counts.closed += len(deeds)

    def _finishing(self, deed: Deed, outcome: str, actor_id: int) -> services.Finishing:
        return services.Finishing(work_order_id=self._orders[deed.row.key], outcome=outcome, actor_id=actor_id, at=deed.at)

    def _ending(self, row: Row) -> tuple[str, int]:
        """Return how the work on a request ends, and who says so: the team of its agency."""
        assert row.request is not None, "only requests have deeds"
        outcome = DUPLICATE if row.request.status.is_duplicate else DONE
        return outcome, self._stage.teams[self._mapping.unit_of(row.request.agency)]

    def _closing(self, deed: Deed) -> services.Closing:
        return services.Closing(work_order_id=self._orders[deed.row.key], actor_id=self._stage.gateway_id, at=deed.at)

    def _link(self, order_id: int, repeated_key: str, at: datetime) -> None:
        repeated_id = self._orders.get(repeated_key)
        if repeated_id is not None and order_id not in self._linked:
            services.link_work_orders(
                from_id=order_id, to_id=repeated_id, kind=LinkKind.DUPLICATE, actor_id=self._stage.gateway_id, at=at
            )
            self._linked.add(order_id)
            self.counts.linked += 1

    def _sweep(self, at: datetime) -> int:
        """Tell one rung of every target that is due for it, and return how many were told.

        Having told none, it is known when the next is due; only what is received after that may be due before.
        """
        if at < self._quiet_until:
            return 0
        told = services.sweep_targets(actor_id=self._stage.gateway_id, at=at, limit=SWEEP_LIMIT)
        rungs = told.warned + told.broken + told.raised
        self.counts.rungs += rungs
        if not rungs:
            self._quiet_until = next_alarm_at() or FOREVER
        return rungs


def _until(at: datetime, deeds: deque[Deed]) -> Iterator[Deed]:
    """Take from ``deeds`` those up to ``at``."""
    while deeds and deeds[0].at <= at:
        yield deeds.popleft()


def _batches(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (things[start : start + size] for start in range(0, len(things), size))


def _post(times: Times, number: int, rows: list[Row]) -> Post:
    since = times.start_at + number * times.post
    return Post(since, min(since + times.post, times.end_at), tuple(rows))
