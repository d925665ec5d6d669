"""JSON that a template writes as text, with references in it: the input of a schedule, the definition of a state machine."""

from __future__ import annotations

import json
from typing import Any

from constructs_lib.readers.cloudformation.values import Reference, Text, Unresolved, Value, concatenated
from constructs_lib.regex import regex

#: Stand for a part that is no text; the two signs are of Unicode's private use area, which templates do not write.
_OPENING, _CLOSING = "\ue000", "\ue001"
_ESCAPED = r"\ue000"
_HOLE = regex(f"{_OPENING}([0-9]+){_CLOSING}")
_QUOTE = regex(r'(?<!\\)(?:\\\\)*"')
#: AWS takes no longer definition of a state machine.
LONGEST = 1_048_576

Part = str | Reference | Unresolved


def structured(value: Value) -> Value:
    """What text says as JSON, with its references in place; the value itself when it is no JSON object or array."""
    parts: tuple[Part, ...] = (value,) if isinstance(value, str) else value.parts if isinstance(value, Text) else ()
    first = parts[0] if parts else None
    if not isinstance(first, str) or first.lstrip()[:1] not in ("{", "["):
        return value
    text = _with_holes(parts)
    if text is None:
        return value
    try:
        return _filled(json.loads(text, strict=False), parts)
    except (ValueError, RecursionError):
        return value


def _with_holes(parts: tuple[Part, ...]) -> str | None:
    """The text with a sign for each hole, in quotes where JSON wants a value; ``None`` for text that is too long or has such signs."""
    pieces: list[str] = []
    quoted = False
    for number, part in enumerate(parts):
        if isinstance(part, str):
            pieces.append(part)
            quoted ^= len(_QUOTE.findall(part)) % 2 == 1
        else:
            sign = f"{_OPENING}{number}{_CLOSING}"
            pieces.append(sign if quoted else f'"{sign}"')
    text = "".join(pieces)
    written = any(isinstance(part, str) and (_OPENING in part or _ESCAPED in part.lower()) for part in parts)
    return None if written or len(text) > LONGEST else text


def _filled(item: Any, parts: tuple[Part, ...]) -> Value:
    if isinstance(item, dict):
        return {
            str(_filled(key, parts)) if _OPENING in key else key: _filled(inner, parts) for key, inner in item.items()
        }
    if isinstance(item, list):
        return [_filled(inner, parts) for inner in item]
    if isinstance(item, str) and _OPENING in item:
        pieces = _HOLE.split(item)
        return concatenated([parts[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces) if piece])
    return item  # type: ignore[no-any-return]
