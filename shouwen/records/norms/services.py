"""Publishing norms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from shouwen.kernel.errors import Refusal
from shouwen.kernel.plain_yaml import read_yaml
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies.queries import all_entries
from shouwen.records.norms import permissions, queries
from shouwen.records.norms.events import NormVersionPublished
from shouwen.records.norms.models import Norm, NormVersion
from shouwen.records.norms.rules.definition import Norm as Definition
from shouwen.records.norms.rules.definition import parse_norm
from shouwen.records.norms.rules.soundness import Defect, check


class NormVersionChanged(Refusal):
    """A published version cannot say something else."""

    message = "Version %(version)s of norm %(norm)s is published and stands; make version %(next)s of it."


class NormUnsound(Refusal):
    """A norm does not hold together; ``defects`` names everything that is wrong."""

    message = "Norm %(norm)s is not sound: %(problems)s"

    def __init__(self, defects: tuple[Defect, ...]) -> None:
        self.defects = defects
        super().__init__(norm=defects[0].norm_id, problems=" ".join(f"{one.place}: {one.words.en}" for one in defects))


class NormTooEarly(Refusal):
    """A version would bind matters that may have been opened already."""

    message = "Norm %(norm)s can begin on %(first)s at the earliest: today's matters are opened under the version in force."


@transaction.atomic
def revise_norm(*, document: Mapping[str, Any], actor_id: int, at: datetime) -> bool:
    """Publish a new version that somebody has written here; return False when just this is published already.

    It must be sound by the policies known at ``at``, and begin on a later day (Asia/Shanghai) than that of ``at``.

    :raises NotAllowed: unless the actor keeps the handbook.
    :raises NormInvalid: when the document is not a norm.
    :raises NormTooEarly: when it would begin today or earlier.
    :raises NormUnsound: naming every defect.
    :raises NormVersionChanged: when that version is published with another text.
    """
    permissions.must_keep_handbook(actor_id=actor_id, at=at)
    norm = parse_norm(document)
    tomorrow = timezone.localdate(at) + timedelta(days=1)
    if norm.effective_from < tomorrow:
        raise NormTooEarly(norm=norm.id, first=tomorrow.isoformat())
    defects = check(norm=norm, policies=all_entries(known_at=at))
    if defects:
        raise NormUnsound(defects)
    return publish_norm_version(document=document, actor_id=actor_id, at=at)


@transaction.atomic
def publish_norm_version(*, document: Mapping[str, Any], actor_id: int | None, at: datetime) -> bool:
    """Publish one version of a norm as it stands, unchecked; return False when just this is published already.

    People come in by ``revise_norm`` and files by ``load_handbook``: both prove the norm sound first.

    :raises NormInvalid: when the document is not a norm.
    :raises NormVersionChanged: when that version is published with another text.
    """
    norm = parse_norm(document)
    row, _ = Norm.objects.get_or_create(code=norm.id, defaults={"slug": norm.slug, "category": norm.category})
    published = NormVersion.objects.filter(norm=row, version=norm.version).first()
    if published is not None:
        if published.digest == norm.digest:
            return False
        raise NormVersionChanged(norm=norm.id, version=norm.version, next=norm.version + 1)
    NormVersion.objects.create(
        norm=row,
        version=norm.version,
        effective_from=norm.effective_from,
        document=norm.as_document(),
        digest=norm.digest,
        published_at=at,
        published_by_id=actor_id,
    )
    queries.forget()
    announce(
        NormVersionPublished(
            norm_id=row.pk,
            code=norm.id,
            version=norm.version,
            effective_from=norm.effective_from.isoformat(),
            digest=norm.digest,
            actor_id=actor_id,
            at=at,
        )
    )
    return True


def load_handbook(*, folder: Path, actor_id: int | None, at: datetime) -> int:
    """Publish every norm version in ``folder`` that is new; return how many.

    :raises NormUnsound: of the first one that does not hold together by the policies known at ``at``.
    """
    documents = [read_yaml(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
    policies = all_entries(known_at=at)
    for document in documents:
        if not _is_published(norm := parse_norm(document)) and (defects := check(norm=norm, policies=policies)):
            raise NormUnsound(defects)
    return sum(publish_norm_version(document=document, actor_id=actor_id, at=at) for document in documents)


def _is_published(norm: Definition) -> bool:
    return NormVersion.objects.filter(norm__code=norm.id, version=norm.version, digest=norm.digest).exists()
