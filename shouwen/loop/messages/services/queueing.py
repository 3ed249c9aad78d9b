"""Queueing a notice for one recipient or for a million: the way of each is chosen, the text is filled when it goes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.loop.messages.events import NoticeQueued
from shouwen.loop.messages.models import Notice, TemplateVersion
from shouwen.loop.messages.rules.definitions import FILLED_BY_US
from shouwen.loop.messages.rules.texts import FieldValue, fields_as_json
from shouwen.loop.messages.rules.threads import About
from shouwen.loop.messages.services.recipients import add_address, add_customers, add_staff
from shouwen.platform.outbox.services import announce

Fields = Mapping[str, FieldValue]


class CannotQueue(Refusal):
    """The notice cannot be queued like this."""


@dataclass(frozen=True, slots=True)
class Queued:
    """The notice, and how many recipients this call has added: none when it was asked for before."""

    notice_id: int
    message_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Who is to be told, with what is theirs alone."""

    customer_ids: tuple[int, ...]
    staff_ids: tuple[int, ...]
    address: str
    language: str
    not_after: datetime | None
    own_fields: Mapping[int, Fields] = field(default_factory=dict)


@transaction.atomic
def queue_notice(
    *,
    template: str,
    about: About,
    idempotency_key: str,
    actor_id: int | None,
    at: datetime,
    customer_ids: Collection[int] = (),
    staff_ids: Collection[int] = (),
    address: str = "",
    language: str = "",
    fields: Fields | None = None,
    own_fields: Mapping[int, Fields] | None = None,
    not_after: datetime | None = None,
) -> Queued:
    """Queue one notice for customers, staff and at most one bare address, each recipient once for ``idempotency_key`` (A7).

    ``fields`` hold for all, ``own_fields`` for single customers; what the template does not name is not kept. ``address`` is a mailbox
    or a telephone number (E.164), ``language`` its reader's. From ``not_after`` on there is no more sense in saying it, and it is not
    sent. Who cannot be reached at all, or only too late because of quiet hours, fails at once (``MessageFailed``). Asked for again with
    the same key it adds the recipients that are new, to a cancelled notice none. Who may tell whom is decided by the verb that asks.

    :raises CannotQueue: for an unknown template, a field without value, or a key that names another notice.
    """
    version = _version(template, at)
    asked = _Asked(
        customer_ids=tuple(dict.fromkeys(customer_ids)),
        staff_ids=tuple(dict.fromkeys(staff_ids)),
        address=address,
        language=language,
        not_after=not_after,
        own_fields=_kept_of_each(version, own_fields),
    )
    kept = _kept(version, fields or {})
    _must_be_filled(version, kept, asked)
    notice, is_new = _notice(version, about, idempotency_key, kept, actor_id, at)
    added = 0 if notice.cancelled_at else _add(notice, asked, is_new, at)
    if added:
        announce(
            NoticeQueued(
                notice_id=notice.pk,
                about_kind=about.kind,
                about_id=about.id,
                message_count=added,
                template=template,
                actor_id=actor_id,
                at=at,
            )
        )
    return Queued(notice.pk, added)


def _version(template: str, at: datetime) -> TemplateVersion:
    versions = TemplateVersion.objects.select_related("template").filter(template__key=template, approved_at__lte=at)
    version = versions.order_by("-number").first()
    if version is None:
        raise CannotQueue("No text called %(template)s is approved.", template=template)
    return version


def _kept(version: TemplateVersion, fields: Fields) -> Fields:
    """Return the fields that the template names: what it does not need is not stored."""
    return {name: value for name, value in fields.items() if name in version.fields}


def _kept_of_each(version: TemplateVersion, own_fields: Mapping[int, Fields] | None) -> dict[int, Fields]:
    return {customer_id: _kept(version, fields) for customer_id, fields in (own_fields or {}).items()}


def _must_be_filled(version: TemplateVersion, fields: Fields, asked: _Asked) -> None:
    open_names = set(version.fields) - FILLED_BY_US - set(fields)
    if not open_names:
        return
    lacking = {name for customer_id in asked.customer_ids for name in open_names - set(asked.own_fields.get(customer_id, ()))}
    if asked.staff_ids or asked.address or not asked.customer_ids:
        lacking = open_names
    if lacking:
        raise CannotQueue(
            "The text %(template)s needs a value for %(fields)s.",
            template=version.template.key,
            fields=", ".join(sorted(lacking)),
        )


def _notice(
    version: TemplateVersion, about: About, key: str, fields: Fields, actor_id: int | None, at: datetime
) -> tuple[Notice, bool]:
    """Return the notice of this key, its row locked, and whether it is new.

    Who asks at the same moment waits here until the other has committed.
    """
    notice, is_new = Notice.objects.get_or_create(
        idempotency_key=key,
        defaults={
            "template_version": version,
            "about_kind": about.kind,
            "about_id": about.id,
            "fields": fields_as_json(fields),
            "is_urgent": version.is_urgent,
            "queued_by_id": actor_id,
            "queued_at": at,
        },
    )
    if is_new:
        return notice, True
    notice = Notice.objects.select_for_update(of=("self",)).select_related("template_version").get(pk=notice.pk)
    known = (notice.about_kind, notice.about_id, notice.template_version.template_id)
    if known != (about.kind, about.id, version.template_id):
        raise CannotQueue("The key %(key)s names another notice.", key=key)
    return notice, False


def _add(notice: Notice, asked: _Asked, is_new: bool, at: datetime) -> int:
    end = asked.not_after
    added = add_customers(
        notice=notice, customer_ids=asked.customer_ids, own_fields=asked.own_fields, not_after=end, is_new=is_new, at=at
    )
    added += add_staff(notice=notice, staff_ids=asked.staff_ids, not_after=end, at=at)
    if asked.address:
        added += add_address(notice=notice, address=asked.address, language=asked.language, not_after=end, at=at)
    return added
