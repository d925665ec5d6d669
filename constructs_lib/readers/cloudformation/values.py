"""What a property of a template can turn out to be: a plain value, a reference, text with holes, one of several, or unresolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Union

from constructs_lib.model.quantity import LARGEST, Quantity, Refused, refused

LONGEST_TEXT_PARTS = 2_000


#: Why a reference is assumed that stands for one of several, where nothing tells which.
ONE_OF = "it is one of several, and which of them is known after apply"


class Reference(NamedTuple):
    """Something a resource gives away: its ``Ref`` or an attribute.

    ``guess`` is empty for what the template says, else why it was assumed (a parameter matched to another template's output by name).
    ``part`` marks a piece cut out of the value, as the name inside an ARN.
    """

    stack: str
    logical_id: str
    attribute: str
    guess: str = ""
    part: bool = False


class Unresolved(NamedTuple):
    """A value nobody can know from the given templates.

    ``parameter`` names the parameter when it is one, ``imported`` the import, ``absent`` what is referred to and not there, ``stored``
    the SSM parameter that a template's parameter is read from, where that has no name of its own.
    """

    reason: str
    parameter: str | None = None
    imported: str | None = None
    absent: str | None = None
    stored: str | None = None

    @property
    def source(self) -> str | None:
        """What the value is to come from, where that has a name."""
        return self.stored or self.parameter or self.imported or self.absent


class Text(NamedTuple):
    """Text of which some parts are references or unresolved."""

    parts: tuple[str | Reference | Unresolved, ...]


class Either(NamedTuple):
    """One of several values, depending on a condition or a parameter nobody set."""

    options: tuple[Any, ...]


class NoValue:
    """``AWS::NoValue``: the property is as if it were not written."""


NO_VALUE = NoValue()
Value = Union[  # noqa: UP007 - Python 3.10 evaluates it
    None, bool, int, float, str, Reference, Unresolved, Text, Either, NoValue, list[Any], dict[str, Any]
]


def scalar_text(value: Value) -> str | None:
    """A plain scalar as CloudFormation writes it into text; ``None`` for anything else."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    return None


def concatenated(values: list[Value]) -> Value:
    """The texts one after the other; references and unresolved parts stay what they are."""
    parts: list[str | Reference | Unresolved] = []
    for value in values:
        for piece in (value,) if isinstance(value, (str, Reference, Unresolved)) else _pieces(value):
            if isinstance(piece, str) and parts and isinstance(parts[-1], str):
                parts[-1] += piece
            else:
                parts.append(piece)
    if len(parts) > LONGEST_TEXT_PARTS:
        return Unresolved(f"text of more than {LONGEST_TEXT_PARTS:,} parts")
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else Text(tuple(parts))


def _pieces(value: Value) -> Iterator[str | Reference | Unresolved]:
    plain = scalar_text(value)
    if plain is not None:
        yield plain
    elif isinstance(value, (Reference, Unresolved)):
        yield value
    elif isinstance(value, Text):
        yield from value.parts
    elif isinstance(value, Either):
        yield from _either_pieces(value)
    elif isinstance(value, list):
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, dict):
        yield Unresolved("a structure where text is expected")


def _either_pieces(value: Either) -> Iterator[str | Reference | Unresolved]:
    """References of every option survive inside text; which of them it is does not."""
    found = [item for option in value.options for item in references_in(option)]
    yield from found
    if not found:
        yield Unresolved("depends on a condition")


