"""Splitting a file into records so that a broken one costs nothing but itself."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BOM = b"\xef\xbb\xbf"
QUOTE, ESCAPED = b'"', b'""'
LINES_LIMIT = 50  # of one record: a quotation mark that is still open then was never closed


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in the file, without its line end. ``is_unclosed``: it opens a quotation mark and never closes it."""

    line_no: int
    content: bytes
    is_unclosed: bool = False


class Lines:
    """The lines of a file, numbered from 1; those read ahead in vain can be put back."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[bytes] = deque()
        self.line_no = 0

    def next(self) -> bytes | None:
        line = self._ahead.popleft() if self._ahead else next(self._lines, None)
        self.line_no += line is not None
        return line

    def put_back(self, lines: list[bytes]) -> None:
        self._ahead.extendleft(reversed(lines))
        self.line_no -= len(lines)


def split_records(lines: Iterable[bytes], *, delimiter: str) -> Iterator[Record]:
    """Yield the records of a file, the heading first.

    A quoted cell may run over several lines. Where the lines that an open quotation mark takes in do not close it, or do not make up
    a record with as many cells as the heading, the mark was never closed: its line is a broken record of its own.
    """
    source, cell_count = Lines(lines), 0
    while (first := source.next()) is not None:
        line_no = source.line_no
        content = _bare(first.removeprefix(BOM) if line_no == 1 else first)
        is_unclosed = _is_open(content, delimiter)
        if is_unclosed:
            joined = _joined(content, source, delimiter, cell_count)
            content, is_unclosed = (content, True) if joined is None else (joined, False)
        cell_count = cell_count or max(_count_cells(content, delimiter), 0)
        yield Record(line_no, content, is_unclosed)


def _bare(line: bytes) -> bytes:
    return line.rstrip(b"\r\n")


def _joined(content: bytes, source: Lines, delimiter: str, cell_count: int) -> bytes | None:
    """Return the record that begins with ``content`` and goes on over the next lines; None, and nothing read, when there is none."""
    taken: list[bytes] = []
    while len(taken) < LINES_LIMIT and (line := source.next()) is not None:
        taken.append(line)
        content += b"\n" + _bare(line)
        if not _is_open(content, delimiter):
            if cell_count in (0, _count_cells(content, delimiter)):
                return content
            break
    source.put_back(taken)
    return None


def _count_cells(content: bytes, delimiter: str) -> int:
    """Return how many cells a record has, -1 when a quoted cell goes on behind its closing mark."""
    lines = content.decode("latin-1").splitlines(keepends=True)
    try:
        return len(next(csv.reader(lines, delimiter=delimiter, strict=True), ()))
    except csv.Error:
        return -1


def _is_open(content: bytes, delimiter: str) -> bool:
    """Return whether a quoted cell is open at the end. A mark opens a cell at its beginning only; two within one stand for one."""
    mark, is_quoted = delimiter.encode(), False
    for part in content.split(mark) if QUOTE in content else ():
        if not is_quoted:
            is_quoted = part.startswith(QUOTE)
            part = part[1:]
        if is_quoted and part.replace(ESCAPED, b"").count(QUOTE):
            is_quoted = False
    return is_quoted
