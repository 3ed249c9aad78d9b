"""Where a contact belongs: an earlier matter that it proves to be about, or a new one under a norm, in a unit, with an owner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection

from shouwen.kernel.errors import NotFound
from shouwen.kernel.text.phones import PhoneInvalid, parse_phone
from shouwen.loop.contact.choices import NormSource, Trouble
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.contact.rules import tokens
from shouwen.loop.contact.rules.contacts import SUBJECT_LIMIT, Contact, Unreadable, shortened
from shouwen.loop.contact.rules.guessing import guess_norm
from shouwen.loop.contact.services.owning import Roster
from shouwen.loop.contact.services.reading import corrected_fields
from shouwen.loop.contact.services.recognising import NOBODY, Recognised, of_matter, recognise
from shouwen.loop.messages.queries.sender import about_of_mail
from shouwen.loop.workorders.choices import Hazard, Stage
from shouwen.loop.workorders.permissions import SECRET_NORMS
from shouwen.loop.workorders.queries import Progress, list_progress
from shouwen.loop.workorders.queries.lists import visible
from shouwen.loop.workorders.services import Opening
from shouwen.loop.workorders.services.opening import OFFICE
from shouwen.platform.people.directory import UnitCard
from shouwen.platform.people.queries import get_viewer, unit_with_code
from shouwen.platform.people.rules import Viewer
from shouwen.platform.policies.rules import Place
from shouwen.platform.search.queries import keyring
from shouwen.records.norms.choices import Channel
from shouwen.records.norms.queries import norm_in_force

REFERENCE_PURPOSE, SENDER_PURPOSE = "contact thread", "contact sender"
MAIL = "message/rfc822"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier matter as a contact names it, and the one that stands for it: itself, unless it was merged."""

    named: Progress
    home: Progress

    @property
    def is_closed(self) -> bool:
        return self.home.stage == Stage.CLOSED


@dataclass(slots=True)
class Draft:
    """One envelope understood: what it says, and what is to be written.

    ``earlier`` is the matter that it is about, ``follows`` the draft of the same batch; with an ``opening`` as well, the earlier matter
    is closed and the new one related to it. ``voice_id`` is in whose name the matter hears of it.
    """

    envelope: Envelope
    contact: Contact
    references: tuple[int, ...]  # blind: its own name first, then what it answers
    opening: Opening | None = None
    work_order_id: int | None = None
    earlier: Earlier | None = None
    follows: Draft | None = None
    voice_id: int | None = None
    recognised: Recognised = NOBODY
    norm: str = ""
    norm_source: NormSource = NormSource.NONE

    @property
    def is_attached(self) -> bool:
        return self.opening is None

    @property
    def matter_id(self) -> int:
        """Return the matter that was opened for it, or that it was added to."""
        assert self.work_order_id is not None, "every draft was opened or attached"
        return self.work_order_id

    @property
    def is_automatic(self) -> bool:
        """Return whether a machine wrote it and no agent has seen a person in it."""
        return self.contact.is_automatic and not corrected_fields(self.envelope)


@dataclass(slots=True)
class Surroundings:
    """What a batch looks at: the agents present, the earlier contacts by reference, the matters that these belong to."""

    actor: Viewer
    at: datetime
    roster: Roster
    matters: dict[int, Earlier]
    by_reference: dict[int, int]
    drafts: dict[int, Draft] = field(default_factory=dict)
    units: dict[str, UnitCard] = field(default_factory=dict)

    def unit(self, code: str) -> UnitCard:
        """:raises NotFound: when there is no such unit."""
        if code not in self.units:
            self.units[code] = unit_with_code(code=code)
        return self.units[code]

    def voice(self, envelope: Envelope) -> Viewer:
        """Return in whose name a matter hears of a contact: the actor's.

        A person who settles what a gateway received need not know of the matter that its content proves; then it is the gateway's.
        """
        if self.actor.is_automatic:
            return self.actor
        receiver = get_viewer(staff_id=envelope.received_by_id, at=self.at)
        return receiver if receiver.is_automatic else self.actor


def draft_of(envelope: Envelope, contact: Contact) -> Draft:
    """Return the draft of a contact that is not placed yet."""
    own = [contact.reference] if contact.reference else []
    return Draft(envelope, contact, tuple(_reference_blind(envelope, contact, name) for name in (*own, *contact.answers)))


