"""What may stand in a profiles file: two tables of fields, each with its reader, and the stores that functions name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from constructs_lib.errors import Problem
from constructs_lib.model.profile import (
    ACCESS_PATTERNS,
    AURORA_ENGINES,
    ENGINES,
    RELATIONAL,
    STORES,
    TRIGGERS,
    Profile,
    StoreProfile,
)
from constructs_lib.readers.profiles import values

FUNCTIONS, NAMED_STORES = "function_profiles", "stores"
_LONGEST_TIMEOUT_SECONDS = 900
_LONGEST_BORROW_SECONDS = 300
_LAMBDA_MEMORY_MIB = (128, 10_240)
#: A pool that is busier has no averages worth stating: waits grow without end towards 100 %.
_BUSIEST_PERCENT = 95


@dataclass
class ProfileReader:
    """Turns YAML nodes into profiles and collects every problem with its line."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    stores: dict[str, StoreProfile] = field(default_factory=dict)

    def profiles(self, root: yaml.Node | None) -> list[Profile]:
        """All profiles that could be read, and their stores in ``stores``; look at ``problems`` before using them."""
        sections = self._sections(root)
        named = sections.get(NAMED_STORES)
        for name, key, value in self._mapping(named, NAMED_STORES) if named is not None else []:
            self._store(name, key, value)
        functions = sections.get(FUNCTIONS)
        entries = self._mapping(functions, FUNCTIONS) if functions is not None else []
        found = [self._profile(name, key, value) for name, key, value in entries]
        return [profile for profile in found if profile is not None]

    def _sections(self, root: yaml.Node | None) -> dict[str, yaml.Node]:
        if root is None:
            self._add(None, f"the file is empty; it must have the key '{FUNCTIONS}'")
            return {}
        keys = self._mapping(root, "the file")
        for name, key, _ in keys:
            if name not in (FUNCTIONS, NAMED_STORES):
                self._add(key, f"unknown key '{name}'; allowed are '{FUNCTIONS}' and '{NAMED_STORES}'")
        sections = {name: value for name, _, value in keys}
        if FUNCTIONS not in sections and isinstance(root, yaml.MappingNode):
            self._add(root, f"the key '{FUNCTIONS}' is missing")
        return sections

    def _mapping(self, node: yaml.Node, what: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._add(node, f"{what} must be a mapping of names to values, got {values.shown(node)}")
            return []
        seen: dict[str, yaml.Node] = {}
        entries = []
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else values.shown(key)
            if name in seen:
                first = values.line_of(seen[name])
                self._add(key, f"'{name}' is defined twice in {what}, first in line {first}; names must be unique")
                continue
            seen[name] = key
            entries.append((name, key, value))
        return entries

    def _profile(self, name: str, key: yaml.Node, node: yaml.Node) -> Profile | None:
        self._check_name(name, key)
        kinds = {**{kind: kind for kind in STORES}, **{store.name: store.kind for store in self.stores.values()}}
        fields = {"store": _Field("store_name", values.one_of(tuple(kinds))), **_FIELDS}
        found = self._fields(f"profile '{name}'", name, node, fields)
        if isinstance(node, yaml.MappingNode) and not any(str(entry.value) == "store" for entry, _ in node.value):
            self._add(key, f"'{name}' names no store; allowed are {', '.join(kinds)}")
        if "store_name" not in found:
            return None
        return Profile(name=name, store=kinds[found["store_name"]], line=values.line_of(key), **found)

    def _store(self, name: str, key: yaml.Node, node: yaml.Node) -> None:
        self._check_name(name, key)
        found = self._fields(f"store '{name}'", name, node, _STORE_FIELDS)
        kind = found.pop("kind", name if name in STORES else RELATIONAL)
        if name in STORES and kind != name:
            self._add(
                key, f"store '{name}' has the name of another kind than its own, {kind}; give it a name of its own"
            )
        store = StoreProfile(name=name, kind=kind, line=values.line_of(key), **found)
        self.stores[name] = store
        if kind != RELATIONAL and found:
            self._add(key, f"store '{name}' is {kind}: only a relational one has an engine, a class or a proxy")
        if store.serverless and store.engine not in AURORA_ENGINES:
            self._add(
                key,
                f"store '{name}' asks for Serverless v2, which needs {' or '.join(AURORA_ENGINES)}, got {store.engine}",
            )
        if store.serverless and store.instance_class not in (None, "db.serverless"):
            self._add(
                key, f"store '{name}' is serverless and names the class {store.instance_class}; choose one of them"
            )
        if store.via == "direct" and store.borrow_timeout_seconds is not None:
            self._add(key, f"store '{name}' has a borrow_timeout, but no proxy: via is direct")

    def _check_name(self, name: str, key: yaml.Node) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", name):
            self._add(
                key, f"name '{name}' must start with a letter, then letters, digits, '-' or '_', 63 characters at most"
            )

    def _fields(self, what: str, name: str, node: yaml.Node, table: Mapping[str, _Field]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field_name, key, value in self._mapping(node, what):
            known = table.get(field_name)
            if known is None:
                hint = values.near(field_name, tuple(table))
                self._add(key, f"unknown key '{field_name}' of '{name}'{hint}; allowed are {', '.join(table)}")
                continue
            try:
                found[known.attribute] = known.read(value)
            except values.RefusedError as refusal:
                self._add(value, f"{field_name} of '{name}' {refusal}, got {values.shown(value)}")
        return found

    def _add(self, node: yaml.Node | None, message: str) -> None:
        self.problems.append(Problem(message, self.file, None if node is None else values.line_of(node)))


@dataclass(frozen=True)
class _Field:
    attribute: str
    read: Callable[[yaml.Node], Any]


_FIELDS: Mapping[str, _Field] = {
    "access_pattern": _Field("access_pattern", values.one_of(ACCESS_PATTERNS)),
    "trigger": _Field("trigger", values.one_of(TRIGGERS)),
    "concurrency_limit": _Field("concurrency", values.concurrency),
    "peak_requests_per_second": _Field("peak_requests_per_second", values.decimal),
    "duration": _Field("duration_seconds", values.duration),
    "hold": _Field("hold_seconds", values.duration),
    "average_hold": _Field("average_hold_seconds", values.duration),
    "transactions": _Field("transactions", values.whole_number(1, 1000)),
    "timeout": _Field("timeout_seconds", values.whole_seconds(_LONGEST_TIMEOUT_SECONDS)),
    "memory": _Field("memory_mib", values.whole_number(*_LAMBDA_MEMORY_MIB)),
}

_STORE_FIELDS: Mapping[str, _Field] = {
    "kind": _Field("kind", values.one_of(STORES)),
    "engine": _Field("engine", values.one_of(ENGINES)),
    "engine_version": _Field("engine_version", values.words),
    "via": _Field("via", values.one_of(("proxy", "direct"))),
    "serverless": _Field("serverless", values.truth),
    "instance_class": _Field("instance_class", values.words),
    "borrow_timeout": _Field("borrow_timeout_seconds", values.whole_seconds(_LONGEST_BORROW_SECONDS)),
    "utilisation": _Field("utilisation_percent", values.percent(5, _BUSIEST_PERCENT)),
    "other_connections": _Field("other_connections", values.whole_number(0, 100_000)),
}
