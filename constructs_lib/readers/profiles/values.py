"""The values that fields of a profiles file may have: each reader takes a YAML node and says what is allowed when it is not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import yaml

from constructs_lib.model.allocation import Concurrency, Share, WhateverFits
from constructs_lib.model.quantity import Number, to_number
from constructs_lib.regex import regex

_UNITS = {"ms": "0.001", "s": "1", "min": "60", "h": "3600"}
#: Beyond these nothing is meant; a few characters (1e999999999) could stand for a number that fills the memory.
_SMALLEST, _LARGEST = Decimal("1e-9"), Decimal(10**9)
_DURATION = regex(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h)?")


class RefusedError(Exception):
    """A value that is not allowed; the message says what is."""


def line_of(node: yaml.Node) -> int:
    """The one-based line a node starts on."""
    return int(node.start_mark.line) + 1


def shown(node: yaml.Node) -> str:
    """A node as messages quote it."""
    if isinstance(node, yaml.ScalarNode):
        return f"'{node.value}'" if node.value else "nothing"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def near(given: str, allowed: tuple[str, ...]) -> str:
    """What was probably meant, in brackets; nothing when no allowed word is close."""
    close = difflib.get_close_matches(given, allowed, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def text(node: yaml.Node) -> str:
    """The text of a scalar; empty for anything else."""
    return str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""


def words(node: yaml.Node) -> str:
    """Any text that is not empty."""
    given = text(node)
    if not given:
        raise RefusedError("must be a text")
    return given


def one_of(allowed: tuple[str, ...]) -> Callable[[yaml.Node], str]:
    """A word of a list."""

    def read(node: yaml.Node) -> str:
        given = text(node)
        if given not in allowed:
            raise RefusedError(f"must be one of {', '.join(allowed)}{near(given, allowed)}")
        return given

    return read


def truth(node: yaml.Node) -> bool:
    """Yes or no."""
    given = text(node).lower()
    if given not in ("true", "false"):
        raise RefusedError("must be true or false")
    return given == "true"


def whole_number(least: int, most: int) -> Callable[[yaml.Node], int]:
    """A whole number between two others, which it may equal."""

    def read(node: yaml.Node) -> int:
        given = text(node)
        if not re.fullmatch(r"-?\d{1,12}", given) or not least <= int(given) <= most:
            raise RefusedError(f"must be a whole number from {least:,} to {most:,}")
        return int(given)

    return read


def percent(least: int, most: int) -> Callable[[yaml.Node], int]:
    """A whole percentage, with or without its sign."""

    def read(node: yaml.Node) -> int:
        given = re.fullmatch(r"(\d{1,3})\s*%?", text(node))
        if given is None or not least <= int(given[1]) <= most:
            raise RefusedError(f"must be a whole percentage from {least}% to {most}%")
        return int(given[1])

    return read


def _bounded(value: Decimal) -> Decimal:
    if not _SMALLEST <= value <= _LARGEST:
        raise RefusedError(f"must be from {_SMALLEST:f} to {_LARGEST:,f}")
    return value


def decimal(node: yaml.Node) -> Number:
    """A number above zero."""
    try:
        value = Decimal(text(node))
    except InvalidOperation:
        raise RefusedError("must be a number above 0") from None
    if not value.is_finite() or value <= 0:
        raise RefusedError("must be a number above 0")
    return to_number(_bounded(value))


def duration(node: yaml.Node) -> Number:
    """Seconds from ``200ms``, ``2 s``, ``1.5min``, ``1h`` or a bare number of seconds."""
    match = _DURATION.fullmatch(text(node))
    value = Decimal(match[1]) * Decimal(_UNITS[match[2] or "s"]) if match else Decimal(0)
    if value <= 0:
        raise RefusedError("must be a duration above 0 such as 200ms, 2s, 5min or 1h")
    return to_number(_bounded(value))


def whole_seconds(most: int) -> Callable[[yaml.Node], int]:
    """A duration of whole seconds, from one up."""

    def read(node: yaml.Node) -> int:
        seconds = duration(node)
        if int(seconds) != seconds or not 1 <= seconds <= most:
            raise RefusedError(f"must be whole seconds from 1 to {most}")
        return int(seconds)

    return read


def concurrency(node: yaml.Node) -> Concurrency:
    """A number of executions, a share, or whatever fits."""
    given = text(node)
    if given == "fits":
        return WhateverFits()
    share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", given)
    if share and 0 < float(share[1]) <= 100:
        return Share(float(Decimal(share[1]) / 100))
    if re.fullmatch(r"\d{1,12}", given) and int(given) >= 1:
        return int(given)
    raise RefusedError("must be a whole number from 1 up, a share such as 50%, or fits")
