"""Names of tables as permissions and variables write them: literal, or by the parameter, import or SSM parameter they come from."""

from __future__ import annotations

import re
from functools import lru_cache

from constructs_lib.readers.cloudformation.placeholders import plain, shown
from constructs_lib.readers.cloudformation.unseen import source_of
from constructs_lib.readers.cloudformation.values import Reference, Text, Unresolved, Value
from constructs_lib.regex import regex

#: What shows of a name: letters that a table's name may have, and places that something with a name of its own fills.
_PART = r"[A-Za-z0-9_.-]|\$\{[^}]+\}"
_NAME = rf"(?:{_PART})+"
_PLAIN = regex(_NAME)
#: An index belongs to its table; a stream or a backup is read for other reasons.
_IN_ARN = regex(rf":table/(?P<name>{_NAME})$")
_WHOLE = regex(r"\$\{[^}]+\}")
_HOLED = regex(rf":table/(?:{_PART}|\0)+$")
_INDEX = regex(r"/index(?:/.*)?$")
_SHORTEST, _LONGEST = 3, 255
_VARIABLE = regex(r"table(?:_?name)?(?:_?param(?:eter)?)?$", re.IGNORECASE)


@lru_cache(maxsize=8192)
def is_variable(name: str) -> bool:
    """Whether a variable's name says that it holds the name of a table."""
    return _VARIABLE.search(name) is not None


def without_index(value: Value) -> Value:
    """The ARN of the table that the ARN of an index begins with; anything else as it is."""
    if isinstance(value, str):
        return _INDEX.sub("", value) if "/index" in value else value
    if not isinstance(value, Text) or not isinstance(value.parts[-1], str) or "/index" not in value.parts[-1]:
        return value
    last = _INDEX.sub("", value.parts[-1])
    parts = (*value.parts[:-1], last) if last else value.parts[:-1]
    return parts[0] if len(parts) == 1 else Text(parts)


def in_arn(value: Value, *, whole: bool) -> str | None:
    """The name of the table that an ARN is about, as ``shown``; with ``whole``, what the whole ARN comes from too."""
    if isinstance(value, (str, Text)) and "{{resolve:" in shown(value):
        return source_of(value)
    text = shown(value)
    match = _IN_ARN.search(text)
    if match is not None:
        return _fitting(match["name"])
    return text if whole and _WHOLE.fullmatch(text) else None


def written(value: Value) -> str | None:
    """The name of a table that a value is, as ``shown``; ``None`` when it is none or nobody can tell."""
    if isinstance(value, (str, Text)) and "{{resolve:" in shown(value):
        return source_of(value)
    text = shown(value)
    return _fitting(text) if _PLAIN.fullmatch(text) else None


def why_unnamed(value: Value, *, whole: bool) -> str | None:
    """Why the name inside the ARN of one table cannot be read; ``None`` where it can, and where it stands for several."""
    if isinstance(value, Text):
        hole = next(part for part in reversed(value.parts) if not isinstance(part, str))
        return _why(hole) if _HOLED.search(shown(value)) else None
    return _why(value) if whole and isinstance(value, (Reference, Unresolved)) else None


def _why(hole: Reference | Unresolved) -> str:
    return hole.reason if isinstance(hole, Unresolved) else f"it comes from '{hole.logical_id}'"


def _fitting(name: str) -> str | None:
    return name if _SHORTEST <= len(plain(name)) <= _LONGEST else None
