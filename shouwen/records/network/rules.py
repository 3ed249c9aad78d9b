"""Paths of devices: the codes from the substation down, each ended by a dot."""

from __future__ import annotations

import re

PATH_MARK = "."
CODE_PATTERN = r"^[A-Za-z0-9_\-\u4e00-\u9fff]{1,30}$"
_CODE = re.compile(CODE_PATTERN)


def is_code(text: str) -> bool:
    """Return whether ``text`` can be a device's code: 1 to 30 letters, digits, ``-`` or ``_``, and no dot."""
    return _CODE.match(text) is not None


def path_of(*, code: str, parent_path: str) -> str:
    """Return the path of a device below the one at ``parent_path`` (empty for a substation)."""
    return f"{parent_path}{code}{PATH_MARK}"


def is_below(path: str, *, top: str) -> bool:
    """Return whether the device at ``path`` is the one at ``top`` or is fed through it. The empty path is nowhere."""
    return bool(top) and path.startswith(top)


def paths_upward(path: str) -> tuple[str, ...]:
    """Return the path of a device and of each one it is fed through, the nearest first."""
    codes = path.split(PATH_MARK)[:-1]
    return tuple(PATH_MARK.join(codes[:depth]) + PATH_MARK for depth in range(len(codes), 0, -1))


def lowest_shared(paths: list[str]) -> str:
    """Return the path of the lowest device that all ``paths`` are fed through, empty when there is none."""
    shared = paths_upward(paths[0]) if paths else ()
    return next((top for top in shared if all(path.startswith(top) for path in paths)), "")
