"""YAML of the handbook: plain data only, read by the compiled parser where there is one (seven times as fast)."""

from __future__ import annotations

from typing import Any

import yaml

PlainLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """Return what a document says: mappings, lists, texts, numbers and dates, never an object.

    :raises yaml.YAMLError: when it is no YAML.
    """
    return yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a safe loader
