"""Matter numbers (工单编号): the row's id with a check digit, so that a number heard wrongly on the phone is found out."""

from __future__ import annotations

PREFIX = "SW"
WIDTH = 9


def number_of(work_order_id: int) -> str:
    """Return the number: prefix, nine digits or more, and one check digit (Luhn)."""
    digits = f"{work_order_id:0{WIDTH}d}"
    return f"{PREFIX}{digits}{_check_digit(digits)}"


def id_of(number: str) -> int | None:
    """Return the id behind a number as people write it, None when it is none or a digit is wrong."""
    digits = number.strip().upper().removeprefix(PREFIX).replace(" ", "").replace("-", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) <= WIDTH or _check_digit(digits[:-1]) != digits[-1]:
        return None
    return int(digits[:-1])


def _check_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
