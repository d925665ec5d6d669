"""Interval arithmetic: the true value always lies inside the result, and unknown never becomes known."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.quantity import ONE, ZERO, Number, Quantity, format_number, plain, to_number, total

numbers = st.integers(0, 10_000) | st.fractions(0, 1000, max_denominator=50)


@st.composite
def surrounded(draw: st.DrawFn) -> tuple[Quantity, Number]:
    """A quantity and a true value inside it."""
    truth = to_number(draw(numbers))
    low = draw(st.sampled_from([0, truth, Fraction(truth) / 2]))
    high = draw(st.sampled_from([None, truth, Fraction(truth) * 2, Fraction(truth) + draw(numbers)]))
    return Quantity(to_number(low), None if high is None else to_number(high), ("drawn",)), truth


def contains(quantity: Quantity, value: Number) -> bool:
    return quantity.low <= value and (quantity.high is None or value <= quantity.high)


@given(surrounded(), surrounded())
def test_every_operation_keeps_the_true_value_inside(a: tuple[Quantity, Number], b: tuple[Quantity, Number]) -> None:
    (p, x), (q, y) = a, b
    assert contains(p + q, x + y)
    assert contains(p * q, x * y)
    assert contains(p.less(q), max(0, x - y))
    assert contains(p.at_most(q), min(x, y))
    assert contains(p.floor(), math.floor(x))
    assert contains(p.ceil(), math.ceil(x))
    assert contains(p.percent(q), Fraction(x) * y / 100)
    assert contains(total([p, q, p]), x + y + x)


@given(surrounded(), surrounded())
def test_a_comparison_that_is_sure_is_true(a: tuple[Quantity, Number], b: tuple[Quantity, Number]) -> None:
    (p, x), (q, y) = a, b
    assert not p.surely_at_most(q) or x <= y
    assert not p.surely_below(q) or x < y
    assert not p.surely_above(q) or x > y
    assert not (p.surely_at_most(q) and p.surely_above(q))


@given(surrounded(), surrounded())
def test_reasons_are_never_lost(a: tuple[Quantity, Number], b: tuple[Quantity, Number]) -> None:
    (p, _), _ = a, b
    unknown = Quantity.unknown("no literal")
    for result in (
        p + unknown,
        unknown + p,
        p * unknown,
        p.less(unknown),
        unknown.less(p),
        unknown.floor(),
        unknown.ceil(),
    ):
        assert "no literal" in result.reasons


@given(surrounded())
def test_unknown_never_shrinks(a: tuple[Quantity, Number]) -> None:
    quantity, _ = a
    unknown = Quantity.unknown("a token")
    assert (unknown + quantity).high is None
    assert unknown.less(quantity).is_unknown
    assert quantity.less(unknown).low == 0
    assert unknown.floor().is_unknown
    assert unknown.ceil().is_unknown
    assert unknown.percent(quantity).high in (None, 0)
    assert not unknown.surely_at_most(quantity)
    assert not quantity.surely_above(unknown)


def test_zero_times_unknown_is_zero() -> None:
    assert ZERO * Quantity.unknown("a token") == Quantity(0, 0, ("a token",))


@given(st.decimals(0, 1_000_000, allow_nan=False, allow_infinity=False, places=4))
def test_a_decimal_literal_is_exactly_what_was_written(value: Decimal) -> None:
    assert to_number(value) == Fraction(value)
    assert to_number(float(value)) == Fraction(Decimal(repr(float(value))))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf"), -1, -0.5, Fraction(-1, 3), -1.9e289])
def test_what_is_no_amount_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="must"):
        Quantity.exact(wrong)


def test_a_turned_interval_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got \[3, 2\]"):
        Quantity(3, 2)


def test_only_exact_quantities_have_a_value() -> None:
    assert Quantity.exact(0.1).value == Fraction(1, 10)
    with pytest.raises(ValueError, match="not exact: 1 to 2"):
        _ = Quantity.bounded(1, 2).value


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Quantity.exact(1250), "1,250"),
        (Quantity.exact(0.25), "0.25"),
        (Quantity.exact(Fraction(1, 3)), "0.333"),
        (Quantity.bounded(60, 79, "memory"), "60 to 79"),
        (Quantity.bounded(60, None, "memory"), "at least 60"),
        (Quantity.unknown("a token"), "unknown (a token)"),
        (Quantity(0, None), "unknown"),
        (ONE, "1"),
    ],
)
def test_quantities_read_as_people_write_them(quantity: Quantity, text: str) -> None:
    assert str(quantity) == text


def test_whole_numbers_stay_integers_for_json() -> None:
    assert plain(to_number(2.0)) == 2
    assert isinstance(plain(to_number(2.0)), int)
    assert plain(Fraction(1, 4)) == 0.25
    assert format_number(Fraction(5, 2)) == "2.5"
