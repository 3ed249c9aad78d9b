from pathlib import Path

import pytest

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import Contact, Unreadable
from shouwen.loop.contact.rules.mails import read_mail
from shouwen.loop.contact.tests.factories import mail

MAILS = Path(__file__).parent / "mails"


def read(name: str) -> Contact:
    return read_mail((MAILS / f"{name}.eml").read_bytes())


def test_an_answer_from_outlook_names_what_it_answers_and_leaves_attachments_aside() -> None:
    assert read("outlook") == Contact(
        subject="答复: 楼道停电",
        text="三单元还是没电，请尽快处理。",
        email="wang.fang@corp.example",
        reference="<OS3PR01MB9999A1B2C3D4E5F60708@OS3PR01MB9999.example.outlook.test>",
        answers=("<ask-1@corp.example>",),
    )


def test_a_mail_from_gmail_is_read_from_its_plain_part() -> None:
    assert read("gmail") == Contact(
        subject="电费账单疑问",
        text="上个月的账单多了一倍。",
        email="li.lei@gmail.example",
        reference="<CAGmail-abc_DEF=1234@mail.gmail.example>",
    )


def test_a_mail_of_pages_only_becomes_its_words_without_scripts() -> None:
    assert read("qq") == Contact(
        subject="路灯不亮",
        text="东门路口的路灯不亮，\n谢谢 ！",
        email="12345@qq.example",
        reference="<tencent_0123456789ABCDEF@qq.example>",
    )


def test_letters_that_the_named_charset_does_not_know_are_read_by_its_successor() -> None:
    assert read("foxmail") == Contact(
        subject="电压低",
        text="村里电压低，灯一直闪。",
        email="zhao.home@foxmail.example",
        reference="<2026050612000012345610@foxmail.example>",
    )


@pytest.mark.parametrize("name", ["bounce", "out_of_office"])
def test_what_a_machine_wrote_says_so(name: str) -> None:
    assert read(name).is_automatic


@pytest.mark.parametrize(
    ("charset", "body"), [("gb18030", "𠮷家停电了"), ("utf-8", "停电了"), ("big5", "停電了"), ("us-ascii", "no power")]
)
def test_a_text_is_read_in_its_charset(charset: str, body: str) -> None:
    assert read_mail(mail(body, charset=charset)).text == body


def test_a_text_whose_charset_is_a_lie_keeps_its_letters() -> None:
    lie = mail("停电了", charset="gb18030").replace(b"charset=gb18030", b"charset=utf-8")
    unknown = mail("停电了").replace(b"charset=utf-8", b"charset=no-such-thing")

    assert (read_mail(lie).text, read_mail(unknown).text) == ("停电了", "停电了")


def test_broken_bytes_lose_only_themselves() -> None:
    broken = mail("no power").replace(b"no power", b"no \xff\xfe\xff power")

    assert read_mail(broken).text == "no \ufffd\ufffd\ufffd power"


def test_a_token_is_found_in_the_address_it_was_sent_to() -> None:
    token = "SW0000000174-0123456789abcdef"

    assert read_mail(mail(To=f"service+{token}@localhost")).token == token


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"just words", Trouble.NOT_MAIL),
        (b"\x89PNG\r\n\x1a\n\x00\x00", Trouble.NOT_MAIL),
        (mail("", Subject=""), Trouble.EMPTY),
    ],
)
def test_what_is_no_mail_is_named(content: bytes, trouble: Trouble) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read_mail(content)

    assert unreadable.value.trouble is trouble
