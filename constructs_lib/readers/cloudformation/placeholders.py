"""Text as people write it, with the names of the parameters and imports that fill its holes."""

from __future__ import annotations

import re

from constructs_lib.readers.cloudformation.values import Text, Unresolved, Value

_PLACE = re.compile(r"\$\{([^}]+)\}")
#: Stands for what nothing names.
_UNNAMED = "\0"


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