def references_in(value: Value) -> Iterator[Reference]:
    """Every reference inside a value, in order."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Text):
        yield from (part for part in value.parts if isinstance(part, Reference))
    elif isinstance(value, Either):
        for option in value.options:
            yield from references_in(option)
    elif isinstance(value, list):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references_in(item)


def guessed(value: Value, why: str) -> Value:
    """The value with every reference marked as assumed."""
    if isinstance(value, Reference):
        return value._replace(guess=value.guess or why)
    if isinstance(value, Text):
        return Text(tuple(p._replace(guess=p.guess or why) if isinstance(p, Reference) else p for p in value.parts))
    if isinstance(value, Either):
        return Either(tuple(guessed(option, why) for option in value.options))
    return value


def text_of(value: Value) -> str | None:
    """Plain text of a scalar or of text without references; unresolved parts make it ``None``."""
    return scalar_text(value)


def why_unread(value: Value) -> str | None:
    """What stands in the way of reading a word; ``None`` for plain text and for what is not set."""
    if isinstance(value, Unresolved):
        return value.reason
    if isinstance(value, Either):
        return "it depends on a condition or parameter"
    if isinstance(value, Text):
        return next((part.reason for part in value.parts if isinstance(part, Unresolved)), None)
    return None


def pattern_of(value: Value) -> tuple[str | None, ...] | None:
    """Text as parts with ``None`` for every hole, to compare names that share unresolved parts; ``None`` for no text."""
    if type(value) is str:
        return (value,)
    plain = scalar_text(value)
    if plain is not None:
        return (plain,)
    if isinstance(value, Text):
        return tuple(part if isinstance(part, str) else None for part in value.parts)
    return None


def quantity_of(value: Value, what: str) -> Quantity | None:
    """A number of a template: exact, bounded by its options, or unknown with the reason; ``None`` when it is not set."""
    if value is None or isinstance(value, NoValue):
        return None
    if isinstance(value, Either):
        return _bounded(value, what)
    plain = scalar_text(value)
    if plain is not None and not isinstance(value, bool):
        return _number(plain, what)
    if isinstance(value, Unresolved):
        return Quantity.unknown(f"{what}: {value.reason}")
    return Quantity.unknown(f"{what} is not a number that the template shows")


def limit_of(value: Value, what: str) -> Quantity | None:
    """A number that AWS writes as -1 where there is none: ``None`` for that, else as ``quantity_of`` reads it."""
    if isinstance(value, Either):
        return None if all(text_of(option) == "-1" for option in value.options) else quantity_of(value, what)
    return None if text_of(value) in ("-1", "-1.0") else quantity_of(value, what)


def _number(plain: str, what: str) -> Quantity:
    try:
        number = float(plain)
        if number > LARGEST:
            return Quantity.unknown(refused(what, plain))
        return Quantity.exact(int(number) if number.is_integer() and abs(number) < 1e15 else number)
    except (ValueError, OverflowError):
        return Quantity.unknown(Refused(f"{what} must be a number of 0 or more, got '{plain[:40]}'"))


def _bounded(value: Either, what: str) -> Quantity:
    options = [quantity_of(option, what) for option in value.options]
    known = [option for option in options if option is not None]
    if len(known) < len(options) or not known:
        return Quantity.unknown(f"{what} depends on a condition that may leave it out")
    low = min(option.low for option in known)
    highs = [option.high for option in known]
    high = None if None in highs else max(h for h in highs if h is not None)
    reasons = tuple(dict.fromkeys(reason for option in known for reason in option.reasons))
    return Quantity(low, high, reasons or ((f"{what} depends on a condition or parameter",) if low != high else ()))


def mapped(value: Value, change: Callable[[Any], Value]) -> Value:
    """Apply a change to a value, or to each option of a value that depends on a condition."""
    if isinstance(value, Either):
        return either([change(option) for option in value.options])
    return change(value)


def either(options: list[Value]) -> Value:
    """One of several values; just the value when all are alike."""
    flat: list[Value] = []
    for option in options:
        for item in option.options if isinstance(option, Either) else (option,):
            if not any(_same(item, known) for known in flat):
                flat.append(item)
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def _same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def truth_of(value: Value) -> bool | None:
    """A switch as templates write it (true, "true", "True"); ``None`` when it is not set or not known."""
    plain = scalar_text(value)
    return {"true": True, "false": False}.get(plain.lower()) if plain is not None else None


def items_of(value: Value) -> list[Any]:
    """A list as it is, options of a list joined, a single value as a list of one, nothing as none."""
    if value is None or isinstance(value, NoValue):
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, Either):
        return [item for option in value.options for item in items_of(option)]
    return [value]


def entries_of(value: Value) -> dict[str, Any]:
    """A mapping as it is; options of a mapping merged to their alternatives; anything else as none."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Either):
        options = [entries_of(option) for option in value.options]
        keys = dict.fromkeys(key for option in options for key in option)
        return {key: either([option.get(key) for option in options]) for key in keys}
    return {}
