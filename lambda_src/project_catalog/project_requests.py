"""What a client may ask of the catalog: every problem of a request at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog import ORDERS, Listing
from datastores.http import RequestError, limit_of

MAX_NAME = 100
MAX_DESCRIPTION = 2000
MAX_PAGE = 100


@dataclass(frozen=True)
class NewProject:
    """A project to create."""

    name: str
    description: str


@dataclass(frozen=True)
class Change:
    """A new description for the project that was read as ``version``."""

    description: str
    version: int


def new_project(body: Mapping[str, Any]) -> NewProject:
    """Read a project. Raises ``RequestError``."""
    problems: list[str] = []
    name = _text(body, "name", 1, MAX_NAME, problems)
    description = _text(body, "description", 0, MAX_DESCRIPTION, problems) if "description" in body else ""
    _refuse(body, {"name", "description"}, problems)
    return NewProject(name, description)


def change_of(body: Mapping[str, Any]) -> Change:
    """Read a change. Raises ``RequestError``."""
    problems: list[str] = []
    description = _text(body, "description", 0, MAX_DESCRIPTION, problems)
    version = body.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        problems.append(f"version is {version!r}: send the version of the project as it was read")
        version = 0
    _refuse(body, {"description", "version"}, problems)
    return Change(description, version)


def listing_of(query: Mapping[str, str]) -> Listing:
    """Read ``order``, ``limit`` and ``cursor``. Raises ``RequestError``."""
    problems: list[str] = []
    order = query.get("order", "created")
    if order not in ORDERS:
        problems.append(f"order is {order[:20]!r}: allowed are {' and '.join(ORDERS)}")
    limit = limit_of(query, problems, most=MAX_PAGE, default=20)
    if problems:
        raise RequestError(problems)
    return Listing(order, limit, query.get("cursor"))


def _text(body: Mapping[str, Any], name: str, least: int, most: int, problems: list[str]) -> str:
    value = body.get(name)
    if isinstance(value, str) and least <= len(value.strip()) <= most and value.isprintable():
        return value.strip()
    problems.append(f"{name} must be printable text of {least} to {most} characters")
    return ""


def _refuse(body: Mapping[str, Any], allowed: set[str], problems: list[str]) -> None:
    problems += [
        f"{name[:40]!r} is unknown: allowed are {' and '.join(sorted(allowed))}" for name in body.keys() - allowed
    ]
    if problems:
        raise RequestError(problems)
