"""What a value must look like, whether a person types it or a file brings it."""

from __future__ import annotations

import re

from shouwen.kernel.text.folding import fold

TEXT_LIMITS = {
    "account_number": 24,
    "customer_number": 24,
    "name": 120,
    "identity_number": 30,
    "street": 200,
    "room": 100,
    "zone": 30,
    "jurisdiction": 40,
    "ownership_boundary": 200,
    "transformer_code": 30,
    "email": 120,
}
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNSTORABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_NUMBER = re.compile(r"[0-9A-Za-z\-]{1,24}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_WITHOUT_ZERO = re.compile(r"1[3-9][0-9]{9}|[48]00[0-9]{7}")  # mobiles and business numbers


def is_number(text: str) -> bool:
    """Return whether ``text`` can be a customer or account number: up to 24 letters, digits and dashes."""
    return _NUMBER.fullmatch(text) is not None


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def is_storable(text: str) -> bool:
    """Return whether ``text`` is one line of readable characters."""
    return _UNSTORABLE.search(text) is None


def comparable_identity(number: str) -> str:
    """Return an identity number as it is kept: half width, without gaps, the check letter upper-case."""
    return number.upper() if number.isalnum() and number.isascii() else fold(number).replace(" ", "").upper()


def national_digits(kept: str) -> str:
    """Return a kept telephone number (E.164) as dialled in the country, without its extension."""
    number = kept.partition(";")[0]
    if not number.startswith("+86"):
        return number.lstrip("+")
    significant = number[3:]
    return significant if _WITHOUT_ZERO.fullmatch(significant) else "0" + significant
