"""Publishing norms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.plain_yaml import read_yaml
from shouwen.platform.outbox.services import announce
from shouwen.records.norms import queries
from shouwen.records.norms.events import NormVersionPublished
from shouwen.records.norms.models import Norm, NormVersion
from shouwen.records.norms.rules.definition import parse_norm


class NormVersionChanged(Refusal):
    """A published version cannot say something else."""

    message = "Version %(version)s of norm %(norm)s is published and stands; make version %(next)s of it."


@transaction.atomic
def publish_norm_version(*, document: Mapping[str, Any], actor_id: int | None, at: datetime) -> bool:
    """Publish one version of a norm; return False when just this is published already.

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
    """Publish every norm version in ``folder`` that is new; return how many."""
    documents = [read_yaml(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
    return sum(publish_norm_version(document=document, actor_id=actor_id, at=at) for document in documents)
