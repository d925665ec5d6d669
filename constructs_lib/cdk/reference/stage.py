"""Where the reference stack goes: an AWS account, or the local cloud with a PostgreSQL and a pooler of this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from constructs import Node

from constructs_lib.cdk.context import PREFIX, stage_of
from constructs_lib.errors import InputError, Problem

_KEY = f"{PREFIX}local"


@dataclass(frozen=True)
class LocalDatabase:
    """A pooler in front of a real PostgreSQL, and the owner's own way in; ports and counts are from 1."""

    host: str
    port: int
    database: str
    max_connections: int
    pool_connections: int
    borrow_timeout_seconds: int
    owner_host: str
    owner_port: int
    owner_user: str
    owner_password: str
    application_user: str
    application_password: str


def local_database(node: Node) -> LocalDatabase | None:
    """The database of the local stage from context ``poolproof:local``; ``None`` on AWS.

    Raises ``InputError`` with everything that is missing, unknown or of the wrong kind together.
    """
    if stage_of(node) != "local":
        return None
    given = _object(node.try_get_context(_KEY))
    problems = [Problem(f"context '{_KEY}' has unknown key '{name}'") for name in sorted(set(given) - set(_kinds()))]
    problems += [problem for name, kind in _kinds().items() for problem in _wrong(name, kind, given)]
    if problems:
        raise InputError(problems)
    return LocalDatabase(**given)


def _kinds() -> dict[str, str]:
    return {field.name: str(field.type) for field in fields(LocalDatabase)}


def _object(value: Any) -> Mapping[str, Any]:
    """Context of the command line arrives as text, that of ``App(context=…)`` as it was given."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise InputError([Problem(f"context '{_KEY}' is no JSON: {error}")]) from error
    if not isinstance(found, Mapping):
        raise InputError([Problem(f"context '{_KEY}' must be a JSON object with {', '.join(_kinds())}, got {found!r}")])
    return {name: int(item) if isinstance(item, float) and item.is_integer() else item for name, item in found.items()}


def _wrong(name: str, kind: str, given: Mapping[str, Any]) -> list[Problem]:
    if name not in given:
        return [Problem(f"context '{_KEY}' lacks '{name}'")]
    value = given[name]
    if kind == "str" and not (isinstance(value, str) and value):
        return [Problem(f"'{name}' of context '{_KEY}' must be a text, got {value!r}")]
    if kind == "int" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        return [Problem(f"'{name}' of context '{_KEY}' must be a whole number from 1, got {value!r}")]
    return []
