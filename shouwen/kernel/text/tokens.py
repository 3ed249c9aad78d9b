"""Cutting folded text into the smallest parts that people search by."""

from __future__ import annotations

import re
from itertools import pairwise

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_PIECES = re.compile(f"[{_HAN}]|[0-9]+|[a-z\u00df-\u024f\u0370-\u03ff\u0400-\u04ff]+")
_DIGITS = re.compile(r"[0-9]+")
_SCRIPTS = re.compile(f"[{_HAN}]+|[0-9]+|[a-z\u00df-\u024f\u0370-\u03ff\u0400-\u04ff]+")


def pieces(folded: str) -> list[str]:
    """Return the pieces of a folded text in order: each Chinese character, each run of digits, each run of letters."""
    return _PIECES.findall(folded)


def bigrams(folded: str) -> list[str]:
    """Return each pair of neighbouring pieces: ``文三路90号`` gives 文三, 三路, 路90, 90号.

    Marks and spaces between pieces do not part them, so ``文三路 90号`` gives the same.
    """
    parts = _PIECES.findall(folded)
    return [left + right for left, right in pairwise(parts)]


def digit_runs(folded: str) -> list[str]:
    """Return each run of digits in order."""
    return _DIGITS.findall(folded)


def script_runs(folded: str) -> list[str]:
    """Return runs of one kind: ``张伟5678`` gives 张伟, 5678."""
    return _SCRIPTS.findall(folded)
