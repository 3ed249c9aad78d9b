import json

import pytest

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import Contact, Unreadable
from shouwen.loop.contact.rules.forms import read_form
from shouwen.loop.contact.rules.notes import read_note


def test_a_form_says_what_it_says() -> None:
    form = {
        "subject": " 停电 ",
        "text": "三单元没电",
        "norm": "power_fault",
        "phone": "13812345678",
        "account_number": "0012345678",
        "reference": "F-17",
        "hazards": ["wire_down"],
        "anything_else": 1,
    }

    assert read_form(json.dumps(form).encode()) == Contact(
        subject="停电",
        text="三单元没电",
        norm="power_fault",
        phone="13812345678",
        account_number="0012345678",
        reference="F-17",
        hazards=("wire_down",),
    )


@pytest.mark.parametrize(
    ("content", "trouble", "details"),
    [
        (b"{}", Trouble.EMPTY, {}),
        (b'{"subject": "  "}', Trouble.EMPTY, {}),
        (b"[1]", Trouble.WRONG_SHAPE, {"field": "-"}),
        (b'{"text": 5}', Trouble.WRONG_SHAPE, {"field": "text"}),
        (b'{"text": "x", "hazards": "fire"}', Trouble.WRONG_SHAPE, {"field": "hazards"}),
        (b'{"text": "x"', Trouble.NOT_JSON, {}),
        (b"[" * 100_000, Trouble.NOT_JSON, {}),
        ("停电".encode("gb18030"), Trouble.ENCODING, {"byte": 2}),
        (json.dumps({"text": "x" * 100_001}).encode(), Trouble.TOO_LONG, {"field": "text", "length": 100_001, "limit": 100_000}),
    ],
)
def test_what_is_no_form_is_named(content: bytes, trouble: Trouble, details: dict[str, object]) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read_form(content)

    assert (unreadable.value.trouble, unreadable.value.details) == (trouble, details)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_note_is_read_in_the_usual_charsets(charset: str) -> None:
    assert read_note("家里没电\x00 SW0000000174-0123456789ABCDEF".encode(charset)) == Contact(
        text="家里没电 SW0000000174-0123456789ABCDEF", token="SW0000000174-0123456789ABCDEF"
    )


@pytest.mark.parametrize(
    ("content", "trouble"), [(b" \n", Trouble.EMPTY), (b"\xff\xff\xff", Trouble.ENCODING), (b"x" * 100_001, Trouble.TOO_LONG)]
)
def test_what_is_no_note_is_named(content: bytes, trouble: Trouble) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read_note(content)

    assert unreadable.value.trouble is trouble
