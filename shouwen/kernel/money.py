"""Money: yuan as ``Decimal``, never ``float``. ``round_to_fen`` is the only rounding of the house, ``split`` the only sharing out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction

from shouwen.kernel.errors import BadInput
from shouwen.kernel.text.folding import fold

FEN = Decimal("0.01")
LARGEST_YUAN = Decimal(10) ** 15  # no amount of the business comes near it
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_SIGN = re.compile(r"^(-?)\s*¥\s*")
_WRITTEN = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d{1,2})?", re.ASCII)


def round_to_fen(yuan: Decimal) -> Decimal:
    """Return ``yuan`` with two places, half up: half a fen is rounded away from zero, so that a credit mirrors its charge.

    :raises TypeError: for a ``float``, which cannot hold most amounts.
    :raises ValueError: for what is no amount, or beyond a thousand million million yuan.
    """
    _check(yuan)
    rounded = yuan.quantize(FEN, context=_EXACT)
    return rounded if rounded else Decimal("0.00")  # no minus before nothing


def split(total_yuan: Decimal, *, weights: Sequence[Decimal | int]) -> list[Decimal]:
    """Share ``total_yuan`` out by ``weights`` in whole fen; the shares add up to it exactly.

    Each share is its exact part rounded down (toward zero), and the fen left over go one by one to the largest remainders, the earlier
    of equal ones first. A negative total is shared out like the positive one.

    :raises ValueError: when there are no weights, one is negative, all are zero, or the total has parts of a fen.
    """
    fen = _whole_fen(total_yuan)
    parts = [_weight(weight) for weight in weights]
    whole = sum(parts, Fraction(0))
    if whole == 0:
        raise ValueError("Nothing to share out by: the weights are missing or zero.")
    exact = [abs(fen) * part / whole for part in parts]
    shares = [int(one) for one in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: abs(fen) - sum(shares)]:
        shares[i] += 1
    return [_yuan(share if fen >= 0 else -share) for share in shares]


def total(amounts_yuan: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of amounts in yuan, with two places at least."""
    with localcontext(_EXACT):
        return sum(amounts_yuan, Decimal("0.00"))


def parse_yuan(text: str, *, field: str) -> Decimal:
    """Return the amount that a person or a file wrote: ``1234.5``, ``1,234.50``, ``¥12``, ``１２元``, ``-3.00``; two places.

    :raises BadInput: naming ``field`` when it is no amount, or has more than two places.
    """
    plain = fold(text).replace("−", "-").removesuffix("元").strip() if isinstance(text, str) else ""
    plain = _SIGN.sub(r"\1", plain)
    if not _WRITTEN.fullmatch(plain):
        raise BadInput(
            field, f"{str(text)[:40]!r} is not an amount of money", "write yuan with at most two places, such as 1234.50"
        )
    amount = Decimal(plain.replace(",", ""))
    if abs(amount) >= LARGEST_YUAN:
        raise BadInput(field, f"{str(text)[:40]!r} is out of reach", "write a believable amount")
    return round_to_fen(amount)


def yuan_text(yuan: Decimal) -> str:
    """Return an amount as programs exchange it: two places, no thousands separators.

    :raises ValueError: when it has parts of a fen, which whoever computed it has to round first.
    """
    return f"{_yuan(_whole_fen(yuan)):f}"


def yuan_shown(yuan: Decimal) -> str:
    """Return an amount as people read it: ``¥1,234.50``, ``-¥3.00``."""
    exact = _yuan(_whole_fen(yuan))
    return f"{'-' if exact < 0 else ''}¥{abs(exact):,.2f}"


def _check(yuan: object) -> None:
    if not isinstance(yuan, Decimal):
        raise TypeError(f"Money is a Decimal, not {type(yuan).__name__}.")
    if not yuan.is_finite() or abs(yuan) >= LARGEST_YUAN:
        raise ValueError(f"{yuan} is not an amount of money.")


def _whole_fen(yuan: Decimal) -> int:
    _check(yuan)
    fen = Fraction(yuan) * 100
    if fen.denominator != 1:
        raise ValueError(f"{yuan} has parts of a fen.")
    return int(fen)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2, context=_EXACT).quantize(FEN, context=_EXACT)


def _weight(weight: Decimal | int) -> Fraction:
    if isinstance(weight, bool) or not isinstance(weight, Decimal | int):
        raise TypeError(f"A weight is a Decimal or a whole number, not {type(weight).__name__}.")
    if isinstance(weight, Decimal) and not weight.is_finite():
        raise ValueError(f"{weight} is not a weight.")
    if weight < 0:
        raise ValueError("A weight cannot be negative.")
    return Fraction(weight)
