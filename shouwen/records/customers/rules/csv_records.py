"""Cutting a file into records so that a broken one never takes its neighbours with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

RECORD_LINES_LIMIT = 50
RECORD_LENGTH_LIMIT = 64_000
QUOTE = '"'

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """One record as it stands in the file. ``line_no`` is its first line, from 1; ``fault`` names what makes it unreadable."""

    line_no: int
    text: str
    fault: str = ""


def csv_records(lines: Iterable[str]) -> Iterator[CsvRecord]:
    """Yield the records of a file: a line, or several where a quoted cell holds line breaks.

    A quotation mark that is not closed within ``RECORD_LINES_LIMIT`` lines or ``RECORD_LENGTH_LIMIT`` characters spoils its own line
    only: the lines after it are read as records of their own. Empty lines are passed over.
    """
    source = enumerate(lines, start=1)
    returned: deque[Line] = deque()
    while line := _next(returned, source):
        line_no, text = line
        if QUOTE not in text or text.count(QUOTE) % 2 == 0:
            if text.strip():
                yield _whole(line_no, text)
            continue
        more = _rest_of_quoted(text, returned, source)
        if more is None:
            yield CsvRecord(line_no, text.rstrip("\r\n"), "too_long" if len(text) > RECORD_LENGTH_LIMIT else "unclosed_quote")
        else:
            yield _whole(line_no, text + more)


def _next(returned: deque[Line], source: Iterator[Line]) -> Line | None:
    return returned.popleft() if returned else next(source, None)


def _rest_of_quoted(first: str, returned: deque[Line], source: Iterator[Line]) -> str | None:
    """Return the lines that close the open quotation mark of ``first``; None, with the lines given back, when none does."""
    taken: list[Line] = []
    length = len(first)
    while len(taken) < RECORD_LINES_LIMIT - 1 and length <= RECORD_LENGTH_LIMIT:
        line = _next(returned, source)
        if line is None:
            break
        taken.append(line)
        length += len(line[1])
        if line[1].count(QUOTE) % 2 == 1:
            return "".join(text for _, text in taken)
    returned.extendleft(reversed(taken))
    return None


def _whole(line_no: int, text: str) -> CsvRecord:
    return CsvRecord(line_no, text.rstrip("\r\n"), "too_long" if len(text) > RECORD_LENGTH_LIMIT else "")
