from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from shouwen.loop.messages.rules.definitions import FILLED_BY_US, TemplateBroken, TemplateDefinition, read_definition
from shouwen.loop.messages.rules.texts import (
    HIDDEN,
    Secret,
    Text,
    TextUnfilled,
    Words,
    fields_as_json,
    fields_from_json,
    fill,
    in_words,
    language_of,
    sms_parts,
)
from shouwen.loop.messages.tests.factories import text_entry

TEN_PAST_FOUR_PM = datetime(2026, 5, 6, 8, 10, tzinfo=UTC)
FIELDS = {"lamp": Words("路灯", "The lamp"), "due": TEN_PAST_FOUR_PM, "link": Secret("https://a.example/s/abc")}


def test_a_text_is_filled_in_the_readers_language() -> None:
    text = Text("", "{lamp} {due} {link}")

    assert fill(text=text, fields=FIELDS, language="zh", reveal_secrets=True).body == "路灯 5月6日16:10 https://a.example/s/abc"
    assert (
        fill(text=text, fields=FIELDS, language="en", reveal_secrets=True).body == "The lamp 6 May 16:10 https://a.example/s/abc"
    )


def test_a_secret_is_hidden_from_whoever_looks_at_the_message_here() -> None:
    assert fill(text=Text("", "{link}"), fields=FIELDS, language="zh", reveal_secrets=False).body == HIDDEN


def test_a_value_cannot_break_out_of_a_subject() -> None:
    text = Text("About {lamp}", "{lamp}")

    filled = fill(text=text, fields={"lamp": "a\r\nBcc: x@y.z"}, language="en", reveal_secrets=True)

    assert filled == Text("About a Bcc: x@y.z", "a\r\nBcc: x@y.z")


def test_a_value_is_never_filled_again() -> None:
    fields = {"lamp": "{link}", "link": Secret("s")}

    assert fill(text=Text("", "{lamp}"), fields=fields, language="zh", reveal_secrets=True).body == "{link}"


def test_a_missing_value_is_named() -> None:
    with pytest.raises(TextUnfilled, match="owner"):
        fill(text=Text("", "{owner}"), fields={}, language="zh", reveal_secrets=True)


def test_fields_read_back_as_they_were_written() -> None:
    fields = FIELDS | {"on": date(2026, 5, 6), "number": "SW1"}

    assert fields_from_json(fields_as_json(fields)) == fields
    assert (fields_as_json({}), fields_from_json("")) == ("", {})


def test_days_and_traditional_readers() -> None:
    assert (in_words(date(2026, 5, 6), "zh"), in_words(date(2026, 5, 6), "en")) == ("5月6日", "6 May")
    assert [language_of(code) for code in ("zh-hans", "zh-hant", "en")] == ["zh", "zh", "en"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("灯" * 70, 1),
        ("灯" * 71, 2),
        ("灯" * 135, 3),
        ("🔌" * 35, 1),
    ],
)
def test_parts_are_counted_as_carriers_do(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


# Definitions.


def handbook() -> list[TemplateDefinition]:
    path = Path(settings.HANDBOOK_DIR) / "templates" / "messages.yaml"
    return [read_definition(entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


def test_every_text_of_the_handbook_can_be_used() -> None:
    definitions = handbook()

    assert len({definition.key for definition in definitions}) == len(definitions) == 18
    assert all(definition.texts.keys() == {"sms", "email", "phone_script"} for definition in definitions)
    assert [definition.key for definition in definitions if definition.is_urgent] == [
        "crew_on_way",
        "crew_arrived",
        "fault_progress",
        "supply_restored",
        "temporary_outage_notice",
    ]


def test_every_text_of_the_handbook_stays_within_its_parts_when_filled_shortly() -> None:
    for definition in handbook():
        fields = dict.fromkeys(definition.fields - FILLED_BY_US, "电" * 5) | {"company": "供电公司", "hotline": "95598"}
        filled = fill(text=definition.texts["sms"]["zh"], fields=fields, language="zh", reveal_secrets=True)

        assert sms_parts(filled.body) <= definition.max_sms_parts, definition.key


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"key": None}, "no key"),
        ({"colour": "red"}, "colour is not known"),
        ({"kind": "joke"}, "service or marketing"),
        ({"max_sms_parts": True}, "max_sms_parts"),
        ({"max_sms_parts": 0}, "max_sms_parts"),
        ({"channels": {"phone_script": {"zh": "a", "en": "a"}}}, "neither a text message nor a mail"),
        ({"channels": {"sms": {"zh": "{lamp}", "en": " "}}}, "zh and en"),
        ({"channels": {"sms": {"zh": "a", "en": "a"}, "pigeon": {}}}, "pigeon is not known"),
        ({"channels": {"email": "a"}}, "no subject and body"),
        ({"fields": ["company", "customer"]}, "do not agree about lamp"),
        ({"fields": ["company", "customer", "lamp", "moon"]}, "do not agree about moon"),
    ],
)
def test_a_broken_definition_is_refused_with_its_reason(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(TemplateBroken, match=problem):
        read_definition(text_entry() | changes)


def test_the_digest_follows_the_content_and_not_the_order() -> None:
    entry = text_entry()
    turned = dict(reversed(entry.items()))

    assert read_definition(entry).digest == read_definition(turned).digest
    assert read_definition(entry).digest != read_definition(entry | {"urgent": True}).digest
