"""JSON text to plain values at C speed, with lines kept: each value of the two outer levels is decoded by itself, so its place is known."""

from __future__ import annotations

import json
from typing import Any

from constructs_lib.readers.reading import UnreadableError
from constructs_lib.regex import regex

_SPACE = regex(r"[ \t\n\r]*")
#: A key of the usual form with the colon after it, and what follows a value: one look each, for the thousands of keys of a fleet.
_KEY = regex(r'"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
_AFTER = regex(r"[ \t\n\r]*([,}])[ \t\n\r]*")
_DECODER = json.JSONDecoder()
#: Outer keys whose own keys need a line of their own.
LISTED = frozenset({"Resources", "Parameters", "Outputs"})


def parse_json(text: str) -> tuple[Any, dict[tuple[str, ...], int], list[tuple[int, str]]]:
    """The value, one-based lines of outer keys, and duplicate outer keys as (line, message). Raises ``UnreadableError``."""
    try:
        if not text.lstrip().startswith("{"):
            return json.loads(text), {}, []
        return _Scan(text).document()
    except json.JSONDecodeError as problem:
        raise UnreadableError(f"not valid JSON: {problem.msg}", problem.lineno) from None
    except RecursionError:
        raise UnreadableError("not valid JSON: nested too deeply") from None
    except ValueError as problem:  # a number of thousands of digits
        raise UnreadableError(f"not valid JSON: {problem}") from None


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[tuple[str, ...], int] = {}
        self.duplicates: list[tuple[int, str]] = []
        self._counted = 0
        self._line = 1

    def document(self) -> tuple[Any, dict[tuple[str, ...], int], list[tuple[int, str]]]:
        value, end = self.members(self.space(0), ())
        if self.space(end) != len(self.text):
            raise json.JSONDecodeError("Extra data", self.text, self.space(end))
        return value, self.lines, self.duplicates

    def space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def line(self, at: int) -> int:
        self._line += self.text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def expect(self, sign: str, at: int) -> int:
        at = self.space(at)
        if self.text[at : at + 1] != sign:
            raise json.JSONDecodeError(f"Expecting '{sign}'", self.text, at)
        return self.space(at + 1)

    def members(self, at: int, outer: tuple[str, ...]) -> tuple[dict[str, Any], int]:
        result: dict[str, Any] = {}
        text = self.text
        at = self.expect("{", at)
        if text[at : at + 1] == "}":
            return result, at + 1
        while True:
            key, at = self.key(at, outer, result)
            if not outer and key in LISTED and text[at : at + 1] == "{":
                result[key], at = self.members(at, (key,))
            else:
                result[key], at = _DECODER.raw_decode(text, at)
            after = _AFTER.match(text, at)
            if after is None:
                raise json.JSONDecodeError("Expecting ',' delimiter", text, self.space(at))
            at = after.end()
            if after[1] == "}":
                return result, after.end(1)

    def key(self, at: int, outer: tuple[str, ...], seen: dict[str, Any]) -> tuple[str, int]:
        """A key, and where its value begins."""
        line = self.line(at)
        usual = _KEY.match(self.text, at)
        if usual is not None:
            key, at = usual[1], usual.end()
        elif self.text[at : at + 1] == '"':
            key, at = _DECODER.raw_decode(self.text, at)
            at = self.expect(":", at)
        else:
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", self.text, at)
        if key in seen:
            self.duplicates.append((line, f"key '{key}' is given twice"))
        self.lines[outer + (key,)] = line  # noqa: RUF005 - Python 3.10 knows no star in an index
        return key, at
