"""YAML text to plain values at C speed, with the short forms of intrinsic functions spelled out and lines kept.

The C parser of PyYAML gives events; this module builds values of them without nodes in between, which takes half the time. Aliases
share one value, so an alias bomb costs nothing here, but what reads the values would walk it: expanded size is bounded, and so is depth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from constructs_lib.readers.reading import UnreadableError
from constructs_lib.regex import regex

DEEPEST = 150
LARGEST_EXPANSION = 1_000_000
_PLAIN_INT = regex(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_PLAIN_FLOAT = regex(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?\Z")
_TRUE = frozenset({"true", "yes", "on"})
#: What YAML 1.1 takes for no text when it stands without quotes (https://yaml.org/type/, as PyYAML resolves it).
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_NUMERIC = frozenset("+-0123456789")
_OF_YAML = "tag:yaml.org,2002:"
_NO_KEY = object()
_MERGE = object()

Parts = tuple[Any, dict[tuple[str, ...], int], list[tuple[int, str]]]


def parse_yaml(text: str) -> Parts:
    """The value, one-based lines of the keys of the two outer levels, and duplicate keys as (line, message).

    Raises ``UnreadableError`` for text that is not YAML, nests deeper than 150 levels, refers to itself, or expands without end.
    """
    import yaml  # noqa: PLC0415 - JSON-only callers must not pay for it

    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return _Building(yaml, parser).document()
    except yaml.MarkedYAMLError as problem:
        mark: Any = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark is not None else None
        raise UnreadableError(f"not valid YAML: {problem.problem or problem.context}", line) from None
    except yaml.YAMLError as problem:
        raise UnreadableError(f"not valid YAML: {_first_line(problem)}", None) from None
    finally:
        parser.dispose()


def _first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n", 1)[0]


@dataclass
class _Open:
    """A mapping or sequence that is not yet complete; ``name`` is its key in the outer level, ``size`` what was built before it."""

    value: Any
    tag: str | None
    anchor: str | None
    size: int
    line: int
    name: str | None = None
    key: Any = _NO_KEY
    merged: list[Any] = field(default_factory=list)


class _Building:
    """Events to values, without recursion: what is open lies on a stack."""

    def __init__(self, yaml: Any, parser: Any) -> None:
        self.event = parser.get_event
        self.kinds = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._mapping,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.DocumentStartEvent: self._start,
        }
        self.stack: list[_Open] = []
        self.known: dict[str, tuple[Any, int] | None] = {}
        self.lines: dict[tuple[str, ...], int] = {}
        self.duplicates: list[tuple[int, str]] = []
        self.size = 0
        self.documents = 0
        self.value: Any = None

    def document(self) -> Parts:
        kinds, next_event = self.kinds, self.event
        while (event := next_event()) is not None:
            act = kinds.get(type(event))
            if act is not None:
                act(event)
        if self.size == 0 or (self.size == 1 and self.value is None):
            raise UnreadableError("the file is empty")
        return self.value, self.lines, self.duplicates

    def _start(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            line = event.start_mark.line + 1
            raise UnreadableError("not valid YAML: a second document where one is expected", line)

    def _scalar(self, event: Any) -> None:
        self._grow(1, event)
        inside = self.stack[-1] if self.stack else None
        if inside is not None and inside.key is _NO_KEY and type(inside.value) is dict:
            self._take_key(inside, event)
            return
        value = event.value
        if event.tag is not None:
            value = _tagged(event.tag, _explicit(event.tag, value))
        elif event.implicit[0]:
            value = _plain(value)
        if event.anchor:
            self.known[event.anchor] = (value, 1)
        self._put(value, event)

    def _take_key(self, inside: _Open, event: Any) -> None:
        name = event.value
        if event.anchor:
            self.known[event.anchor] = (name, 1)
        if name == "<<" and event.tag is None and event.implicit[0]:
            inside.key = _MERGE
            return
        inside.key = name
        if len(self.stack) == 1:
            self.lines[(name,)] = event.start_mark.line + 1
        elif len(self.stack) == 2 and inside.name is not None:
            self.lines[inside.name, name] = event.start_mark.line + 1
        if name in inside.value:
            self.duplicates.append((event.start_mark.line + 1, f"key '{name}' is given twice"))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.known:
            raise UnreadableError(f"not valid YAML: found undefined alias '{event.anchor}'", event.start_mark.line + 1)
        known = self.known[event.anchor]
        if known is None:
            raise UnreadableError("an alias refers to the value that contains it", event.start_mark.line + 1)
        self._grow(known[1], event)
        self._put(known[0], event)

    def _mapping(self, event: Any) -> None:
        self._open({}, event)

    def _sequence(self, event: Any) -> None:
        self._open([], event)

    def _open(self, value: Any, event: Any) -> None:
        line = event.start_mark.line + 1
        if len(self.stack) >= DEEPEST:
            raise UnreadableError(f"nested deeper than {DEEPEST} levels", line)
        self._grow(1, event)
        inside = self.stack[-1] if self.stack else None
        name = inside.key if len(self.stack) == 1 and inside is not None and isinstance(inside.key, str) else None
        if event.anchor:
            self.known[event.anchor] = None
        self.stack.append(_Open(value, event.tag, event.anchor, self.size - 1, line, name))

    def _end(self, event: Any) -> None:
        done = self.stack.pop()
        value = done.value
        for source in done.merged:
            value = {**source, **value}
        if done.tag is not None:
            value = _tagged(done.tag, value)
        if done.anchor:
            self.known[done.anchor] = (value, self.size - done.size)
        self._put(value, event)

    def _put(self, value: Any, event: Any) -> None:
        """A complete value into what is open around it."""
        if not self.stack:
            self.value = value
            return
        inside = self.stack[-1]
        if type(inside.value) is list:
            inside.value.append(value)
        elif inside.key is _NO_KEY:
            inside.key = str(value)
            if inside.key in inside.value:
                self.duplicates.append((event.start_mark.line + 1, f"key '{inside.key}' is given twice"))
        elif inside.key is _MERGE:
            sources = value if isinstance(value, list) else [value]
            inside.merged += [source for source in sources if isinstance(source, dict)]
            inside.key = _NO_KEY
        else:
            inside.value[inside.key] = value
            inside.key = _NO_KEY

    def _grow(self, by: int, event: Any) -> None:
        self.size += by
        if self.size > LARGEST_EXPANSION:
            reason = f"aliases expand to more than {LARGEST_EXPANSION:,} values"
            raise UnreadableError(reason, event.start_mark.line + 1)


def _plain(text: str) -> Any:
    """A scalar without quotes and tag.

    Account numbers with leading zeros, sexagesimal forms (1:30), dates and the like stay text, as CloudFormation treats them.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC and len(text) < 40:
        if _PLAIN_INT.match(text):
            return int(text)
        if _PLAIN_FLOAT.match(text):
            return float(text)
    return text


def _explicit(tag: str, text: str) -> Any:
    """A scalar of one of YAML's own tags; every other one is text."""
    if tag == f"{_OF_YAML}bool":
        return text.lower() in _TRUE
    if tag == f"{_OF_YAML}null":
        return None
    return _plain(text) if tag in (f"{_OF_YAML}int", f"{_OF_YAML}float") and text else text


def _tagged(tag: str, value: Any) -> Any:
    if not tag.startswith("!") or tag == "!":
        return value
    name = tag[1:]
    if name in ("Ref", "Condition"):
        return {name: value}
    if name == "GetAtt" and isinstance(value, str):
        resource, _, attribute = value.partition(".")
        return {"Fn::GetAtt": [resource, attribute]}
    return {f"Fn::{name}": value}
