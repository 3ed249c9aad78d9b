"""The catalogues of translations: found in the code, kept as ``.po`` files, compiled when they are older than their source.

    python -m shouwen.config.catalogues          look through the code and bring the .po files up to date
    python -m shouwen.config.catalogues --check  fail when a sentence has no Chinese, or one is no longer used

Babel does the work, so nothing but Python is needed. The English sentence is the key: it is found in ``_("…")``, in the ``message`` of a
refusal, in the first argument and the ``problem`` of a call of one, and in the templates of pages. Traditional Chinese is made from the
Simplified by OpenCC when it is compiled; there is no third file to keep.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCALE_DIR = ROOT / "locale"
SOURCE = LOCALE_DIR / "zh_Hans" / "LC_MESSAGES" / "django.po"
COMPILED = SOURCE.with_suffix(".mo")
TRADITIONAL = LOCALE_DIR / "zh_Hant" / "LC_MESSAGES" / "django.mo"
MARKED = frozenset({"_", "gettext", "gettext_lazy"})
TRANSLATE = re.compile(r"""\{% translate "([^"]+)" %\}""")
BLOCK = re.compile(r"\{% blocktranslate[^%]*%\}(.+?)\{% endblocktranslate %\}", re.DOTALL)
VARIABLE = re.compile(r"\{\{ (\w+) \}\}")


def compile_stale() -> None:
    """Compile the catalogues that are older than the ``.po`` file, or missing."""
    if not SOURCE.exists():
        return
    newest = SOURCE.stat().st_mtime
    if all(made.exists() and made.stat().st_mtime >= newest for made in (COMPILED, TRADITIONAL)):
        return
    _compile(COMPILED, traditional=False)
    _compile(TRADITIONAL, traditional=True)


def _compile(target: Path, *, traditional: bool) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with SOURCE.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans")
    if traditional:
        for message in catalogue:
            if message.id and message.string:
                message.string = _traditional(str(message.string))
    target.parent.mkdir(parents=True, exist_ok=True)
    waiting = target.with_suffix(".mo.new")
    with waiting.open("wb") as file:
        write_mo(file, catalogue)
    waiting.replace(target)


@cache
def _converter() -> object:
    from opencc import OpenCC

    return OpenCC("s2t")


def _traditional(text: str) -> str:
    return str(_converter().convert(text))  # type: ignore[attr-defined]


def sentences() -> dict[str, list[str]]:
    """Return every sentence that people read, with the places in the code where it stands."""
    found: dict[str, list[str]] = {}
    for path, texts in _sentences_by_file():
        place = str(path.relative_to(ROOT.parent))
        for text in texts:
            if place not in found.setdefault(text, []):
                found[text].append(place)
    return found


def _sentences_by_file() -> Iterator[tuple[Path, Iterator[str]]]:
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
        if not {"tests", "migrations"} & set(path.parts)
    }
    refusals = _refusals(trees.values())
    for path, tree in trees.items():
        yield path, _sentences_in(tree, refusals)
    for page in sorted(ROOT.rglob("*.html")):
        yield page, _sentences_on(page.read_text(encoding="utf-8"))


def _refusals(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names of all classes that are refusals, however many classes lie between."""
    bases = {
        node.name: {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    names, grown = set[str](), {"Refusal"}
    while grown - names:
        names |= grown
        grown = {name for name, parents in bases.items() if parents & names}
    return frozenset(names - {"BadInput"})


def _sentences_in(tree: ast.AST, refusals: frozenset[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                yield from _called_with(node, refusals)
            case ast.ClassDef(name=name):
                yield from _messages_of(node, is_refusal=name in refusals)


def _called_with(call: ast.Call, refusals: frozenset[str]) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in MARKED or name in refusals:
        yield from _texts(call.args[:1])
    if name in refusals:
        yield from _texts([keyword.value for keyword in call.keywords if keyword.arg == "problem"])
    if name == "Problem":
        yield from _texts(call.args[1:2])


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
            yield node.value


def _messages_of(node: ast.ClassDef, *, is_refusal: bool) -> Iterator[str]:
    for line in node.body:
        match line:
            case ast.Assign(targets=[ast.Name(id="message")], value=ast.Constant(value=str(text))) if is_refusal:
                yield text
            case ast.Assign(targets=[ast.Name(id="WORDS")], value=ast.Dict(values=values)):
                yield from _texts(list(values))


def _sentences_on(page: str) -> Iterator[str]:
    yield from TRANSLATE.findall(page)
    for text in BLOCK.findall(page):
        yield VARIABLE.sub(r"%(\1)s", text)


def missing_and_unused() -> tuple[list[str], list[str]]:
    """Return the sentences without a Chinese one, and the Chinese ones whose sentence is no longer used."""
    from babel.messages.pofile import read_po

    with SOURCE.open("rb") as file:
        kept = {str(message.id): str(message.string) for message in read_po(file) if message.id}
    used = sentences()
    return sorted(text for text in used if not kept.get(text)), sorted(set(kept) - set(used))


def bring_up_to_date() -> None:
    """Write the ``.po`` file anew: translations are kept, new sentences wait for theirs, unused ones go."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    kept: dict[str, str] = {}
    if SOURCE.exists():
        with SOURCE.open("rb") as file:
            kept = {str(message.id): str(message.string) for message in read_po(file) if message.id}
    catalogue = Catalog(locale="zh_Hans", project="Shouwen", charset="utf-8", fuzzy=False)
    for sentence, places in sorted(sentences().items()):
        flags = {"python-format"} if "%(" in sentence else set()
        catalogue.add(sentence, kept.get(sentence, ""), locations=[(place, 0) for place in places], flags=flags)
    SOURCE.parent.mkdir(parents=True, exist_ok=True)
    with SOURCE.open("wb") as file:
        write_po(file, catalogue, width=130, sort_output=True, include_lineno=False)


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
