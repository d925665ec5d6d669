"""Edges from clues: per function and store one way, or several where the function holds several addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.model.fleet import Certainty, Connection, Role, Via
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.cloudformation.clues import Clue, strongest, weaker
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Unresolved, entries_of, quantity_of
from constructs_lib.regex import regex

_POOL_SIZE = regex(
    r"(?:^|_)(?:db|pg|sql|mysql|postgres|database|poolproof_database)?_?(?:pool_?size|pool_?max|max_?pool(?:_?size)?|max_?conn(?:ection)?s?(?:_?size)?|"
    r"connection_?limit|connections)$",
    re.IGNORECASE,
)
_HOLDING = ("direct", "proxy")


def edges(function: Resource, clues: list[Clue], bound: str | None) -> Iterator[Connection]:
    """The connections of a function."""
    by_store: dict[str, list[Clue]] = {}
    for clue in clues:
        by_store.setdefault(clue.store, []).append(clue)
    ways = [(store, found, way, group) for store, found in by_store.items() for way, group in _ways(found).items()]
    holding = {store for store, _, (via, _, _), group in ways if via in _HOLDING and _surest(group) != "possible"}
    for store, found, (via, pool, role), group in ways:
        yield Connection(
            consumer=function.id,
            store=store,
            via=via,
            pool=pool,
            role=role,
            connections_per_environment=_size(function, group, alone=len(holding) == 1) if via in _HOLDING else None,
            certainty=_surest(group),
            evidence=tuple(dict.fromkeys(clue.evidence for clue in [*group, *_supporting(found)])),
            bound=bound,
            origin=function.origin,
            secrets=_secrets(found),
            addressed=any(clue.addressed for clue in group),
            instance=_instance(group),
        )


def _surest(group: list[Clue]) -> Certainty:
    return strongest([clue.strength for clue in group])


def _secrets(found: list[Clue]) -> tuple[str, ...]:
    """The secrets that the environment names; what the role merely may read can be meant for something else."""
    named = [clue for clue in found if not clue.permitted and clue.strength != "possible"]
    return tuple(dict.fromkeys(clue.secret_id for clue in named if clue.secret_id is not None))


def _instance(group: list[Clue]) -> str | None:
    """The member of a cluster whose own address is held, where every address is that one."""
    held = {clue.instance for clue in group if clue.addressed}
    return held.pop() if len(held) == 1 else None


def _size(function: Resource, group: list[Clue], *, alone: bool) -> Quantity | None:
    """What the connection string of this store allows, else what a variable says when it can only mean this store."""
    sizes = [clue.size for clue in group if clue.size is not None]
    if sizes:
        return Quantity.exact(max(sizes))
    return pool_size(function) if alone else None


Way = tuple[Via, "str | None", Role]


def _ways(found: list[Clue]) -> dict[Way, list[Clue]]:
    """Addresses decide, beside a data API that the role opens; without an address the strongest kind of evidence does."""
    decisive = [clue for clue in found if clue.addressed or clue.via == "http"]
    data_api = [clue for clue in found if clue.via == "data-api"]
    if decisive:
        decisive += [clue for clue in data_api if clue.strength != "possible"]
    else:
        decisive = data_api or _unaddressed(found)
    ways: dict[Way, list[Clue]] = {}
    for clue in decisive:
        ways.setdefault((clue.via, clue.pool, clue.role), []).append(clue)
    return ways


def _unaddressed(found: list[Clue]) -> list[Clue]:
    """Credentials alone: a login at a proxy outweighs an equally strong secret of the database behind it."""
    through = [clue for clue in found if clue.via == "proxy"]
    direct = [clue for clue in found if clue.via == "direct"]
    if not through or not direct:
        return found
    best, other = strongest([clue.strength for clue in through]), strongest([clue.strength for clue in direct])
    return direct if weaker(best, other) == best != other else through


def _supporting(found: list[Clue]) -> list[Clue]:
    return [clue for clue in found if not clue.addressed]


def pool_size(function: Resource) -> Quantity | None:
    """Connections per environment, where an environment variable says it; unknown where one would and nobody could read it."""
    hidden = None
    for name, value in entries_of(function.get("Environment", "Variables")).items():
        if _POOL_SIZE.search(str(name)):
            size = quantity_of(value, f"environment variable {name} of '{function.id}'")
            if size is not None and size.low > 0:
                return size
            if isinstance(value, Unresolved):
                hidden = size
    return hidden
