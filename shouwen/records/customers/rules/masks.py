"""What is shown of personal data to whoever has not asked for the clear text. An organisation's name is not personal."""

from __future__ import annotations

import re

from shouwen.kernel.text.folding import is_han
from shouwen.kernel.text.surnames import COMPOUND_SURNAMES

STAR = "*"
_FIRST_DIGIT = re.compile(r"[0-9０-９]")


def mask_name(name: str) -> str:
    """Return the surname and a star for each other character: 张*, 欧阳**, S****."""
    kept = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    if name and not is_han(name[0]):
        return " ".join(word[:1] + STAR * (len(word) - 1) for word in name.split())
    return name[:kept] + STAR * max(len(name) - kept, 1 if name else 0)


def mask_phone(national: str) -> str:
    """Return the beginning and the last four of a number as dialled in the country: 138****5678, 0571****4321."""
    if len(national) < 8:
        return STAR * len(national)
    kept = 4 if national.startswith("0") else 3
    return national[:kept] + STAR * 4 + national[-4:]


def mask_email(address: str) -> str:
    """Return the first letter and the domain: z***@example.com."""
    local, at_sign, domain = address.rpartition("@")
    return f"{local[:1]}***{at_sign}{domain}" if at_sign else mask_identity(address)


def mask_identity(number: str) -> str:
    """Return the first and last two characters: 33**************1X; short ones only as stars."""
    if len(number) < 8:
        return STAR * len(number)
    return number[:2] + STAR * (len(number) - 4) + number[-2:]


def mask_address(street: str) -> str:
    """Return the street without its house number: 西湖区文三路***."""
    found = _FIRST_DIGIT.search(street)
    return (street[: found.start()] if found else street) + STAR * 3 if street else ""
