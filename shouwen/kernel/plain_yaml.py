"""YAML of the handbook: plain data only, read by the compiled parser where there is one (seven times as fast).

The parser is imported where it is used: a web process reads the handbook from the database and needs none.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml


@cache
def plain_loader() -> type[yaml.SafeLoader]:
    """Return the class that reads plain data."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """Return what a document says: mappings, lists, texts, numbers and dates, never an object.

    :raises yaml.YAMLError: when it is no YAML.
    """
    import yaml

    return yaml.load(text, Loader=plain_loader())  # noqa: S506 - a safe loader
