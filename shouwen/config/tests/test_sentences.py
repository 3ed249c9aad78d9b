"""Finding the sentences that people read: what counts as one, and from where an argument is followed."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from shouwen.config.sentences import Sentence, sentences

ERRORS = """
class Refusal(Exception):
    message = "No."

class BadInput(Refusal):
    message = "%(field)s: %(problem)s; %(hint)s."
    def __init__(self, field, problem, hint): super().__init__(field=field, problem=problem, hint=hint)
"""
GROUND = {"No.", "%(field)s: %(problem)s; %(hint)s."}


def told(tmp_path: Path, **modules: str) -> set[str]:
    """Return the keys that are found in a house of these modules, without those of its ground."""
    house = tmp_path / "house"
    for name, text in {"kernel__errors": ERRORS, **modules}.items():
        stem, _, ending = name.partition("_as_")
        path = house / f"{stem.replace('__', '/')}.{ending or 'py'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return {sentence.key for sentence in sentences(house)} - GROUND


def test_what_is_marked_is_a_sentence_and_what_is_not_is_none(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        loop__choices="""
            OPEN = "OPEN", _("Open")
            SHUT = "SHUT", gettext_lazy("Shut")
            NAME = label("no sentence")
            for _ in range(3): print("neither")
        """,
    )

    assert found == {"Open", "Shut"}


def test_a_plural_is_kept_with_its_singular(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "counts.py").write_text('ngettext("%(n)s matter", "%(n)s matters", n)')
    (tmp_path / "house" / "page.html").write_text(
        "{% load i18n %}{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
    )

    assert sentences(tmp_path / "house") == {
        Sentence("%(n)s matter", "%(n)s matters"): ["house/counts.py"],
        Sentence("%(n)s day", "%(n)s days"): ["house/page.html"],
    }


def test_a_refusal_speaks_by_its_message_its_first_argument_and_its_problem(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        loop__services="""
            class CannotClose(Refusal):
                message = "Not yet: %(problem)s."

            class CannotCloseToday(CannotClose):
                message: str = "Not today."

            class Plain(Exception):
                message = "no refusal"

            def close(at):
                raise CannotClose("Closed %(at)s.", at="no sentence either")
                raise errors.CannotCloseToday(problem="it is Sunday")
                raise Plain("this neither")
        """,
    )

    assert found == {"Not yet: %(problem)s.", "Not today.", "Closed %(at)s.", "it is Sunday"}


@pytest.mark.parametrize(
    "lines",
    [
        'raise CannotClose("one" if at else "two")',
        'problem = "one" if at else "two"\n    raise CannotClose(problem=problem)',
        "if problem := _problem(at):\n        raise CannotClose(problem=problem)",
        "if problem := rules.problem_with(at):\n        raise CannotClose(problem=problem)",
        "raise CannotClose(renamed(at) or None)",
        "raise CannotClose(FAULTS[at])",
        "raise CannotClose(problem=FAULTS.get(at))",
        "raise CannotClose(EVEN_MORE[at])",
        '_must(at, "one")\n    _must(at, problem="two")',
        "raise CannotAtAll(at)",
        'raise CannotBegin(at, "one")\n    raise CannotBegin(at, problem="two")',
    ],
    ids=[
        "condition",
        "name",
        "function",
        "function of a module",
        "imported function",
        "table",
        "get",
        "imported",
        "parameter",
        "own table",
        "own beginning",
    ],
)
def test_an_argument_is_followed_to_the_texts_it_can_come_to(tmp_path: Path, lines: str) -> None:
    service = f'''
from house.loop import rules
from house.loop.more import MORE as EVEN_MORE
from house.loop.rules import problem_with as renamed
FAULTS = {{1: "one", 2: "two"}}

class CannotClose(Refusal):
    """It stays open."""

class CannotAtAll(Refusal):
    WORDS = {{1: "one", 2: "two"}}
    def __init__(self, code): super().__init__(self.WORDS[code])

class CannotBegin(Refusal):
    def __init__(self, code, problem): super().__init__(code=code, problem=problem)

def close(at):
    {lines}

def _problem(at):
    return "one" if at else None
    return "two"

def _must(at, problem):
    raise CannotClose(problem=problem)
'''

    found = told(
        tmp_path,
        loop__services=service,
        loop__more='MORE = {3: "one", 4: "two"}',
        loop__rules__problems='def problem_with(at): return "one" if at else "two"',
        loop__rules____init__="from house.loop.rules.problems import problem_with",
    )

    assert found | {"one", "two"} == found
    assert found <= {"one", "two"}


def test_a_code_given_to_a_refusal_with_a_beginning_of_its_own_is_no_sentence(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        loop__services="""
            class Fault(StrEnum):
                EMPTY = "empty"

            class Unreadable(Refusal):
                WORDS = {Fault.EMPTY: "There is nothing in it."}
                def __init__(self, fault): super().__init__(self.WORDS[fault])

            raise Unreadable(Fault.EMPTY)
        """,
    )

    assert found == {"There is nothing in it."}


def test_bad_input_speaks_to_people_on_every_floor_but_the_kernel_and_the_commands(tmp_path: Path) -> None:
    raised = """
        raise BadInput("field", "{0} is wrong", "write {0}")
        raise BadInput("field", f"{{value}} is put together", hint="write it anew")
    """

    found = told(tmp_path, **{f"{floor}__x": raised.format(floor) for floor in ("kernel", "config", "records")})

    assert found == {"records is wrong", "write records", "write it anew"}


def test_a_key_that_is_kept_with_its_details_is_a_sentence_and_its_namesake_without_is_none(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        loop__rules="""
            class Problem(NamedTuple):
                field: str
                message: str
                details: dict

            kept = Problem("phone", "The row %(row)s is short.", {"row": 3})
        """,
        loop__services="""
            from house.loop.rules import Problem
            kept = Problem("phone", message="The row is long.", details={})
        """,
        platform__rules="""
            class Problem(NamedTuple):
                where: str
                entry: str

            shown = Problem("a.yaml", "the file")
        """,
    )

    assert found == {"The row %(row)s is short.", "The row is long."}


def test_pages_speak_by_their_marked_texts(tmp_path: Path) -> None:
    page = """
        {% load i18n %}<p title="{% translate 'Single "quoted"' %}">no sentence</p>
        {% translate "Plain" %} {% trans "Older" as older %} {{ _("In a value") }}
        {% blocktranslate with name=order.number trimmed %}
            Order {{ name }}
            is 5% done.
        {% endblocktranslate %}
        {% include "row.html" with text=_("In an argument") only %}
    """

    found = told(tmp_path, web__templates__page_as_html=page, web__tests__page_as_html='{% translate "Of a test" %}')

    assert found == {'Single "quoted"', "Plain", "Older", "In a value", "Order %(name)s is 5%% done.", "In an argument"}
