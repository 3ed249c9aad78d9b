"""Where a contact belongs: an earlier matter that it proves to be about, or a new one under a norm, in a unit, with an owner."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
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
from shouwen.loop.workorders.choices import Hazard
from shouwen.loop.workorders.queries import Progress, list_progress
from shouwen.loop.workorders.services import Opening
from shouwen.loop.workorders.services.opening import OFFICE
from shouwen.platform.people.directory import UnitCard
from shouwen.platform.people.queries import get_viewer, unit_with_code
from shouwen.platform.policies.rules import Place
from shouwen.platform.search.queries import keyring
from shouwen.records.norms.choices import Channel
from shouwen.records.norms.queries import norm_in_force

REFERENCE_PURPOSE, SENDER_PURPOSE = "contact thread", "contact sender"
MAIL = "message/rfc822"


@dataclass(slots=True)
class Draft:
    """One envelope understood: what it says, and what is to be written. ``follows`` is a draft of the same batch that it is about."""

    envelope: Envelope
    contact: Contact
    references: tuple[int, ...]  # blind: its own name first, then what it answers
    opening: Opening | None = None
    work_order_id: int | None = None
    follows: Draft | None = None
    recognised: Recognised = NOBODY
    norm: str = ""
    norm_source: NormSource = NormSource.NONE

    @property
    def is_attached(self) -> bool:
        return self.opening is None


@dataclass(slots=True)
class Surroundings:
    """What a batch looks at: the agents present, the earlier contacts by reference, the matters that these belong to."""

    at: datetime
    roster: Roster
    matters: dict[int, Progress]
    by_reference: dict[int, int]
    drafts: dict[int, Draft] = field(default_factory=dict)
    units: dict[str, UnitCard] = field(default_factory=dict)

    def unit(self, code: str) -> UnitCard:
        """:raises NotFound: when there is no such unit."""
        if code not in self.units:
            self.units[code] = unit_with_code(code=code)
        return self.units[code]


def draft_of(envelope: Envelope, contact: Contact) -> Draft:
    """Return the draft of a contact that is not placed yet."""
    own = [contact.reference] if contact.reference else []
    return Draft(envelope, contact, tuple(_reference_blind(envelope, contact, name) for name in (*own, *contact.answers)))


def look_around(drafts: Collection[Draft], at: datetime) -> Surroundings:
    """Hold the threads that ``drafts`` belong to until the transaction ends, and read what is known of them."""
    blinds = {blind for draft in drafts for blind in draft.references}
    _hold(draft for draft in drafts if draft.contact.answers or _is_mail(draft.envelope))
    earlier = Interaction.objects.filter(reference_blind__in=blinds, work_order__isnull=False).order_by("-id")
    rows = earlier.values_list("reference_blind", "work_order_id") if blinds else ()
    by_reference = {blind: order_id for blind, order_id in rows if blind is not None and order_id is not None}
    proven = {found for draft in drafts if (found := _by_token(draft.contact)) is not None}
    matters = list_progress(work_order_ids={*by_reference.values(), *proven}) if by_reference or proven else {}
    return Surroundings(at, Roster(at), matters, by_reference)


def _hold(drafts: Iterable[Draft]) -> None:
    """Let two transactions with messages of one thread follow each other; all are taken in one order, so none wait crosswise."""
    blinds = sorted({blind for draft in drafts for blind in draft.references})
    if blinds:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(blind) from unnest(%s::bigint[]) as blind", [blinds])


def place(draft: Draft, around: Surroundings) -> None:
    """Decide where a draft belongs.

    :raises Unreadable: when it is automatic and about nothing, its norm is not clear, or nobody is present to own it.
    """
    matter, draft.follows = _earlier(draft, around)
    if matter is not None:
        draft.work_order_id, draft.norm = matter.merged_into_id or matter.id, matter.norm
        draft.recognised = of_matter(matter.customer_id)
    elif draft.follows is not None:
        draft.norm, draft.recognised = draft.follows.norm, of_matter(draft.follows.recognised.customer_id)
    else:
        _open(draft, around)
    for blind in draft.references[:1]:
        around.drafts.setdefault(blind, draft.follows or draft)


def _earlier(draft: Draft, around: Surroundings) -> tuple[Progress | None, Draft | None]:
    """Return the matter, or the draft of this batch, that this one proves to be about."""
    proven = _by_token(draft.contact)
    if proven in around.matters:
        return around.matters[proven], None
    for blind in draft.references:
        if (order_id := around.by_reference.get(blind)) in around.matters:
            return around.matters[order_id], None
        if blind in around.drafts:
            return None, around.drafts[blind]
    return None, None


def _by_token(contact: Contact) -> int | None:
    if contact.token:
        found = tokens.matter_of(token=contact.token, seal=lambda text: keyring().blind(text, purpose=tokens.PURPOSE))
        if found is not None:
            return found
    about = about_of_mail(references=" ".join(contact.answers)) if contact.answers else None
    return about.id if about is not None and about.kind == "work_order" else None


def _open(draft: Draft, around: Surroundings) -> None:
    envelope, contact = draft.envelope, draft.contact
    corrected = corrected_fields(envelope)
    if contact.is_automatic and not corrected:
        raise Unreadable(Trouble.AUTOMATIC)
    draft.norm, draft.norm_source = _norm(draft, stated_by_agent="norm" in corrected)
    draft.recognised = recognise(contact)
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


def channel_of(draft: Draft) -> str:
    """Return the channel that the content names, else the one that it came by.

    :raises Unreadable: when there is no such channel.
    """
    channel = draft.contact.channel or draft.envelope.channel
    if channel not in Channel.values:
        raise Unreadable(Trouble.UNKNOWN_CHANNEL)
    return channel


def _norm(draft: Draft, *, stated_by_agent: bool) -> tuple[str, NormSource]:
    contact = draft.contact
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
