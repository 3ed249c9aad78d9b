"""How tests hold that a refusal refused: by a picture of every row before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from shouwen.kernel.errors import Refusal


def picture() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table of work orders, and every fact and delivery."""
    models = [*apps.get_app_config("workorders").get_models(), *apps.get_app_config("outbox").get_models()]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


@contextmanager
def refused(*refusals: type[Refusal]) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Hold that the block is refused by just one of these, and that nothing was changed or announced."""
    before = picture()
    with pytest.raises(refusals) as caught:
        yield caught
    assert type(caught.value) in refusals
    assert caught.value.explain()
    assert picture() == before


def columns(row: Model, *names: str) -> tuple[Any, ...]:
    """Return the present values of these columns."""
    row.refresh_from_db()
    return tuple(getattr(row, name) for name in names)
