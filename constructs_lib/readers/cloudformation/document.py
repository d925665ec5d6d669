"""A CloudFormation or SAM template as plain values, with the line of every resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Union

from constructs_lib.readers.cloudformation.json_text import parse_json
from constructs_lib.readers.cloudformation.yaml_text import parse_yaml
from constructs_lib.readers.reading import UnreadableError
from constructs_lib.regex import regex

#: CloudFormation stops at 1 MB (quotas of its user guide, read 2026-11-21), the CDK may indent as much JSON to several times that;
#: text beyond these limits is refused rather than chewed on for minutes. Other files of an assembly have a limit of their own.
LARGEST_YAML_BYTES = 1_100_000
LARGEST_JSON_BYTES = 8_000_000
LARGEST_MANIFEST_BYTES = 256_000_000
_LIKE_JSON = regex(r'\s*(?:\{\s*["}]|\[)')
_SUFFIXES = (".template.json", ".template.yaml", ".template.yml", ".json", ".yaml", ".yml", ".template")


class Document(NamedTuple):
    """One template: its short name, file, contents, and one-based lines by (section, name).

    ``region``, ``account`` and ``stack_name`` are what an assembly says of it; ``paths`` construct paths by logical id,
    ``assets`` template files by the name they are uploaded under.
    """

    name: str
    path: str
    body: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int] = MappingProxyType({})
    duplicates: tuple[tuple[int, str], ...] = ()
    region: str | None = None
    account: str | None = None
    stack_name: str | None = None
    paths: Mapping[str, str] = MappingProxyType({})
    assets: Mapping[str, str] = MappingProxyType({})

    def section(self, name: str) -> Mapping[str, Any]:
        """A top-level mapping such as Resources; empty when absent or not a mapping."""
        found = self.body.get(name)
        return found if isinstance(found, dict) else {}

    def line(self, section: str, name: str) -> int | None:
        return self.lines.get((section, name))


class Parsed(NamedTuple):
    """Any structured text: its value, lines of outer keys, duplicate keys."""

    value: Any
    lines: Mapping[tuple[str, ...], int]
    duplicates: tuple[tuple[int, str], ...]


Outcome = Union[Parsed, UnreadableError]  # noqa: UP007 - Python 3.10 evaluates it


def template_name(path: str | Path) -> str:
    """The file name without ``.template.json``, ``.yaml`` and so on."""
    name = Path(path).name
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def parse(data: bytes, largest: int = LARGEST_JSON_BYTES) -> Parsed:
    """Decide by content whether bytes are JSON or YAML, and parse them. Raises ``UnreadableError`` with the line where known."""
    _refuse_larger(data, largest, "text")
    text = _decoded(data)
    if not text.strip():
        raise UnreadableError("the file is empty")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return _parsed(*parse_json(text))
        except UnreadableError as problem:
            return _flow_yaml(text, problem)
    _refuse_larger(data, LARGEST_YAML_BYTES, "YAML")
    return _parsed(*parse_yaml(text))


def parse_plain(data: bytes, largest: int = LARGEST_JSON_BYTES) -> Any:
    """The value alone of what is nearly always JSON; raises as ``parse`` does, which looks again at what is not."""
    _refuse_larger(data, largest, "text")
    try:
        return json.loads(_decoded(data))
    except (ValueError, RecursionError):
        return parse(data, largest).value


def _flow_yaml(text: str, problem: UnreadableError) -> Parsed:
    """Text in braces may still be YAML: unquoted keys, comments. What starts like JSON is held to be JSON: YAML would forgive its gaps."""
    if len(text) > LARGEST_YAML_BYTES // 6 or _LIKE_JSON.match(text):
        raise problem
    try:
        return _parsed(*parse_yaml(text))
    except UnreadableError:
        raise problem from None


def _parsed(value: Any, lines: Mapping[tuple[str, ...], int], duplicates: list[tuple[int, str]]) -> Parsed:
    return Parsed(value, lines, tuple(duplicates))


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise UnreadableError("not text: the bytes are not valid UTF-8", line) from None


def outcome(data: bytes) -> Outcome:
    """A text parsed, or why it cannot be."""
    try:
        return parse(data)
    except UnreadableError as problem:
        return problem


def _refuse_larger(data: bytes, limit: int, kind: str) -> None:
    if len(data) > limit:
        size = f"{len(data) / 1e6:,.0f} MB"
        raise UnreadableError(f"{size} of {kind} are too large to be a template (CloudFormation takes 1 MB at most)")
