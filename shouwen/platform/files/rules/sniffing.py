"""What a file is, by its content. The name it came with and the type a browser claims are not asked."""

from __future__ import annotations

import re

HEAD_BYTES = 4096

UNKNOWN = "application/octet-stream"
_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # the older office documents
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\0asm", "application/wasm"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = (
    (b"M4A", "audio/mp4"),
    (b"qt", "video/quicktime"),
    (b"hei", "image/heic"),
    (b"hev", "image/heic"),
    (b"mif1", "image/heic"),
    (b"avif", "image/avif"),
    (b"3gp", "video/3gpp"),
)
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIPPED = (
    (b"word/", f"{_OFFICE}.wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}.spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}.presentationml.presentation"),
)
_MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|svg|iframe|object|embed|form|style|link|meta|img|a\s|math|base)", re.IGNORECASE
)
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)
_ODD_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\r\f\x1b")

PROGRAMS = frozenset({"application/x-msdownload", "application/x-executable", "application/x-mach-binary", "application/wasm"})
SHOWN_IN_PLACE = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "application/pdf", "text/plain"),
        *("audio/mpeg", "audio/wav", "audio/ogg", "audio/mp4", "audio/flac", "video/mp4"),
    }
)


def media_type_of(head: bytes) -> str:
    """Return the media type of a content that begins with ``head`` (its first 4,096 bytes, or all of a shorter one).

    A text that holds markup which a browser might run is ``text/html`` or ``image/svg+xml``, whatever else it also is.
    """
    if not head:
        return "text/plain"
    return _by_start(head) or _by_container(head) or _of_text(head) or UNKNOWN


def is_download_only(media_type: str) -> bool:
    """Return whether a file of this type must never be shown by a browser in our pages: all but pictures, sound, PDF and plain text."""
    return media_type not in SHOWN_IN_PLACE


def _by_start(head: bytes) -> str | None:
    return next((media_type for start, media_type in _STARTS if head.startswith(start)), None)


def _by_container(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return next((media_type for brand, media_type in _BRANDS if head[8:12].startswith(brand)), "video/mp4")
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return next((media_type for part, media_type in _ZIPPED if part in head), "application/zip")
    return None


def _of_text(head: bytes) -> str | None:
    text = _utf8_of(head)
    if text is None:
        return None
    if _MARKUP.search(text):
        return "image/svg+xml" if b"<svg" in text.lower() and b"<html" not in text.lower() else "text/html"
    if _XML.match(text):
        return "text/xml"
    return "text/x-script" if text.startswith(b"#!") else "text/plain"


def _utf8_of(head: bytes) -> bytes | None:
    """Return a text in UTF-8, None when it is no text; the last character may be cut."""
    for encoding in ("utf-16",) if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        for cut in range(4):
            try:
                text = head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            plain = text.encode()
            return None if _ODD_CONTROLS.intersection(plain) else plain
    return None
