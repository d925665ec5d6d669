"""On which line of a TOML text a key stands, which its parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.regex import regex

Key = tuple[str | int, ...]

_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_PATH = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = regex(rf"\s*(?P<open>\[\[?)\s*(?P<path>{_PATH})\s*\]")
_ENTRY = regex(rf"\s*(?P<path>{_PATH})\s*=")


def line_of(text: str, key: Key) -> int | None:
    """The one-based line of a key or, inside an inline table or array, of the nearest key around it; ``None`` when there is none."""
    places: dict[Key, int] = {}
    for place, line in _keys(text):
        for depth in range(1, len(place) + 1):
            places.setdefault(place[:depth], line)
    nearest = next((key[:depth] for depth in range(len(key), 0, -1) if key[:depth] in places), None)
    return None if nearest is None else places[nearest]


def _keys(text: str) -> Iterator[tuple[Key, int]]:
    table: Key = ()
    counts: dict[Key, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header["path"])
            if header["open"] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, number
        elif entry := _ENTRY.match(line):
            yield (*table, *_parts(entry["path"])), number


def _parts(path: str) -> Key:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_PART, path))
