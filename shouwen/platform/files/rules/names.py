"""The name that a file came with, made fit to be shown and to be saved under. It never decides anything."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 120
_FORBIDDEN = frozenset('/\\:*?"<>|')


def clean_name(name: str) -> str:
    """Return the last part of a path without marks that a file system or a reader is misled by; never empty.

    Drops folders, control and direction marks (so that ``exe.gpj`` is not shown reversed), and leading dots; a long name loses its
    middle and keeps its ending.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    shown = "".join("_" if letter in _FORBIDDEN else letter for letter in last if unicodedata.category(letter)[0] != "C")
    shown = " ".join(shown.split()).lstrip(". ")
    if len(shown) > LONGEST_NAME:
        stem, dot, ending = shown.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 10 else ""
        shown = shown[: LONGEST_NAME - len(ending) - 1] + "…" + ending
    return shown or "file"
