import pytest

from shouwen.config.replay.records import LINES_LIMIT, Record, split_records


def split(content: bytes) -> list[Record]:
    return list(split_records(content.splitlines(keepends=True), delimiter=","))


def test_records_are_lines_numbered_as_in_the_file() -> None:
    assert split(b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3,4") == [
        Record(1, b"a,b"),
        Record(2, b"1,2"),
        Record(3, b""),
        Record(4, b"3,4"),
    ]


def test_a_quoted_cell_may_run_over_lines() -> None:
    assert split(b'a,b\n1,"x\n""y"",\nz"\n2,3\n') == [Record(1, b"a,b"), Record(2, b'1,"x\n""y"",\nz"'), Record(5, b"2,3")]


@pytest.mark.parametrize("cell", [b'""', b'"x"', b'"x, y"', b'"x ""y"""', b'""""', b'6" pipe', b'x"'])
def test_marks_that_are_closed_or_open_nothing_stay_in_their_line(cell: bytes) -> None:
    assert split(b"a,b\n1," + cell + b"\n2,3\n") == [Record(1, b"a,b"), Record(2, b"1," + cell), Record(3, b"2,3")]


def test_a_mark_that_is_never_closed_costs_its_own_line_only() -> None:
    assert split(b'a,b\n1,"x\n2,3\n4,5\n') == [
        Record(1, b"a,b"),
        Record(2, b'1,"x', is_unclosed=True),
        Record(3, b"2,3"),
        Record(4, b"4,5"),
    ]


def test_a_mark_that_a_later_row_seems_to_close_costs_its_own_line_only() -> None:
    assert split(b'a,b\n1,"x\n2,3\n4,"y"\n') == [
        Record(1, b"a,b"),
        Record(2, b'1,"x', is_unclosed=True),
        Record(3, b"2,3"),
        Record(4, b'4,"y"'),
    ]


def test_a_cell_does_not_run_on_for_ever() -> None:
    longest, longer = (b'1,"' + b"x\n" * lines + b'"\n' for lines in (LINES_LIMIT, LINES_LIMIT + 1))

    assert [record.is_unclosed for record in split(b"a,b\n" + longest)] == [False, False]
    assert split(b"a,b\n" + longer)[1] == Record(2, b'1,"x', is_unclosed=True)
