"""YAML text to plain values at C speed, with the short forms of intrinsic functions spelled out and lines kept.

The C parser of PyYAML composes nodes with marks; this module turns nodes into values. Aliases share one value, so an alias bomb costs
nothing here, but what reads the values would walk it: expanded size is bounded, and so is depth (the C composer recurses).
"""

from __future__ import annotations

import re
from typing import Any

from constructs_lib.readers.reading import UnreadableError

DEEPEST = 150
LARGEST_EXPANSION = 1_000_000
_BRACKETS = re.compile(r"[\[\]{}]")
_INDENT = re.compile(r"^[ -]*", re.MULTILINE)
_PLAIN_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_PLAIN_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?\Z")
_TRUE = frozenset({"true", "yes", "on"})


def parse_yaml(text: str) -> tuple[Any, dict[tuple[str, ...], int], list[tuple[int, str]]]:
    """The value, one-based lines of the keys of the two outer levels, and duplicate keys as (line, message).

    Raises ``UnreadableError`` for text that is not YAML, nests deeper than 150 levels, refers to itself, or expands without end.
    """
    import yaml  # noqa: PLC0415 - JSON-only callers must not pay for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _may_be_deep(text):
            _refuse_deep(text, loader)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as problem:
        mark: Any = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark is not None else None
        raise UnreadableError(f"not valid YAML: {problem.problem or problem.context}", line) from None
    except yaml.YAMLError as problem:
        raise UnreadableError(f"not valid YAML: {_first_line(problem)}", None) from None
    except RecursionError:
        raise UnreadableError(f"nested deeper than {DEEPEST} levels") from None
    if node is None:
        raise UnreadableError("the file is empty")
    conversion = _Conversion()
    value = conversion.convert(node, 0)
    return value, _outer_lines(node), conversion.duplicates


def _first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n", 1)[0]


def _may_be_deep(text: str) -> bool:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        depth += 1 if match.group() in "[{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST or max((len(indent) for indent in _INDENT.findall(text)), default=0) > DEEPEST


def _refuse_deep(text: str, loader: Any) -> None:
    import yaml  # noqa: PLC0415 - see parse_yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > DEEPEST:
                mark: Any = event.start_mark
                raise UnreadableError(f"nested deeper than {DEEPEST} levels", mark.line + 1)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _outer_lines(node: Any) -> dict[tuple[str, ...], int]:
    lines: dict[tuple[str, ...], int] = {}
    if node.id != "mapping":
        return lines
    for key, value in node.value:
        lines[(key.value if key.id == "scalar" else "",)] = key.start_mark.line + 1
        if value.id == "mapping" and key.id == "scalar":
            for inner, _ in value.value:
                if inner.id == "scalar":
                    lines[key.value, inner.value] = inner.start_mark.line + 1
    return lines


class _Conversion:
    """Nodes to values; a node met again through an alias gives the same value, counted again in the expanded size."""

    def __init__(self) -> None:
        self.done: dict[int, tuple[Any, int]] = {}
        self.open: set[int] = set()
        self.duplicates: list[tuple[int, str]] = []
        self.size = 0

    def convert(self, node: Any, depth: int) -> Any:
        if node.id == "scalar":
            self._grow(1, node)
            return _tagged(node.tag, _scalar(node))
        known = self.done.get(id(node))
        if known is not None:
            self._grow(known[1], node)
            return known[0]
        if id(node) in self.open:
            raise UnreadableError("an alias refers to the value that contains it", node.start_mark.line + 1)
        if depth > DEEPEST:
            raise UnreadableError(f"nested deeper than {DEEPEST} levels", node.start_mark.line + 1)
        self.open.add(id(node))
        before = self.size
        self._grow(1, node)
        value = self._mapping(node, depth) if node.id == "mapping" else self._sequence(node, depth)
        value = _tagged(node.tag, value)
        self.open.discard(id(node))
        self.done[id(node)] = (value, self.size - before)
        return value

    def _grow(self, by: int, node: Any) -> None:
        self.size += by
        if self.size > LARGEST_EXPANSION:
            reason = f"aliases expand to more than {LARGEST_EXPANSION:,} values"
            raise UnreadableError(reason, node.start_mark.line + 1)

    def _sequence(self, node: Any, depth: int) -> list[Any]:
        return [self.convert(item, depth + 1) for item in node.value]

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in node.value:
            value = self.convert(item, depth + 1)
            if key.tag == "tag:yaml.org,2002:merge":
                for source in value if isinstance(value, list) else [value]:
                    if isinstance(source, dict):
                        result = {**source, **result}
                continue
            name = key.value if key.id == "scalar" else str(self.convert(key, depth + 1))
            if name in result:
                self.duplicates.append((key.start_mark.line + 1, f"key '{name}' is given twice"))
            result[name] = value
        return result


def _scalar(node: Any) -> Any:
    tag, text = node.tag, node.value
    if tag == "tag:yaml.org,2002:str" or tag.startswith("!"):
        return text
    if tag == "tag:yaml.org,2002:null":
        return None
    if tag == "tag:yaml.org,2002:bool":
        return text.lower() in _TRUE
    # Account numbers with leading zeros and sexagesimal forms (1:30) stay text, as CloudFormation treats them.
    if tag == "tag:yaml.org,2002:int" and len(text) < 40 and _PLAIN_INT.match(text):
        return int(text)
    if tag == "tag:yaml.org,2002:float" and len(text) < 40 and _PLAIN_FLOAT.match(text):
        return float(text)
    return text


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
