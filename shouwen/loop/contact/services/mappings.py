"""Keeping how the rows of a foreign file are read."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import transaction

from shouwen.loop.contact.models import RowMapping
from shouwen.loop.contact.rules.rows import parse_mapping


@transaction.atomic
def keep_mapping(*, document: dict[str, Any], at: datetime) -> int:
    """Keep one version of a mapping and return its id; the same document again is the same version.

    :raises MappingInvalid: names what is wrong with it.
    """
    mapping = parse_mapping(document)
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    row, _ = RowMapping.objects.get_or_create(
        digest=digest, defaults={"name": mapping.name, "document": json.loads(canonical), "kept_at": at}
    )
    return row.pk
