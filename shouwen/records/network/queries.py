"""Questions about the network."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shouwen.kernel.errors import NotFound
from shouwen.records.network.models import Transformer


@dataclass(frozen=True, slots=True)
class TransformerCard:
    """A transformer in one line."""

    id: int
    code: str
    name: str
    path: str
    area_class: str


CARD = ("id", "code", "name", "path", "area_class")


def get_transformer(*, transformer_id: int) -> TransformerCard:
    """Return one transformer.

    :raises NotFound: when there is none.
    """
    row = Transformer.objects.filter(pk=transformer_id).values_list(*CARD).first()
    if row is None:
        raise NotFound
    return TransformerCard(*row)


def transformer_ids_by_code(*, codes: Collection[str]) -> dict[str, int]:
    """Return the ids of the transformers in service with these codes; unknown codes are left out."""
    return dict(Transformer.objects.in_service().filter(code__in=codes).values_list("code", "id"))


def list_transformers_below(*, path: str, after: str = "", limit: int = 500) -> list[TransformerCard]:
    """Return up to ``limit`` transformers in service at or below the device at ``path``, by path, after the path ``after``."""
    if not path:
        return []
    rows = Transformer.objects.in_service().below(path).filter(path__gt=after).order_by("path")[:limit]
    return [TransformerCard(*row) for row in rows.values_list(*CARD)]
