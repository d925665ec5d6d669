"""Numbers that may be exact, bounded, or unknown.

A quantity is a closed interval ``[low, high]`` of non-negative numbers. ``high`` is ``None`` when nothing bounds it.
Exact numbers have ``low == high``; unknown ones are ``[0, unbounded]`` and carry the reason a person can act on.
Interval arithmetic keeps every operation sound: the true value always lies inside the result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Number = int | Fraction
#: Beyond any count, byte or millisecond of AWS; products of what is larger leave the range of floating point.
LARGEST = 10**15


def to_number(value: float | int | Fraction | Decimal) -> Number:
    """Turn a decimal literal into the exact number it was written as (0.1 is one tenth, not its binary neighbour).

    Raises ``ValueError`` for negative, infinite or not-a-number values: no quantity of this library can be any of them.
    """
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"quantity must be a finite number, got {value!r}")
        value = Decimal(repr(value))
    number = Fraction(value)
    if number < 0:
        raise ValueError(f"quantity must not be negative, got {value}")
    return whole(number)


def whole(number: Fraction) -> Number:
    """The same number, as an int where it is one."""
    return number.numerator if number.denominator == 1 else number


def plain(value: Number) -> int | float:
    """The number as JSON and people write it: an int when whole, a float otherwise."""
    return value if isinstance(value, int) else float(value)


class Refused(str):
    """A reason that names a value nobody may write there, such as a negative number: a mistake of the source, not a riddle."""

    __slots__ = ()


def refused(what: str, got: object) -> Refused:
    """Why a number nobody may write there is not taken."""
    text = str(got)
    allowed = "0 or more" if text.lstrip().startswith("-") else f"at most {LARGEST:,}"
    return Refused(f"{what} must be a number of {allowed}, got '{text[:40]}'")


def joined(*groups: tuple[str, ...]) -> tuple[str, ...]:
    """The reasons of several quantities, each once."""
    if not any(groups):
        return ()
    return tuple(dict.fromkeys(reason for group in groups for reason in group))


@dataclass(frozen=True)
class Quantity:
    """A non-negative interval with the reasons why it is not exact.

    ``low`` and ``high`` are in the unit of the field that holds the quantity; ``high`` is ``None`` for "no upper bound".
    """

    low: Number
    high: Number | None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # The numerator tells the sign without the price of comparing fractions; most quantities are exact, with one number for both ends.
        if self.low.numerator < 0 or (self.high is not None and self.high is not self.low and self.high < self.low):
            raise ValueError(f"quantity must satisfy 0 <= low <= high, got [{self.low}, {self.high}]")

    @staticmethod
    def exact(value: float | int | Fraction) -> Quantity:
        """A number that is known, such as a literal of a template."""
        number = to_number(value)
        return Quantity(number, number)

    @staticmethod
    def bounded(low: float | int | Fraction, high: float | int | Fraction | None, reason: str = "") -> Quantity:
        """A number known to lie between ``low`` and ``high``."""
        upper = None if high is None else to_number(high)
        return Quantity(to_number(low), upper, (reason,) if reason else ())

    @staticmethod
    def unknown(reason: str) -> Quantity:
        """A number nobody could read, with what stood in the way."""
        return Quantity(0, None, (reason,))

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def is_unknown(self) -> bool:
        """Whether nothing at all is known about the number."""
        return self.low == 0 and self.high is None

    @property
    def reason(self) -> str:
        return "; ".join(self.reasons)

    @property
    def value(self) -> Number:
        """The exact number. Raises ``ValueError`` when it is not exact; ask ``is_exact`` first."""
        if not self.is_exact:
            raise ValueError(f"quantity is not exact: {self}")
        return self.low

    def __add__(self, other: Quantity) -> Quantity:
        if self.high is self.low and other.high is other.low:
            both = self.low + other.low
            return Quantity(both, both, joined(self.reasons, other.reasons))
        high = None if self.high is None or other.high is None else self.high + other.high
        return Quantity(self.low + other.low, high, joined(self.reasons, other.reasons))

    def __mul__(self, other: Quantity) -> Quantity:
        if self.high is self.low and other.high is other.low:
            both = self.low * other.low
            return Quantity(both, both, joined(self.reasons, other.reasons))
        # Zero times anything is zero, also when the other factor has no upper bound.
        if self.high == 0 or other.high == 0:
            high: Number | None = 0
        else:
            high = None if self.high is None or other.high is None else self.high * other.high
        return Quantity(self.low * other.low, high, joined(self.reasons, other.reasons))

    def less(self, other: Quantity) -> Quantity:
        """The difference, never below zero (saturating: a negative number of connections does not exist)."""
        low = 0 if other.high is None else max(0, self.low - other.high)
        high = None if self.high is None else max(0, self.high - other.low)
        return Quantity(low, high, joined(self.reasons, other.reasons))

    def at_most(self, other: Quantity) -> Quantity:
        """The smaller of the two numbers."""
        highs = [high for high in (self.high, other.high) if high is not None]
        return Quantity(min(self.low, other.low), min(highs, default=None), joined(self.reasons, other.reasons))

    def floor(self) -> Quantity:
        return Quantity(math.floor(self.low), None if self.high is None else math.floor(self.high), self.reasons)

    def ceil(self) -> Quantity:
        return Quantity(math.ceil(self.low), None if self.high is None else math.ceil(self.high), self.reasons)

    def percent(self, percent: Quantity) -> Quantity:
        """The given percentage of this number, not rounded."""
        return self * percent * Quantity(Fraction(1, 100), Fraction(1, 100))

    def surely_at_most(self, other: Quantity) -> bool:
        """Whether every value this may have is at most every value the other may have."""
        return self.high is not None and self.high <= other.low

    def surely_below(self, other: Quantity) -> bool:
        return self.high is not None and self.high < other.low

    def surely_above(self, other: Quantity) -> bool:
        """Whether every value this may have exceeds every value the other may have."""
        return other.surely_below(self)

    def __str__(self) -> str:
        if self.is_unknown:
            return f"unknown ({self.reason})" if self.reasons else "unknown"
        if self.is_exact:
            return format_number(self.low)
        if self.high is None:
            return f"at least {format_number(self.low)}"
        return f"{format_number(self.low)} to {format_number(self.high)}"


def format_number(value: Number) -> str:
    """At most three decimals and thousands separators, as reports show numbers."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.3f}".rstrip("0").rstrip(".")


ZERO = Quantity(0, 0)
ONE = Quantity(1, 1)


def total(quantities: list[Quantity]) -> Quantity:
    """The sum; zero for an empty list."""
    highs = [quantity.high for quantity in quantities]
    high = None if any(value is None for value in highs) else sum(value for value in highs if value is not None)
    return Quantity(
        sum(quantity.low for quantity in quantities), high, joined(*(quantity.reasons for quantity in quantities))
    )
