import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwen.platform.files.rules import ContentDamaged, Sealer, clean_name, is_download_only, media_type_of
from shouwen.platform.files.rules.sealing import HEADER_BYTES, PIECE_BYTES, TAG_BYTES

KEY, OTHER = b"\1" * 32, b"\2" * 32
SEALER = Sealer(keys={1: KEY})


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"GIF89a<script>alert(1)</script>", "image/gif"),  # sent as a picture, a script in it stays a picture
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"#!AMR\n", "audio/amr"),
        (b"ID3\3\0", "audio/mpeg"),
        (b"%PDF-1.7", "application/pdf"),
        (zipped("[Content_Types].xml", "word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
        (zipped("a.txt"), "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"MZ\x90\0", "application/x-msdownload"),
        (b"\x7fELF\2", "application/x-executable"),
        (b"", "text/plain"),
        ("户号,姓名\n1,张伟\n".encode(), "text/plain"),
        ("\ufeff户号".encode(), "text/plain"),
        ("户号,姓名".encode("gb18030"), "text/plain"),
        ("户号".encode("utf-16"), "text/plain"),
        ("张".encode() * 2000, "text/plain"),
        (("张".encode() * 2000)[:4096], "text/plain"),  # cut inside a character
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"   hello <SCRIPT>alert(1)</SCRIPT>", "text/html"),
        ("<html>".encode("utf-16"), "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><order/>", "text/xml"),
        (b"#!/bin/sh\nrm", "text/x-script"),
        (b"\0\1\2\3", "application/octet-stream"),
        (b"a\0b", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, media_type: str) -> None:
    assert media_type_of(content[:4096]) == media_type


def test_pages_scripts_and_whatever_is_unknown_are_only_sent_as_downloads() -> None:
    types = (
        *("text/html", "image/svg+xml", "text/xml", "text/x-script", "application/zip", "application/octet-stream"),
        *("image/png", "application/pdf", "audio/wav", "text/plain"),
    )

    assert [is_download_only(one) for one in types] == [True] * 6 + [False] * 4


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("电表.jpg", "电表.jpg"),
        ("C:\\Users\\li\\电表.jpg", "电表.jpg"),
        ("../../etc/passwd", "passwd"),
        ("/tmp/", "tmp"),
        ("..", "file"),
        ("", "file"),
        (" \t\n", "file"),
        (".htaccess", "htaccess"),
        ("a\0b\r\nc.txt", "abc.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),  # the direction mark would show it as photoexe.jpg
        ('a<b>"c|d?*.txt', "a_b__c_d__.txt"),
        ("x" * 300 + ".jpeg", "x" * 114 + "….jpeg"),
        ("x" * 300, "x" * 119 + "…"),
    ],
)
def test_a_name_is_made_fit_to_be_shown(name: str, shown: str) -> None:
    assert clean_name(name) == shown


@given(st.text())
def test_any_name_becomes_one_that_is_short_and_has_no_folder(name: str) -> None:
    shown = clean_name(name)

    assert 0 < len(shown) <= 120
    assert not set(shown) & set("/\\\0\n\r")
    assert not shown.startswith(".")
    assert clean_name(shown) == shown


def sealed(content: bytes, sealer: Sealer = SEALER) -> bytes:
    return b"".join(sealer.seal([content]))


def unsealed(content: bytes, sealer: Sealer = SEALER) -> bytes:
    return b"".join(sealer.unseal(io.BytesIO(content)))


SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 2 * PIECE_BYTES + 5]


@pytest.mark.parametrize("size", SIZES)
def test_a_sealed_content_opens_to_itself_whatever_its_length(size: int) -> None:
    content = bytes(size)

    assert unsealed(sealed(content)) == content
    assert len(sealed(content)) == HEADER_BYTES + size + TAG_BYTES * max(1, -(-size // PIECE_BYTES))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=50)))
def test_the_parts_in_which_a_content_comes_do_not_matter(parts: list[bytes]) -> None:
    assert unsealed(b"".join(SEALER.seal(parts))) == b"".join(parts)


def test_two_seals_of_one_content_have_nothing_in_common() -> None:
    one, other = sealed(b"x" * 100), sealed(b"x" * 100)

    assert b"x" * 8 not in one
    assert one[HEADER_BYTES:] != other[HEADER_BYTES:]


WHOLE = sealed(b"a" * (PIECE_BYTES + 10) + b"b" * PIECE_BYTES)
FIRST = HEADER_BYTES + PIECE_BYTES + TAG_BYTES


@pytest.mark.parametrize(
    "changed",
    [
        b"",
        WHOLE[:5],
        WHOLE[:-1],
        WHOLE[:FIRST],  # the rest is missing
        WHOLE[:HEADER_BYTES] + WHOLE[FIRST:],  # the first piece is missing
        WHOLE[:HEADER_BYTES] + WHOLE[FIRST : 2 * FIRST - HEADER_BYTES] + WHOLE[HEADER_BYTES:FIRST],  # exchanged
        WHOLE + b"x",
        WHOLE[:100] + bytes([WHOLE[100] ^ 1]) + WHOLE[101:],
        b"SWF1\2" + WHOLE[5:],  # a key that is not there
        b"x" * 100,
    ],
)
def test_a_content_that_was_changed_does_not_open(changed: bytes) -> None:
    with pytest.raises(ContentDamaged):
        unsealed(changed)


def test_older_keys_still_open_and_the_newest_seals() -> None:
    rotated = Sealer(keys={2: OTHER, 1: KEY})

    assert unsealed(sealed(b"old"), rotated) == b"old"
    assert sealed(b"new", rotated)[4] == 2
    with pytest.raises(ContentDamaged):
        unsealed(sealed(b"new", rotated))


def test_texts_are_sealed_too() -> None:
    assert SEALER.unseal_text(SEALER.seal_text("张伟.jpg")) == "张伟.jpg"
