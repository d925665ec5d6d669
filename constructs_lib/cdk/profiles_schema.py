"""What may stand in a profiles file: one table of fields, each with its reader and what it allows. Knows no CDK."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from constructs_lib.cdk.allocation import Concurrency, Share, WhateverFits
from constructs_lib.errors import Problem
from constructs_lib.model.quantity import Number, to_number

STORES = ("relational", "key-value", "document", "analytical")
REQUEST_TRIGGERS = ("http-api", "rest-api", "function-url")
BATCH_TRIGGERS = ("schedule", "hourly-batch", "daily-batch")
TRIGGERS = (*REQUEST_TRIGGERS, "queue", "stream", "event", *BATCH_TRIGGERS)
SINGLE_KEY, KEY_RANGE, TRANSACTION = "single-key lookup", "key-range query", "transaction"
JOIN, SCAN, REPORT = "join", "scan", "report"
ACCESS_PATTERNS = (SINGLE_KEY, KEY_RANGE, TRANSACTION, JOIN, SCAN, REPORT)

_UNITS = {"ms": "0.001", "s": "1", "min": "60", "h": "3600"}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h)?")
_LONGEST_TIMEOUT_SECONDS = 900
_LAMBDA_MEMORY_MIB = (128, 10_240)


@dataclass(frozen=True)
class Profile:
    """One function as it was declared. Times in seconds, ``memory_mib`` in MiB; ``None`` where the file is silent.

    ``concurrency`` is a number, a ``Share`` (written ``50%``) or ``WhateverFits()`` (written ``fits``); ``hold_seconds`` is how long one
    of its ``transactions`` keeps a connection. ``line`` is one-based.
    """

    name: str
    store: str
    line: int
    access_pattern: str | None = None
    trigger: str | None = None
    concurrency: Concurrency | None = None
    peak_requests_per_second: Number | None = None
    duration_seconds: Number | None = None
    hold_seconds: Number | None = None
    transactions: int = 1
    timeout_seconds: int | None = None
    memory_mib: int | None = None


class _RefusedError(Exception):
    """A value that is not allowed; the message says what is."""


@dataclass
class ProfileReader:
    """Turns YAML nodes into profiles and collects every problem with its line."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def profiles(self, root: yaml.Node | None) -> list[Profile]:
        """All profiles that could be read; look at ``problems`` before using them."""
        section = self._section(root)
        entries = self._mapping(section, "function_profiles") if section is not None else []
        found = [self._profile(name, key, value) for name, key, value in entries]
        return [profile for profile in found if profile is not None]

    def _section(self, root: yaml.Node | None) -> yaml.Node | None:
        if root is None:
            self._add(None, "the file is empty; it must have the key 'function_profiles'")
            return None
        keys = self._mapping(root, "the file")
        for name, key, _ in keys:
            if name != "function_profiles":
                self._add(key, f"unknown key '{name}'; allowed is 'function_profiles'")
        section = next((value for name, _, value in keys if name == "function_profiles"), None)
        if section is None and isinstance(root, yaml.MappingNode):
            self._add(root, "the key 'function_profiles' is missing")
        return section

    def _mapping(self, node: yaml.Node, what: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._add(node, f"{what} must be a mapping of names to values, got {_shown(node)}")
            return []
        seen: dict[str, yaml.Node] = {}
        entries = []
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else _shown(key)
            if name in seen:
                self._add(
                    key, f"'{name}' is defined twice in {what}, first in line {_line(seen[name])}; names must be unique"
                )
                continue
            seen[name] = key
            entries.append((name, key, value))
        return entries

    def _profile(self, name: str, key: yaml.Node, node: yaml.Node) -> Profile | None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", name):
            self._add(
                key, f"name '{name}' must start with a letter, then letters, digits, '-' or '_', 63 characters at most"
            )
        values: dict[str, Any] = {}
        for field_name, field_key, value in self._mapping(node, f"profile '{name}'"):
            known = _FIELDS.get(field_name)
            if known is None:
                self._add(field_key, _unknown(f"key '{field_name}' of '{name}'", field_name, tuple(_FIELDS)))
                continue
            self._read(values, known, name, field_name, value)
        if isinstance(node, yaml.MappingNode) and not any(str(entry.value) == "store" for entry, _ in node.value):
            self._add(key, f"'{name}' names no store; allowed are {', '.join(STORES)}")
        return Profile(name=name, line=_line(key), **values) if "store" in values else None

    def _read(self, values: dict[str, Any], known: _Field, name: str, field_name: str, node: yaml.Node) -> None:
        try:
            values[known.attribute] = known.read(node)
        except _RefusedError as refusal:
            self._add(node, f"{field_name} of '{name}' {refusal}, got {_shown(node)}")

    def _add(self, node: yaml.Node | None, message: str) -> None:
        self.problems.append(Problem(message, self.file, None if node is None else _line(node)))


@dataclass(frozen=True)
class _Field:
    attribute: str
    read: Callable[[yaml.Node], Any]


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _shown(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return f"'{node.value}'" if node.value else "nothing"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _unknown(what: str, given: str, allowed: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(given, allowed, n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return f"unknown {what}{hint}; allowed are {', '.join(allowed)}"


def _text(node: yaml.Node) -> str:
    return str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""


def _one_of(allowed: tuple[str, ...]) -> Callable[[yaml.Node], str]:
    def read(node: yaml.Node) -> str:
        text = _text(node)
        if text not in allowed:
            near = difflib.get_close_matches(text, allowed, n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            raise _RefusedError(f"must be one of {', '.join(allowed)}{hint}")
        return text

    return read


def _whole(least: int, most: int) -> Callable[[yaml.Node], int]:
    def read(node: yaml.Node) -> int:
        text = _text(node)
        if not re.fullmatch(r"-?\d+", text) or not least <= int(text) <= most:
            raise _RefusedError(f"must be a whole number from {least:,} to {most:,}")
        return int(text)

    return read


def _decimal(node: yaml.Node) -> Number:
    try:
        value = Decimal(_text(node))
    except InvalidOperation:
        raise _RefusedError("must be a number above 0") from None
    if not value.is_finite() or value <= 0:
        raise _RefusedError("must be a number above 0")
    return to_number(value)


def _duration(node: yaml.Node) -> Number:
    """Seconds from ``200ms``, ``2 s``, ``1.5min``, ``1h`` or a bare number of seconds."""
    match = _DURATION.fullmatch(_text(node))
    value = Decimal(match[1]) * Decimal(_UNITS[match[2] or "s"]) if match else Decimal(0)
    if value <= 0:
        raise _RefusedError("must be a duration above 0 such as 200ms, 2s, 5min or 1h")
    return to_number(value)


def _timeout(node: yaml.Node) -> int:
    seconds = _duration(node)
    if int(seconds) != seconds or not 1 <= seconds <= _LONGEST_TIMEOUT_SECONDS:
        raise _RefusedError(f"must be whole seconds from 1 to {_LONGEST_TIMEOUT_SECONDS}")
    return int(seconds)


def _concurrency(node: yaml.Node) -> Concurrency:
    text = _text(node)
    if text == "fits":
        return WhateverFits()
    share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text)
    if share and 0 < float(share[1]) <= 100:
        return Share(float(Decimal(share[1]) / 100))
    if re.fullmatch(r"\d+", text) and int(text) >= 1:
        return int(text)
    raise _RefusedError("must be a whole number from 1 up, a share such as 50%, or fits")


_FIELDS: Mapping[str, _Field] = {
    "store": _Field("store", _one_of(STORES)),
    "access_pattern": _Field("access_pattern", _one_of(ACCESS_PATTERNS)),
    "trigger": _Field("trigger", _one_of(TRIGGERS)),
    "concurrency_limit": _Field("concurrency", _concurrency),
    "peak_requests_per_second": _Field("peak_requests_per_second", _decimal),
    "duration": _Field("duration_seconds", _duration),
    "hold": _Field("hold_seconds", _duration),
    "transactions": _Field("transactions", _whole(1, 1000)),
    "timeout": _Field("timeout_seconds", _timeout),
    "memory": _Field("memory_mib", _whole(*_LAMBDA_MEMORY_MIB)),
}
