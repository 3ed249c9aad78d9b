"""The catalogues of translations: kept as a ``.po`` file, compiled when what is compiled was not made from it as it stands.

    python -m shouwen.config.catalogues          look through the code and bring the .po file up to date
    python -m shouwen.config.catalogues --check  fail when a sentence has no Chinese, or one is no longer used

``shouwen.config.sentences`` finds what people read; Babel does the rest, so nothing but Python is needed. Traditional Chinese is made
from the Simplified by OpenCC when it is compiled; there is no third file to keep. Every file is written beside its place and then moved
there, so that whoever reads or compiles at the same time never meets half of one.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shouwen.config.sentences import ROOT, Sentence, sentences

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LOCALE_DIR = ROOT / "locale"
SOURCE = LOCALE_DIR / "zh_Hans" / "LC_MESSAGES" / "django.po"
WIDTH = 130
Text = str | tuple[str, ...] | list[str] | None  # what Babel keeps of a sentence: several forms where something is counted
HEADING = """\
# What Shouwen says, in Simplified Chinese. Sorted by the English sentence; "python -m shouwen.config.catalogues" writes it anew.
msgid ""
msgstr ""
"Project-Id-Version: Shouwen\\n"
"Language: zh_Hans\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def compile_stale(locale_dir: Path = LOCALE_DIR) -> None:
    """Compile the catalogues that are missing, or were made from another state of the ``.po`` file than the present one."""
    source = _source(locale_dir)
    if not source.exists():
        return
    written_ns = source.stat().st_mtime_ns
    targets = {locale_dir / code / "LC_MESSAGES" / "django.mo": code == "zh_Hant" for code in ("zh_Hans", "zh_Hant")}
    for target, is_traditional in targets.items():
        if not target.exists() or target.stat().st_mtime_ns != written_ns:
            _compile(source, target, is_traditional=is_traditional)
            os.utime(target, ns=(written_ns, written_ns))


def _source(locale_dir: Path) -> Path:
    return locale_dir / "zh_Hans" / "LC_MESSAGES" / "django.po"


def _compile(source: Path, target: Path, *, is_traditional: bool) -> None:
    from babel.messages.mofile import write_mo

    catalogue = _read(source)
    if is_traditional:
        for message in catalogue:
            if message.id:
                message.string = _traditional(message.string)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    _put(target, compiled.getvalue())


def _read(source: Path) -> Catalog:
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def _put(target: Path, content: bytes) -> None:
    """Put a file into its place at once: others compile and read at the same time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@cache
def _converter() -> object:
    from opencc import OpenCC

    return OpenCC("s2tw")


def _traditional(text: Text) -> str | tuple[str, ...]:
    """Return Simplified as Traditional Chinese; of what counts, each form."""
    if isinstance(text, tuple | list):
        return tuple(str(_traditional(form)) for form in text)
    return str(_converter().convert(text or ""))  # type: ignore[attr-defined]


def kept_sentences(source: Path = SOURCE) -> dict[Sentence, str]:
    """Return the Chinese of each sentence in the ``.po`` file, empty where it waits for one."""
    if not source.exists():
        return {}
    return {_sentence(message.id): _first(message.string) for message in _read(source) if message.id}


def _sentence(key: str | tuple[str, ...] | list[str]) -> Sentence:
    return Sentence(key) if isinstance(key, str) else Sentence(*key)


def _first(string: Text) -> str:
    return (string if isinstance(string, str) else string[0]) if string else ""


def missing_and_unused(source: Path = SOURCE, root: Path = ROOT) -> tuple[list[str], list[str]]:
    """Return the sentences without a Chinese one, and the Chinese ones whose sentence is no longer used."""
    kept, used = kept_sentences(source), sentences(root)
    return sorted(sentence.key for sentence in used if not kept.get(sentence)), sorted(
        sentence.key for sentence in kept if sentence not in used
    )


def bring_up_to_date(source: Path = SOURCE, root: Path = ROOT) -> None:
    """Write the ``.po`` file anew: translations are kept, new sentences wait for theirs, unused ones go."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    kept = kept_sentences(source)
    catalogue = Catalog(locale="zh_Hans", project="Shouwen", charset="utf-8", fuzzy=False)
    for sentence, places in sorted(sentences(root).items()):
        chinese = kept.get(sentence, "")
        catalogue.add(
            tuple(sentence) if sentence.plural else sentence.key,
            (chinese,) if sentence.plural else chinese,
            locations=[(place, 0) for place in places],
            flags={"python-format"} if "%(" in sentence.key else set(),
        )
    written = io.BytesIO()
    write_po(written, catalogue, width=WIDTH, sort_output=True, include_lineno=False, omit_header=True)
    content = HEADING.encode() + written.getvalue()
    if not source.exists() or source.read_bytes() != content:
        _put(source, content)


def main(words: list[str]) -> int:
    """Bring the catalogue up to date, or check it; return the exit code."""
    if "--check" not in words:
        bring_up_to_date()
    missing, unused = missing_and_unused()
    for text in missing:
        print(f"no Chinese: {text}")  # noqa: T201 - this is a command
    for text in unused:
        print(f"no longer used: {text}")  # noqa: T201 - this is a command
    return 1 if missing or unused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
