"""``shouwen calc``: one JSON object on the standard input, its answer on the standard output; with ``--lines`` one on each line.

A wrong input is answered with its error and exit code 2. With ``--lines`` the error stands on the line of its case, also of a blank one,
the rest goes on, and the exit code is 2 when any line was wrong. A byte order mark before the first character is no part of the input.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import orjson

from shouwen.config.calc.registry import ENTRIES, Calculation, Document, calculation
from shouwen.kernel.errors import BadInput

BOM = b"\xef\xbb\xbf"
CHUNK = 1 << 18
DEEPEST = 100  # levels of a case: no calculation takes a tenth of it, and what is read can then be written
LONGEST_PROBLEM = 300  # characters: whoever sends a megabyte knows what it was
WRONG_INPUT = 2
UNFORESEEN_HINT = "look for values that cannot be; if there are none, report it"

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "Calculations:\n" + "\n".join(f"  {name:14} {entry.says}" for name, entry in ENTRIES.items())
    parser.add_argument("name", nargs="?", metavar="CALCULATION", help="which one, see below")
    parser.add_argument("--lines", action="store_true", help="one case on each line, one answer on each line, in the same order")
    parser.add_argument("--list", action="store_true", help="print the names of the calculations")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of what the calculation takes and gives")


def run(arguments: argparse.Namespace) -> int:
    out = sys.stdout.buffer
    if arguments.list:
        out.write("".join(f"{name}\n" for name in ENTRIES).encode())
        return 0
    try:
        found = calculation(arguments.name or "")
    except BadInput as error:
        out.write(_json(_error(error)))
        return WRONG_INPUT
    if arguments.schema:
        out.write(orjson.dumps({"in": found.takes, "out": found.gives}, option=orjson.OPT_INDENT_2) + b"\n")
        return 0
    return _lines(found, sys.stdin.buffer, out) if arguments.lines else _single(found, sys.stdin.buffer, out)


def _single(found: Calculation, source: BinaryIO, out: BinaryIO) -> int:
    answer, is_right = _answer(found, source.read().removeprefix(BOM))
    out.write(answer + b"\n")
    return 0 if is_right else WRONG_INPUT


def _lines(found: Calculation, source: BinaryIO, out: BinaryIO) -> int:
    """Answer each line as soon as it is there; a wrong one is answered with its error, and the rest goes on."""
    code = 0
    for lines in _whole_lines(source):
        answers = [_answer(found, line) for line in lines]
        out.write(b"".join(answer + b"\n" for answer, _ in answers))
        out.flush()
        if not all(is_right for _, is_right in answers):
            code = WRONG_INPUT
    return code


def _whole_lines(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines that have arrived together; the end of the last line begins no further one."""
    pending, mark = b"", BOM
    while chunk := source.read1(CHUNK):  # type: ignore[attr-defined]  # a buffered stream has it
        *whole, pending = (pending + chunk).split(b"\n")
        if whole:
            whole[0], mark = whole[0].removeprefix(mark), b""
            yield whole
    if last := pending.removeprefix(mark):
        yield [last]


def _answer(found: Calculation, text: bytes) -> tuple[bytes, bool]:
    """Return the answer to one case, and whether it is one: an error, whatever went wrong, is an answer too."""
    try:
        return orjson.dumps(found.run(_read(text))), True
    except BadInput as error:
        return orjson.dumps(_error(error)), False
    except Exception as error:  # the outermost edge of a case: the others are answered all the same
        kind = type(error).__name__
        log.error("%s: a case could not be answered: %s", found.takes["title"], kind)  # its words may hold what was asked
        return orjson.dumps(_error(BadInput("input", f"this case cannot be calculated ({kind})", UNFORESEEN_HINT))), False


def _read(text: bytes) -> Document:
    if not text.strip():
        raise BadInput("input", "there is nothing here", "write one JSON object")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput("input", f"this is not JSON: {error}", "write one JSON object") from error
    if not isinstance(document, dict):
        raise BadInput("input", f"this is {type(document).__name__}, not an object", "write one JSON object")
    if text.count(b"{") + text.count(b"[") > DEEPEST and _is_too_deep(document):
        raise BadInput("input", f"this is nested deeper than {DEEPEST} levels", "write one JSON object as the schema describes")
    return document


def _is_too_deep(document: object) -> bool:
    level: list[object] = [document]
    for _ in range(DEEPEST):
        level = [part for one in level for part in _parts(one) if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def _parts(one: object) -> Iterable[object]:
    match one:
        case dict():
            return one.values()
        case list():
            return one
    return ()


def _error(error: BadInput) -> Document:
    return {"error": {"field": _short(error.field), "problem": _short(error.problem), "hint": error.hint}}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PROBLEM else f"{text[: LONGEST_PROBLEM - 1]}…"


def _json(document: Document) -> bytes:
    return orjson.dumps(document) + b"\n"