def look_around(drafts: Collection[Draft], actor_id: int, at: datetime) -> Surroundings:
    """Hold the threads that ``drafts`` belong to until the transaction ends, and read what is known of them."""
    blinds = {blind for draft in drafts for blind in draft.references}
    _hold(blinds)
    known = Interaction.objects.filter(reference_blind__in=blinds, work_order__isnull=False).order_by("id")
    rows = list(known.values_list("reference_blind", "work_order_id")) if blinds else []
    proven = {found for draft in drafts if (found := _by_token(draft.contact)) is not None}
    matters = _matters({order_id for _, order_id in rows if order_id is not None} | proven)
    return Surroundings(get_viewer(staff_id=actor_id, at=at), at, Roster(at), matters, _by_reference(rows, matters))


def _matters(order_ids: Collection[int]) -> dict[int, Earlier]:
    """Return the matters by their ids; merging goes one step deep."""
    named = list_progress(work_order_ids=order_ids) if order_ids else {}
    merged_into = {one.merged_into_id for one in named.values() if one.merged_into_id is not None}
    homes = named | list_progress(work_order_ids=merged_into) if merged_into else named
    return {one.id: Earlier(one, homes[one.merged_into_id or one.id]) for one in named.values()}


def _by_reference(rows: Iterable[tuple[int | None, int | None]], matters: dict[int, Earlier]) -> dict[int, int]:
    """Return to which matter each reference leads: the first that is not closed, else the first."""
    found: dict[int, int] = {}
    for blind, order_id in rows:
        if blind is None or order_id is None:
            continue
        if blind not in found or (matters[found[blind]].is_closed and not matters[order_id].is_closed):
            found[blind] = order_id
    return found


def _hold(blinds: Collection[int]) -> None:
    """Let two transactions with messages of one thread follow each other; all are taken in one order, so none wait crosswise."""
    if blinds:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(blind) from unnest(%s::bigint[]) as blind", [sorted(blinds)])


def place(draft: Draft, around: Surroundings) -> None:
    """Decide where a draft belongs: what is about a closed matter opens a new one, unless a machine wrote it.

    :raises Unreadable: when it is automatic and about nothing, its norm or a hazard is not clear, or nobody is present to own it.
    """
    draft.earlier, draft.follows = _earlier(draft, around)
    if draft.earlier is None and draft.follows is None:
        _open(draft, around)
    elif draft.is_automatic:
        _attach(draft)
    else:
        draft.voice_id = around.voice(draft.envelope).id
        if draft.earlier is not None and draft.earlier.is_closed:
            _open(draft, around)
        else:
            _hazards(draft.contact)
            _attach(draft)
    for blind in draft.references[:1]:
        around.drafts.setdefault(blind, draft)


def _earlier(draft: Draft, around: Surroundings) -> tuple[Earlier | None, Draft | None]:
    """Return the matter, or the draft of this batch, that this one proves to be about; a closed matter only if there is no other."""
    closed = None
    for matter, other in _proven(draft, around):
        if matter is None or draft.is_automatic or not matter.is_closed:
            return matter, other
        closed = closed or matter
    return closed, None


def _proven(draft: Draft, around: Surroundings) -> Iterator[tuple[Earlier | None, Draft | None]]:
    """Yield each matter or draft of this batch that this one proves to be about, the strongest proof first."""
    proven = _by_token(draft.contact)
    if proven in around.matters:
        yield around.matters[proven], None
    for blind in draft.references:
        if blind in around.by_reference:
            yield around.matters[around.by_reference[blind]], None
        if (other := around.drafts.get(blind)) is not None:
            yield (None, other.follows or other) if other.follows or other.opening else (other.earlier, None)


def _attach(draft: Draft) -> None:
    if draft.earlier is not None:
        draft.work_order_id, draft.norm = draft.earlier.home.id, draft.earlier.named.norm
        draft.recognised = of_matter(draft.earlier.named.customer_id)
    elif draft.follows is not None:
        draft.norm, draft.recognised = draft.follows.norm, of_matter(draft.follows.recognised.customer_id)


def _by_token(contact: Contact) -> int | None:
    if contact.token:
        found = tokens.matter_of(token=contact.token, seal=lambda text: keyring().blind(text, purpose=tokens.PURPOSE))
        if found is not None:
            return found
    about = about_of_mail(references=" ".join(contact.answers)) if contact.answers else None
    return about.id if about is not None and about.kind == "work_order" else None


