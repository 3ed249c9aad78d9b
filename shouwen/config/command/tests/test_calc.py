"""``shouwen calc`` against its contract: as a process for a few cases, through ``main`` for the many."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shouwen.config.calc.registry import ENTRIES, calculation
from shouwen.config.command import main

Document = dict[str, Any]
Asking = Callable[..., tuple[int, Any]]

CN = {"base": "cn", "daily": [["08:30", "12:00"], ["13:30", "17:30"]]}
WEEK = {
    "timezone": "Asia/Shanghai",
    "weekly": {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2025-10-01"],
    "workdays": ["2025-09-28"],
}
DUE = {"start": "2026-02-13T16:30", "limit": {"amount": 8, "unit": "working_hour"}, "calendar": CN}


class Input:
    """The standard input as a program sees it."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BufferedReader(io.BytesIO(content))


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Asking:
    def answer(*words: str, given: object = b"") -> tuple[int, Any]:
        content = given if isinstance(given, bytes) else json.dumps(given).encode()
        monkeypatch.setattr(sys, "stdin", Input(content))
        code = main(["calc", *words])
        sys.stdout.flush()
        written = capfdbinary.readouterr().out
        return code, [json.loads(line) for line in written.splitlines()] if "--lines" in words else json.loads(written)

    return answer


def without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}


# As a process.

NOWHERE = {"DATABASE_URL": "postgresql://nobody@database.invalid:1/none", "HOME": "/nonexistent", "PATH": os.environ["PATH"]}


def process(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shouwen", "calc", *words]
    return subprocess.run(command, input=given, env=NOWHERE, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_the_command_answers_without_any_database() -> None:
    done = process("due", given=json.dumps(DUE))

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["due"] == "2026-02-14T17:00:00+08:00"


@pytest.mark.process
def test_a_wrong_input_gives_exit_code_two_and_its_error_on_the_standard_output() -> None:
    done = process("due", given=json.dumps(DUE | {"start": "soon"}))

    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout) == {
        "error": {
            "field": "start",
            "problem": "'soon' is not an instant",
            "hint": "write an instant such as 2026-05-01T08:30:00+08:00 or 2026-05-01T08:30:00",
        }
    }


@pytest.mark.process
def test_lines_are_answered_while_more_are_awaited() -> None:
    command = [sys.executable, "-m", "shouwen", "calc", "due", "--lines"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=NOWHERE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(json.dumps(DUE) + "\n")
        running.stdin.flush()

        first = running.stdout.readline()

        running.stdin.close()
    assert json.loads(first)["due"] == "2026-02-14T17:00:00+08:00"
    assert running.returncode == 0


PROBE = """
import sys
from shouwen.config.command import main
code = main(["calc", {name!r}])
assert code == 2
from django.apps import apps
assert not apps.ready
assert "psycopg" not in sys.modules
"""


@pytest.mark.process
@pytest.mark.parametrize("name", ENTRIES)
def test_no_calculation_sets_django_up_or_loads_a_database_driver(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(name=name)], input="{}", env=NOWHERE, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


# Names, schemas.


def test_the_names_are_listed_one_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["calc", "--list"]) == 0
    sys.stdout.flush()

    assert capfd.readouterr().out.splitlines() == [
        "due",
        "working-time",
        "next-working",
        "working-day",
        "working-days",
        "verdict",
    ]


def test_an_unknown_name_is_refused(ask: Asking) -> None:
    code, answer = ask("duck")

    assert (code, answer["error"]["field"]) == (2, "name")


@pytest.mark.parametrize("name", ENTRIES)
def test_every_calculation_has_schemas_that_are_schemas(ask: Asking, name: str) -> None:
    code, schemas = ask(name, "--schema")

    assert (code, sorted(schemas)) == (0, ["in", "out"])
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


# What each answers, held against its schemas.


def checked(ask: Asking, name: str, given: Document) -> Document:
    """Return the answer after holding question and answer against the schemas."""
    code, answer = ask(name, given=given)
    assert code == 0, answer
    found = calculation(name)
    assert list(Draft202012Validator(found.takes).iter_errors(given)) == []
    assert list(Draft202012Validator(found.gives).iter_errors(answer)) == []
    assert isinstance(answer, dict)
    return answer


def test_due_explains_itself(ask: Asking) -> None:
    answer = checked(ask, "due", DUE | {"pauses": [["2026-02-14T08:00:00", "2026-02-14T01:00:00+00:00"]]})

    def step(since: str, until: str, what: str, counted: int) -> Document:
        return {
            "from": f"2026-02-{since}:00+08:00",
            "until": f"2026-02-{until}:00+08:00",
            "what": what,
            "counted_seconds": counted,
        }

    assert answer == {
        "due": "2026-02-14T17:30:00+08:00",
        "steps": [
            step("13T16:30", "13T17:30", "counted", 3600),
            step("13T17:30", "14T08:00", "closed", 0),
            step("14T08:00", "14T09:00", "paused", 0),
            step("14T09:00", "14T12:00", "counted", 10_800),
            step("14T12:00", "14T13:30", "closed", 0),
            step("14T13:30", "14T17:30", "counted", 14_400),
        ],
    }


def daily(*sessions: list[str], zone: str = "Asia/Shanghai") -> Document:
    return {"timezone": zone, "daily": list(sessions)}


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (DUE, "2026-02-14T17:00:00+08:00"),
        (DUE | {"start": "2026-02-14T17:00", "limit": {"amount": 2, "unit": "working_hour"}}, "2026-02-24T10:00:00+08:00"),
        (DUE | {"start": "2026-02-13T08:30:00Z"}, "2026-02-14T17:00:00+08:00"),  # told in the calendar's zone
        (DUE | {"calendar": daily(["22:00", "06:00"])}, "2026-02-14T06:00:00+08:00"),
        (
            DUE | {"calendar": daily(["16:30", "24:00"]), "limit": {"amount": 7.5, "unit": "working_hour"}},
            "2026-02-14T00:00:00+08:00",
        ),
        (DUE | {"calendar": daily(["09:00", "17:00"], zone="America/New_York")}, "2026-02-14T16:30:00-05:00"),
        (DUE | {"calendar": WEEK, "start": "2025-09-28T08:00"}, "2025-09-28T18:00:00+08:00"),
        (DUE | {"calendar": WEEK, "start": "2025-09-30T17:00"}, "2025-10-02T17:00:00+08:00"),
        (DUE | {"limit": {"amount": 0, "unit": "working_day"}, "start": "2026-02-15T03:00"}, "2026-02-15T03:00:00+08:00"),
        (DUE | {"limit": {"amount": 1, "unit": "half_working_day"}, "start": "2026-02-13T08:30"}, "2026-02-13T13:45:00+08:00"),
        (DUE | {"limit": {"amount": "0.5", "unit": "minute"}}, "2026-02-13T16:30:30+08:00"),
        (DUE | {"limit": {"amount": 0.0000001, "unit": "second"}}, "2026-02-13T16:30:00+08:00"),  # below a microsecond
        (DUE | {"limit": {"amount": 1, "unit": "day"}}, "2026-02-14T16:30:00+08:00"),
        (DUE | {"pauses": None}, "2026-02-14T17:00:00+08:00"),
        (DUE | {"pauses": [["2026-02-14T16:59:59", None]]}, None),
        (DUE | {"pauses": [["2026-02-14T17:00:00", None]]}, "2026-02-14T17:00:00+08:00"),
    ],
)
def test_due(ask: Asking, given: Document, due: str | None) -> None:
    assert checked(ask, "due", given)["due"] == due


