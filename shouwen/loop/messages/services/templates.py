"""Texts to customers: a version is approved once and stands for ever; the handbook brings the first ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.plain_yaml import read_yaml
from shouwen.loop.messages import permissions
from shouwen.loop.messages.events import TemplateApproved
from shouwen.loop.messages.models import Template, TemplateVersion
from shouwen.loop.messages.rules.definitions import TemplateBroken, TemplateDefinition, read_definition, texts_as_json
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer


class CannotApprove(Refusal):
    message = "This text cannot be approved: %(problem)s."


@transaction.atomic
def load_templates(*, folder: Path, actor_id: int, at: datetime) -> int:
    """Approve every template in the files of ``folder`` whose content has changed; return how many. The same again changes nothing.

    :raises NotAllowed: unless the actor keeps the texts to customers.
    :raises CannotApprove: naming the template that is broken or stands there twice; then none is approved.
    """
    entries = [entry for path in sorted(folder.glob("*.yaml")) for entry in read_yaml(path.read_text(encoding="utf-8")) or ()]
    definitions = [_definition(entry) for entry in entries]
    keys = [definition.key for definition in definitions]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise CannotApprove(problem=f"{', '.join(sorted(twice))}: written twice")
    return sum(_approve(definition, actor_id, at) for definition in definitions)


@transaction.atomic
def approve_template(*, entry: Mapping[str, Any], actor_id: int, at: datetime) -> bool:
    """Approve one text as the next version of its template; return False when just this is approved already.

    :raises NotAllowed: unless the actor keeps the texts to customers.
    :raises CannotApprove: when something is missing, unknown, or texts and fields do not agree.
    """
    return _approve(_definition(dict(entry)), actor_id, at)


def _definition(entry: object) -> TemplateDefinition:
    try:
        return read_definition(entry)
    except TemplateBroken as broken:
        raise CannotApprove(problem=str(broken)) from broken


def _approve(definition: TemplateDefinition, actor_id: int, at: datetime) -> bool:
    permissions.must_approve(get_viewer(staff_id=actor_id, at=at))
    Template.objects.get_or_create(key=definition.key)
    template = Template.objects.select_for_update().get(key=definition.key)
    newest = template.versions.order_by("-number").first()
    if newest is not None and newest.digest == definition.digest:
        return False
    number = newest.number + 1 if newest else 1
    _store(template, definition, number, actor_id, at)
    announce(
        TemplateApproved(
            template_id=template.pk, key=template.key, number=number, digest=definition.digest, actor_id=actor_id, at=at
        )
    )
    return True


def _store(template: Template, definition: TemplateDefinition, number: int, actor_id: int, at: datetime) -> None:
    TemplateVersion.objects.create(
        template=template,
        number=number,
        kind=definition.kind,
        is_urgent=definition.is_urgent,
        purpose=dict(definition.purpose),
        norm_hints=list(definition.norm_hints),
        texts=texts_as_json(definition.texts),
        fields=sorted(definition.fields),
        max_sms_parts=definition.max_sms_parts,
        digest=definition.digest,
        approved_by_id=actor_id,
        approved_at=at,
    )
