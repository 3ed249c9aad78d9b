from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.kernel.errors import BadInput
from shouwen.kernel.money import LARGEST_YUAN, parse_yuan, round_to_fen, split, total, yuan_shown, yuan_text

AMOUNTS = st.decimals(-(10**9), 10**9, places=2)
EXACT = st.decimals(-(10**9), 10**9, places=7)
WEIGHTS = st.lists(st.one_of(st.integers(0, 10**6), st.decimals(0, 10**6, places=4)), min_size=1, max_size=12).filter(any)


def yuan(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("1.005", "1.01"),  # half up, also where binary figures would fall below
        ("1.0049999999", "1.00"),
        ("2.675", "2.68"),
        ("0.125", "0.13"),  # not to the even neighbour
        ("0.135", "0.14"),
        ("-1.005", "-1.01"),  # a credit mirrors its charge
        ("-0.004", "0.00"),
        ("0", "0.00"),
        ("142.194", "142.19"),
        ("1E+3", "1000.00"),
        ("999999999999999.994999999999999999999999", "999999999999999.99"),
    ],
)
def test_rounding_is_half_up(exact: str, rounded: str) -> None:
    assert str(round_to_fen(Decimal(exact))) == rounded


@pytest.mark.parametrize("amount", [1.5, 2, True, "3.00", None])
def test_only_decimals_are_money(amount: object) -> None:
    for act in (round_to_fen, yuan_text, yuan_shown):
        with pytest.raises(TypeError):
            act(amount)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        split(amount, weights=[1])  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+15", "1E+999999"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError):
        round_to_fen(Decimal(amount))


@given(EXACT)
def test_rounding_moves_by_half_a_fen_at_most_and_twice_is_once(exact: Decimal) -> None:
    rounded = round_to_fen(exact)

    assert abs(Fraction(rounded) - Fraction(exact)) <= Fraction(1, 200)
    assert round_to_fen(rounded) == rounded
    assert round_to_fen(-exact) == -rounded
    assert rounded.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("whole", "weights", "shares"),
    [
        ("10.00", [1, 1, 1], ["3.34", "3.33", "3.33"]),  # the spare fen to the first of equals
        ("0.02", [1, 1, 1], ["0.01", "0.01", "0.00"]),
        ("100.00", [Decimal("0.5"), Decimal("0.3"), Decimal("0.2")], ["50.00", "30.00", "20.00"]),
        ("1.00", [1, 2, 3], ["0.17", "0.33", "0.50"]),  # 16.67, 33.33, 50: the largest remainder
        ("-10.00", [1, 1, 1], ["-3.34", "-3.33", "-3.33"]),
        ("5.00", [0, 7, 0], ["0.00", "5.00", "0.00"]),
        ("0.00", [1, 2], ["0.00", "0.00"]),
        ("7", [1], ["7.00"]),
    ],
)
def test_a_split_adds_up(whole: str, weights: list[Decimal | int], shares: list[str]) -> None:
    assert split(Decimal(whole), weights=weights) == yuan(*shares)


@given(AMOUNTS, WEIGHTS)
def test_any_split_adds_up_and_each_share_is_less_than_a_fen_from_its_part(whole: Decimal, weights: list[Decimal | int]) -> None:
    shares = split(whole, weights=weights)

    assert total(shares) == whole
    assert len(shares) == len(weights)
    all_of_it = sum(map(Fraction, weights))
    for share, weight in zip(shares, weights, strict=True):
        assert abs(Fraction(share) - Fraction(whole) * Fraction(weight) / all_of_it) < Fraction(1, 100)
        assert weight or not share


@given(AMOUNTS, WEIGHTS, st.integers(1, 1000))
def test_only_the_proportions_of_weights_matter(whole: Decimal, weights: list[Decimal | int], factor: int) -> None:
    assert split(whole, weights=[weight * factor for weight in weights]) == split(whole, weights=weights)


@pytest.mark.parametrize(
    ("whole", "weights"),
    [
        ("1.00", []),
        ("1.00", [0, 0]),
        ("1.00", [1, -1]),
        ("1.001", [1]),
        ("1.00", [Decimal("NaN")]),
        ("1.00", [Decimal("Infinity")]),
    ],
)
def test_what_cannot_be_split_is_refused(whole: str, weights: list[Decimal | int]) -> None:
    with pytest.raises(ValueError):
        split(Decimal(whole), weights=weights)


@pytest.mark.parametrize("weight", [0.5, True, "1"])
def test_only_decimals_and_whole_numbers_are_weights(weight: object) -> None:
    with pytest.raises(TypeError):
        split(Decimal("1.00"), weights=[weight])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1，234．50", "1234.50"),
        ("¥12", "12.00"),
        ("￥ 12", "12.00"),
        ("-¥3.00", "-3.00"),
        ("−3", "-3.00"),
        ("１２元", "12.00"),
        (" 0.5 元 ", "0.50"),
        ("-0.00", "0.00"),
        ("007", "7.00"),
    ],
)
def test_amounts_as_people_write_them(text: str, amount: str) -> None:
    assert str(parse_yuan(text, field="paid")) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "¥",
        "12.345",
        "1e3",
        "1,23",
        "12,34.5",
        "1.",
        ".5",
        "--1",
        "1 2",
        "NaN",
        "十二",
        "12 USD",
        "1_000",
        "9" * 16,
        12.5,
        None,
    ],
)
def test_what_is_no_amount_is_refused_by_field(text: object) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_yuan(text, field="paid")  # type: ignore[arg-type]

    assert refusal.value.field == "paid"


def test_amounts_for_programs_and_for_people() -> None:
    amounts = yuan("1234.5", "-3", "0", "0.01", "1234567.89")

    assert [yuan_text(amount) for amount in amounts] == ["1234.50", "-3.00", "0.00", "0.01", "1234567.89"]
    assert [yuan_shown(amount) for amount in amounts] == ["¥1,234.50", "-¥3.00", "¥0.00", "¥0.01", "¥1,234,567.89"]


@pytest.mark.parametrize("write", [yuan_text, yuan_shown])
def test_parts_of_a_fen_are_never_dropped_in_writing(write) -> None:
    with pytest.raises(ValueError):
        write(Decimal("1.005"))


@given(st.decimals(-LARGEST_YUAN + 1, LARGEST_YUAN - 1, places=2))
def test_what_is_written_reads_back(amount: Decimal) -> None:
    assert parse_yuan(yuan_text(amount), field="x") == amount
    assert parse_yuan(yuan_shown(amount), field="x") == amount


@given(st.lists(AMOUNTS))
def test_a_total_is_exact_in_any_order(amounts: list[Decimal]) -> None:
    assert total(amounts) == total(list(reversed(amounts)))
    assert Fraction(total(amounts)) == sum(map(Fraction, amounts), Fraction(0))
    assert total([]) == Decimal("0.00")