def test_a_year_not_announced_is_counted_only_when_accepted_and_every_answer_says_so(ask: Asking) -> None:
    accepted = CN | {"provisional": True}
    asked: list[tuple[str, Document]] = [
        ("due", {"start": "2026-12-31T17:00", "limit": {"amount": 1, "unit": "working_hour"}}),
        ("working-time", {"start": "2026-12-31T17:00", "end": "2027-01-04T09:00"}),
        ("next-working", {"start": "2026-12-31T17:30"}),
        ("working-day", {"start": "2026-12-31", "n": 1}),
        ("working-days", {"from": "2026-12-31", "to": "2027-01-01"}),
    ]
    for name, given in asked:
        code, refusal = ask(name, given=given | {"calendar": CN})
        assert (code, refusal["error"]["field"]) == (2, "calendar")
        assert checked(ask, name, given | {"calendar": accepted})["provisional"] is True
        confirmed = json.loads(json.dumps(given).replace("2027", "2026").replace("2026-12", "2025-12"))
        assert "provisional" not in checked(ask, name, confirmed | {"calendar": accepted})


def test_working_time(ask: Asking) -> None:
    answer = checked(
        ask,
        "working-time",
        {
            "start": "2026-02-14T17:00",
            "end": "2026-02-24T10:00",
            "calendar": CN,
            "pauses": [["2026-02-24T09:00", "2026-02-24T09:30"]],
        },
    )

    assert (answer["seconds"], [step["what"] for step in answer["steps"]]) == (
        5400,
        ["counted", "closed", "counted", "paused", "counted"],
    )


@pytest.mark.parametrize(
    ("start", "instant"),
    [
        ("2026-02-13T10:00:00+08:00", "2026-02-13T10:00:00+08:00"),
        ("2026-02-13T12:00", "2026-02-13T13:30:00+08:00"),
        ("2026-02-14T17:30", "2026-02-24T08:30:00+08:00"),
    ],
)
def test_next_working(ask: Asking, start: str, instant: str) -> None:
    assert checked(ask, "next-working", {"start": start, "calendar": CN}) == {"instant": instant}