def _open(draft: Draft, around: Surroundings) -> None:
    envelope, contact = draft.envelope, draft.contact
    if draft.is_automatic:
        raise Unreadable(Trouble.AUTOMATIC)
    draft.norm, draft.norm_source = _norm(draft, stated_by_agent="norm" in corrected_fields(envelope))
    draft.recognised = _recognised(draft, around)
    unit_id, owner_id = _unit_and_owner(draft, around)
    draft.opening = Opening(
        norm=draft.norm,
        channel=channel_of(draft),
        owner_id=owner_id,
        unit_id=unit_id,
        customer_id=draft.recognised.customer_id,
        supply_point_id=draft.recognised.supply_point_id,
        subject=shortened(contact.subject or contact.text.partition("\n")[0], SUBJECT_LIMIT),
        description=contact.text,
        hazards=_hazards(contact),
        place=Place(jurisdiction=contact.jurisdiction) if contact.jurisdiction else None,
        asked_at=envelope.received_at,
        calendar=contact.calendar or OFFICE,
    )


def _recognised(draft: Draft, around: Surroundings) -> Recognised:
    """Return the customer whom the contact itself shows, else the one of the earlier matter; its supply point where that is theirs."""
    found = recognise(draft.contact)
    if draft.earlier is None:
        return found
    before = draft.earlier.named
    if found.customer_id is None:
        found = of_matter(before.customer_id)
    if found.supply_point_id is not None or found.customer_id != before.customer_id:
        return found
    rows = visible(around.voice(draft.envelope)).filter(pk=before.id)
    return replace(found, supply_point_id=rows.values_list("supply_point_id", flat=True).first())


def channel_of(draft: Draft) -> str:
    """Return the channel that the content names, else the one that it came by.

    :raises Unreadable: when there is no such channel.
    """
    channel = draft.contact.channel or draft.envelope.channel
    if channel not in Channel.values:
        raise Unreadable(Trouble.UNKNOWN_CHANNEL)
    return channel


def _norm(draft: Draft, *, stated_by_agent: bool) -> tuple[str, NormSource]:
    """Return the norm that is stated or guessed; what follows a secret matter stays secret whatever it says (举报保密, R-408)."""
    contact = draft.contact
    if draft.earlier is not None and draft.earlier.named.norm in SECRET_NORMS:
        return _in_force(draft.earlier.named.norm, draft), NormSource.GUESSED
    if contact.norm:
        source = NormSource.MAPPED if contact.is_norm_mapped else NormSource.STATED
        return _in_force(contact.norm, draft), NormSource.AGENT if stated_by_agent else source
    guessed = guess_norm(subject=contact.subject, text=contact.text, channel=channel_of(draft))
    if not guessed:
        raise Unreadable(Trouble.NORM_UNCLEAR)
    return _in_force(guessed, draft), NormSource.GUESSED


def _in_force(slug: str, draft: Draft) -> str:
    try:
        norm_in_force(slug=slug, at=draft.envelope.received_at)
    except NotFound as missing:
        trouble = Trouble.UNKNOWN_TYPE if draft.contact.is_norm_mapped else Trouble.NORM_UNCLEAR
        raise Unreadable(trouble) from missing
    return slug


def _hazards(contact: Contact) -> tuple[str, ...]:
    if any(code not in Hazard.values for code in contact.hazards):
        raise Unreadable(Trouble.WRONG_SHAPE, field="hazards")
    return contact.hazards


def _unit_and_owner(draft: Draft, around: Surroundings) -> tuple[int, int]:
    """Return the unit that a mapping names, else the receiver's; and the owner: whoever received it in person, else an agent."""
    receiver = get_viewer(staff_id=draft.envelope.received_by_id, at=around.at)
    unit_id, unit_path = receiver.unit_id, receiver.unit_path
    if draft.contact.unit_code:
        unit = around.unit(draft.contact.unit_code)
        unit_id, unit_path = unit.id, unit.path
    return unit_id, around.roster.owner_for(unit_path) if receiver.is_automatic else receiver.id


def sender_blind(contact: Contact) -> int | None:
    """Return the blind index by which contacts of one sender find each other, None for one without an address."""
    sender = contact.sender
    if not contact.email and sender:
        try:
            sender = parse_phone(sender).e164
        except PhoneInvalid:
            sender = contact.sender
    return keyring().blind(sender.lower(), purpose=SENDER_PURPOSE) if sender else None


def _reference_blind(envelope: Envelope, contact: Contact, name: str) -> int:
    """Return the blind index of a message's name: mails are named for the whole world, all else for one sender of one source."""
    scope = MAIL if _is_mail(envelope) else f"{envelope.source}\n{contact.sender.lower()}"
    return keyring().blind(f"{scope}\n{name}", purpose=REFERENCE_PURPOSE)


def _is_mail(envelope: Envelope) -> bool:
    return envelope.media_type.partition(";")[0].strip().lower() == MAIL
