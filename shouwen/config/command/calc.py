"""``shouwen calc``: one JSON object on the standard input, its answer on the standard output; with ``--lines`` one on each line.

A wrong input is answered with its error and exit code 2. With ``--lines`` the error stands on the line of its case, and the exit code
is 2 only when no line could be read at all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from shouwen.config.calc.registry import ENTRIES, Calculation, Document, calculation
from shouwen.kernel.errors import BadInput

CHUNK = 1 << 18
LONGEST_PROBLEM = 300  # characters: whoever sends a megabyte knows what it was
WRONG_INPUT = 2


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
    try:
        answer = found.run(_read(source.read()))
    except BadInput as error:
        out.write(_json(_error(error)))
        return WRONG_INPUT
    out.write(_json(answer))
    return 0


def _lines(found: Calculation, source: BinaryIO, out: BinaryIO) -> int:
    """Answer each line as soon as it is there; a wrong one is answered with its error, and the rest goes on."""
    asked = readable = 0
    for lines in _whole_lines(source):
        answers = []
        for line in lines:
            asked += 1
            try:
                case = _read(line)
                readable += 1
                answers.append(orjson.dumps(found.run(case)))
            except BadInput as error:
                answers.append(orjson.dumps(_error(error)))
        if answers:
            out.write(b"\n".join(answers) + b"\n")
            out.flush()
    return WRONG_INPUT if asked and not readable else 0


def _whole_lines(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines that have arrived together; blank lines are no cases."""
    pending = b""
    while chunk := source.read1(CHUNK):  # type: ignore[attr-defined]  # a buffered stream has it
        *whole, pending = (pending + chunk).split(b"\n")
        yield [line for line in whole if line.strip()]
    if pending.strip():
        yield [pending]


def _read(text: bytes) -> Document:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput("input", f"this is not JSON: {error}", "write one JSON object") from error
    if not isinstance(document, dict):
        raise BadInput("input", f"this is {type(document).__name__}, not an object", "write one JSON object")
    return document


def _error(error: BadInput) -> Document:
    return {"error": {"field": _short(error.field), "problem": _short(error.problem), "hint": error.hint}}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PROBLEM else f"{text[: LONGEST_PROBLEM - 1]}…"


def _json(document: Document) -> bytes:
    return orjson.dumps(document) + b"\n"