@pytest.mark.parametrize(("start", "n", "date"), [("2026-02-13", 1, "2026-02-14"), ("2026-02-14", 2, "2026-02-25")])
def test_working_day(ask: Asking, start: str, n: int, date: str) -> None:
    assert checked(ask, "working-day", {"start": start, "n": n, "calendar": CN}) == {"date": date}


def test_working_days(ask: Asking) -> None:
    answer = checked(ask, "working-days", {"from": "2026-02-14", "to": "2026-02-16", "calendar": CN})

    assert answer == {
        "count": 1,
        "days": [
            {"date": "2026-02-14", "working": True},
            {"date": "2026-02-15", "working": False},
            {"date": "2026-02-16", "working": False},
        ],
    }


# Wrong input.


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (b"", "input"),
        (b"{", "input"),
        (b"[]", "input"),
        (b"null", "input"),
        (b"NaN", "input"),
        (b"\xff\xfe", "input"),
        (b'{"a":' * 5000, "input"),
        (b" \n", "input"),
        (json.dumps(DUE).replace('"cn"', "[" * 300 + "]" * 300).encode(), "input"),
        (json.dumps(DUE).replace('"cn"', '{"base":' * 900 + "1" + "}" * 900).encode(), "input"),
        (json.dumps(DUE).replace("8,", "NaN,").encode(), "input"),
        (json.dumps(DUE).replace("8,", "1e999,").encode(), "input"),
        (json.dumps(DUE).replace("8,", "1" + "0" * 40 + ",").encode(), "limit.amount"),
        ({}, "calendar"),
        (without(DUE, "start"), "start"),
        (DUE | {"begin": 1}, "begin"),
        (DUE | {"start": None}, "start"),
        (DUE | {"start": "2026-02-30T10:00"}, "start"),
        (DUE | {"start": "1850-02-13T10:00"}, "start"),
        (DUE | {"start": "x" * 1_000_000}, "start"),
        (DUE | {"calendar": None}, "calendar"),
        (DUE | {"calendar": "cn"}, "calendar"),
        (DUE | {"calendar": {"base": "cn"}}, "calendar.weekly"),
        (DUE | {"calendar": CN | {"timezone": "Asia/Nowhere"}}, "calendar.timezone"),
        (DUE | {"limit": {"amount": -1, "unit": "minute"}}, "limit.amount"),
        (DUE | {"limit": {"amount": "NaN", "unit": "minute"}}, "limit.amount"),
        (DUE | {"limit": {"amount": 1e300, "unit": "working_day"}}, "limit.amount"),
        (DUE | {"limit": {"amount": 1, "unit": "fortnight"}}, "limit.unit"),
        (DUE | {"pauses": [["2026-02-13T10:00"]]}, "pauses[0]"),
        (DUE | {"pauses": [["2026-02-13T11:00", "2026-02-13T10:00"]]}, "pauses[0]"),
        (DUE | {"start": "2027-05-01T09:00"}, "calendar"),
        (DUE | {"calendar": daily(["09:00", "17:00"]), "start": "2199-12-31T16:00"}, "calendar"),
        (DUE | {"calendar": daily()}, "calendar"),
    ],
)
def test_due_refuses_a_wrong_input_by_field(ask: Asking, given: object, field: str) -> None:
    code, answer = ask("due", given=given)

    assert (code, list(answer)) == (2, ["error"])
    assert list(answer["error"]) == ["field", "problem", "hint"]
    assert answer["error"]["field"] == field
    assert all(0 < len(part) <= 300 for part in answer["error"].values())


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("working-time", {"start": "2026-05-06T09:00", "end": "2026-05-06T08:00", "calendar": CN}, "end"),
        ("working-time", {"start": "2026-05-06T09:00", "end": "2026-05-06", "calendar": CN}, "end"),
        ("next-working", {"start": "2026-12-31T17:30", "calendar": CN}, "calendar"),
        ("next-working", {"start": "2026-05-06T09:00", "calendar": CN, "pauses": []}, "pauses"),
        ("working-day", {"start": "2026-05-06", "n": 0, "calendar": CN}, "n"),
        ("working-day", {"start": "2026-05-06", "n": 1.5, "calendar": CN}, "n"),
        ("working-day", {"start": "2026-05-06", "n": True, "calendar": CN}, "n"),
        ("working-day", {"start": "2026-05-06", "n": 10**18, "calendar": CN}, "calendar"),
        ("working-day", {"start": "2026-05-06T00:00", "n": 1, "calendar": CN}, "start"),
        ("working-days", {"from": "2026-05-06", "to": "2026-05-05", "calendar": CN}, "to"),
        ("working-days", {"from": "0001-01-01", "to": "9999-12-31", "calendar": daily(["09:00", "10:00"])}, "from"),
        ("verdict", {"facts": [], "policies": [], "norm": {}, "calendar": CN, "at": 1}, "norm"),
    ],
)
def test_the_others_refuse_a_wrong_input_by_field(ask: Asking, name: str, given: Document, field: str) -> None:
    code, answer = ask(name, given=given)

    assert (code, answer["error"]["field"].split(".")[0]) == (2, field)


