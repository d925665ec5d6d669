"""Databases that a function asks over HTTP through the RDS Data API, and what looks like a connection but is Redshift's own API."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from constructs_lib.model.fleet import Certainty
from constructs_lib.readers.cloudformation.clues import Clue, Use, weaker
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE
from constructs_lib.readers.cloudformation.permissions import Statement
from constructs_lib.readers.cloudformation.placeholders import plain, shown
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.unseen import named_in_arn, source_of
from constructs_lib.readers.cloudformation.values import Text, Unresolved, Value, scalar_text
from constructs_lib.regex import regex

#: Actions from the service authorization reference (read 2026-11-21).
RUNS = (
    "rds-data:ExecuteStatement",
    "rds-data:BatchExecuteStatement",
    "rds-data:BeginTransaction",
    "rds-data:ExecuteSql",
)
RUNS_ON_REDSHIFT = ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement")

#: The ARN of a cluster, and names that say that they hold one.
_ARN = regex(r":rds:[^:]*:[^:]*:cluster:(?P<name>(?:[A-Za-z0-9-]|\$\{[^}]+\})+)(?![A-Za-z0-9$*?\0-])")
_HOLDS_ARN = regex(r"(?:cluster|database|db|aurora|rds|resource)[_-]?(?:resource[_-]?)?arn$", re.IGNORECASE)


def named_clusters(name: str, value: Value) -> Iterator[str]:
    """The clusters whose ARNs a value of that name holds, called as their ARNs or where those come from."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from named_clusters(str(key), item)
    elif isinstance(value, list):
        for item in value:
            yield from named_clusters(name, item)
    elif isinstance(value, Unresolved):
        source = source_of(value)
        if source is not None and (_HOLDS_ARN.search(name) or _HOLDS_ARN.search(source)):
            yield source
    elif isinstance(value, (str, Text)) and _about_cluster(value):
        yield from (plain(match["name"]) for match in _ARN.finditer(shown(value)))


def _about_cluster(value: str | Text) -> bool:
    """A quick look: most texts are no ARN of a cluster."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(isinstance(part, str) and ":cluster:" in part for part in parts)


class DataApis(NamedTuple):
    """Finds what a function reaches through a data API: what the permission names, else what its environment does."""

    databases: Databases
    externals: Externals

    def clues(
        self,
        function: Resource,
        statement: Statement,
        named: list[Use],
        mentioned: dict[str, str],
        outside: Container[str],
    ) -> Iterator[Clue]:
        """``named`` is what the statement's resources lead to, ``mentioned`` the stores in the environment, each with its variable,
        ``outside`` the clusters of other templates there.
        """
        alone: Certainty = "possible" if statement.shared else "likely"
        found = dict(self._granted(named))
        for store, named_as in found.items():
            strength: Certainty = "certain" if store in mentioned or alone == "likely" else alone
            yield Clue(store, "data-api", weaker(strength, named_as), f"rds-data permission on '{store}'")
        if statement.everywhere:
            for store, where in self._relational(mentioned):
                yield Clue(store, "data-api", "certain", f"rds-data permission, and {where} names '{store}'")
        if not found:
            yield from self._outside(function, statement, alone, outside)

    def told(
        self, function: Resource, statement: Statement, stores: dict[str, str], outside: dict[str, str]
    ) -> Iterator[Clue]:
        """A permission that names no cluster, where something beside it does: ``stores`` of the templates and others ``outside``."""
        if not (statement.everywhere and statement.allows(*RUNS)):
            return
        alone: Certainty = "possible" if statement.shared else "likely"
        for name, where in outside.items():
            made = self._made(name, function)
            if made is not None:
                stores = {made.id: where, **stores}
                continue
            evidence = f"rds-data permission, and {where} names '{name}', which no given template makes"
            yield Clue(self.externals.outside(name, function), "data-api", alone, evidence)
        for store, where in self._relational(stores):
            yield Clue(store, "data-api", alone, f"rds-data permission, and {where} names '{store}'")

    def _relational(self, stores: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Those of some stores that have a data API: no cache, no warehouse."""
        yield from ((store, where) for store, where in stores.items() if store in self.databases.relational)

    def _granted(self, named: list[Use]) -> Iterator[tuple[str, Certainty]]:
        for use in named:
            store = self.databases.store_of(use.resource)
            if store is not None and use.resource.type in (CLUSTER, INSTANCE):
                yield store.id, use.strength

    def _outside(
        self, function: Resource, statement: Statement, alone: Certainty, mentioned: Container[str]
    ) -> Iterator[Clue]:
        """Databases that the permission names by what their names come from, of these templates or of others."""
        names = [name for resource in statement.resources if (name := named_in_arn(resource)) is not None]
        for name in dict.fromkeys(names):
            made = self._made(name, function)
            if made is not None:
                strength: Certainty = "certain" if alone == "likely" else alone
                yield Clue(made.id, "data-api", strength, f"rds-data permission on '{name}', the name of '{made.id}'")
                continue
            store = self.externals.outside(name, function)
            likely: Certainty = "likely" if name in mentioned else alone
            yield Clue(store, "data-api", likely, f"rds-data permission on '{name}', which no given template makes")

    def _made(self, name: str, function: Resource) -> Resource | None:
        """The cluster of that name; of names that come from a parameter or import, that of the same stack, else the only one."""
        named = self.databases.named.resource(name, {CLUSTER})
        if named is not None:
            return named
        found = [
            cluster for cluster in self._clusters()
            if isinstance(called := cluster.get("DBClusterIdentifier"), (Text, Unresolved)) and plain(shown(called)) == name
        ]  # fmt: skip
        own = [cluster for cluster in found if cluster.stack.key == function.stack.key] or found
        return own[0] if len(own) == 1 else None

    def _asked(self, clue: Clue) -> Clue:
        enabled = any(
            c.id == clue.store and scalar_text(c.get("EnableHttpEndpoint")) == "true" for c in self._clusters()
        )
        return (
            clue._replace(via="data-api", evidence=f"{clue.evidence}, and an rds-data permission") if enabled else clue
        )

    def _clusters(self) -> Iterable[Resource]:
        return self.databases.estate.of_type(CLUSTER)

    def connecting(self, clues: list[Clue], statements: tuple[Statement, ...]) -> list[Clue]:
        """What credentials are for, where the role may run statements through a data API: no connection of their own.

        Those of a cluster whose data API is on are for that; those of a warehouse for Redshift's own. Beside the address of a cluster a
        permission that speaks of it with doubt is a hint.
        """
        reached = {clue.store for clue in clues if clue.addressed and clue.strength != "possible"}
        clues = [
            clue._replace(strength="possible")
            if clue.via == "data-api" and clue.strength == "likely" and clue.store in reached
            else clue
            for clue in clues
        ]
        if any(statement.everywhere and statement.allows(*RUNS) for statement in statements):
            held = {clue.store for clue in clues if clue.addressed}
            clues = [self._asked(clue) if clue.permitted and clue.store not in held else clue for clue in clues]
        if not any(statement.allows(*RUNS_ON_REDSHIFT) for statement in statements):
            return clues
        return [clue for clue in clues if clue.addressed or clue.store not in self.databases.warehouses]
