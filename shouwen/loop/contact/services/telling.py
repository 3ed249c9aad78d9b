"""Telling matters what contacts mean for them (来件告知): the customer has written again, or a new matter goes on from a closed one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.contact.services.placing import Draft
from shouwen.loop.workorders.choices import LinkKind
from shouwen.loop.workorders.services import hear_again, link_work_orders


def tell_matters(drafts: Collection[Draft], at: datetime) -> None:
    """Let every matter hear of what was added to it, and relate each new one to the closed one that it goes on from.

    Matters are locked in the order of their ids, so that two batches do not wait for each other crosswise. What a machine wrote tells
    nothing.
    """
    told = [(draft, draft.voice_id) for draft in drafts if draft.voice_id is not None]
    for draft, voice_id in sorted(told, key=lambda one: _about_id(one[0])):
        if draft.is_attached:
            hear_again(work_order_id=draft.matter_id, hazards=draft.contact.hazards, actor_id=voice_id, at=_told_at(draft, at))
        else:
            _relate(draft, voice_id, at)


def _about_id(draft: Draft) -> int:
    """Return the earlier matter, or the one of this batch."""
    return draft.matter_id if draft.earlier is None else draft.earlier.home.id


def _relate(draft: Draft, voice_id: int, at: datetime) -> None:
    """Link a new matter to the closed one. Whoever may not know of that one, or not link it, opens the new one all the same."""
    try:
        link_work_orders(
            from_id=draft.matter_id,
            to_id=_about_id(draft),
            kind=LinkKind.RELATED,
            actor_id=voice_id,
            at=_told_at(draft, at),
        )
    except (NotAllowed, NotFound):
        return


def _told_at(draft: Draft, at: datetime) -> datetime:
    """Return when a matter hears of a contact: now, though never before it was opened, as the clocks of two machines may have it."""
    begun = [draft.envelope.received_at]
    if draft.earlier is not None:
        begun.append(draft.earlier.home.opened_at)
    if draft.follows is not None:
        begun.append(draft.follows.envelope.received_at)
    return max(at, *begun)