# Lines.


def lines(cases: Iterable[object]) -> bytes:
    return b"".join((case if isinstance(case, bytes) else json.dumps(case).encode()) + b"\n" for case in cases)


def test_lines_keep_their_order_and_a_wrong_one_does_not_stop_the_rest(ask: Asking) -> None:
    code, answers = ask(
        "due",
        "--lines",
        given=lines([DUE, b"{", b"", DUE | {"start": 5}, b"  ", DUE | {"limit": {"amount": 0, "unit": "minute"}}]),
    )

    assert code == 2
    assert [answer.get("due") or answer["error"]["field"] for answer in answers] == [
        "2026-02-14T17:00:00+08:00",
        "input",
        "input",
        "start",
        "input",
        "2026-02-13T16:30:00+08:00",
    ]


DUE_AT = "2026-02-14T17:00:00+08:00"
ONE = json.dumps(DUE).encode()
BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (ONE + b"\r\n" + ONE + b"\r\n", 0, [DUE_AT, DUE_AT]),
        (ONE + b"\n\n" + ONE, 2, [DUE_AT, "input", DUE_AT]),
        (b"\n" + ONE + b"\n", 2, ["input", DUE_AT]),
        (ONE + b"\n\n", 2, [DUE_AT, "input"]),
        (BOM + ONE + b"\n" + ONE, 0, [DUE_AT, DUE_AT]),
        (BOM + ONE, 0, [DUE_AT]),
        (BOM, 0, []),
        (ONE + b"\n" + BOM + ONE, 2, [DUE_AT, "input"]),
    ],
)
def test_each_line_has_its_answer_whatever_stands_on_it(ask: Asking, given: bytes, code: int, told: list[str]) -> None:
    found_code, answers = ask("due", "--lines", given=given)

    assert (found_code, [answer.get("due") or answer["error"]["field"] for answer in answers]) == (code, told)


def test_a_single_case_may_begin_with_a_byte_order_mark(ask: Asking) -> None:
    code, answer = ask("due", given=BOM + ONE)

    assert (code, answer["due"]) == (0, DUE_AT)


def test_a_case_that_nobody_foresaw_is_answered_and_the_rest_goes_on(
    ask: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from shouwen.config.calc import working

    def stumble(document: object) -> None:
        if document == "13812345678":
            raise TypeError(f"cannot use {document}")
        return calendar_of(document)

    calendar_of = working.calendar_of
    monkeypatch.setattr(working, "calendar_of", stumble)

    code, answers = ask("due", "--lines", given=lines([DUE | {"calendar": "13812345678"}, DUE]))

    assert code == 2
    assert answers[0]["error"]["problem"] == "this case cannot be calculated (TypeError)"
    assert answers[1]["due"] == DUE_AT
    assert "TypeError" in caplog.text
    assert "13812345678" not in caplog.text


def test_a_whole_number_may_be_written_with_a_point(ask: Asking) -> None:
    assert checked(ask, "working-day", {"start": "2026-02-13", "n": 1.0, "calendar": CN}) == {"date": "2026-02-14"}


def test_the_last_line_needs_no_end(ask: Asking) -> None:
    code, answers = ask("due", "--lines", given=lines([DUE]) + json.dumps(DUE).encode())

    assert (code, len(answers)) == (0, 2)


def test_no_lines_are_no_answers(ask: Asking) -> None:
    assert ask("due", "--lines") == (0, [])


def test_lines_none_of_which_can_be_read_give_exit_code_two(ask: Asking) -> None:
    code, answers = ask("due", "--lines", given=b"start,limit\n1,2\n")

    assert (code, [answer["error"]["field"] for answer in answers]) == (2, ["input", "input"])


def test_thousands_of_cases_are_answered_as_each_would_be_alone(ask: Asking) -> None:
    cases = [
        DUE
        | {"start": f"2025-{1 + n % 12:02}-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}", "limit": {"amount": n % 50, "unit": unit}}
        for n, unit in enumerate(["working_hour", "working_day", "minute", "half_working_day"] * 750)
    ]

    code, answers = ask("due", "--lines", given=lines(cases))

    assert code == 0
    assert answers == [calculation("due").run(case) for case in cases]
    assert ask("due", "--lines", given=lines(cases)) == (code, answers)
