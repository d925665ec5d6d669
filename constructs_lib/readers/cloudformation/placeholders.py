"""Text as people write it: with the names of the parameters and imports that fill its holes, or for somebody to fill in later."""

from __future__ import annotations

import re

from constructs_lib.readers.cloudformation.values import Text, Unresolved, Value
from constructs_lib.regex import regex

_PLACE = regex(r"\$\{([^}]+)\}")
#: Stands for what nothing names.
_UNNAMED = "\0"

#: What stands where something is to be filled in: changeme, TODO, <host>, your-db-host.
TO_FILL_IN = (
    r"todo|tbd|<.*>|\[.*\]|\$\{.*\}|%.*%|.*[-_ ](?:here|placeholder)|"
    r"(?:place[-_ ]?holder|dummy|change[-_ ]?me|replace|your|example|to[-_ ]be|insert|set[-_ ]by|overridden|managed).*"
)
_TO_FILL_IN = regex(TO_FILL_IN, re.IGNORECASE)


def is_to_fill_in(text: str) -> bool:
    """Whether text only says that something is to stand in its place."""
    return _TO_FILL_IN.fullmatch(text.strip()) is not None


def shown(value: Value) -> str:
    """A value as text, ``${name}`` for what comes from a parameter or import, and a sign of its own for what nothing names."""
    if isinstance(value, str):
        return value
    if isinstance(value, Unresolved):
        name = value.parameter or value.imported
        return f"${{{name}}}" if name else _UNNAMED
    if isinstance(value, Text):
        return "".join(shown(part) for part in value.parts)
    return _UNNAMED


def called(value: Value) -> str | None:
    """A value as text, ``${name}`` for what comes from elsewhere; ``None`` where nothing names a part of it."""
    text = shown(value)
    return None if _UNNAMED in text else text


def plain(text: str) -> str:
    """The text with just the names in the places of what they fill."""
    return _PLACE.sub(r"\1", text)
