"""The printing press: the handbook's pages become a PDF by typst, in whatever Chinese font this machine has.

Fonts are looked for in the folder of the setting (``SHOUWEN_FONTS``), then among the system's, then where ``make fonts`` puts them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

import typst

from shouwen.kernel.errors import Refusal

TEMPLATE = Path(__file__).with_name("handbook.typ")
FETCHED_FONTS = Path(__file__).resolve().parents[4] / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
FAMILIES: Final = (
    *("Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN"),
    *("PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei"),
)


class FontMissing(Refusal):
    """Nothing on this machine can draw Chinese characters."""

    message = (
        "There is no font with Chinese characters to print with. Run `make fonts`, or install Noto Sans CJK "
        "(Debian: fonts-noto-cjk), or set SHOUWEN_FONTS to a folder that holds such a font."
    )


@dataclass(frozen=True, slots=True)
class Typeface:
    """A font family, and the fonts among which typst finds it."""

    family: str
    fonts: typst.Fonts


def find_typeface(*, own_folder: Path | None, use_system: bool = True, fetched: Path = FETCHED_FONTS) -> Typeface:
    """Return the first Chinese typeface there is: in the folder given, of the system, or fetched.

    :raises FontMissing: when there is none.
    """
    for fonts in _places(own_folder, use_system, fetched):
        families = set(fonts.families())
        for family in FAMILIES:
            if family in families:
                return Typeface(family, fonts)
    raise FontMissing


def _places(own_folder: Path | None, use_system: bool, fetched: Path) -> Iterator[typst.Fonts]:
    if own_folder is not None:
        yield _fonts_in([own_folder])
    if use_system:
        yield typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    if fetched.is_dir():
        yield _fonts_in([fetched])


def _fonts_in(folders: Sequence[Path]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(one) for one in folders])


def print_pages(*, pages: dict[str, Any], typeface: Typeface, day: date) -> bytes:
    """Return the PDF of ``pages``, which ``rules.pages.handbook`` has made.

    ``day`` is its date, so that the same pages give the same file.
    """
    compiler = typst.Compiler(input=TEMPLATE.read_bytes(), font_paths=typeface.fonts)
    stamp = int(datetime.combine(day, time(), tzinfo=UTC).timestamp())
    made = compiler.compile(format="pdf", sys_inputs={"handbook": json.dumps(pages, ensure_ascii=False)}, timestamp=stamp)
    assert isinstance(made, bytes)
    return made
