"""Databases that a function asks over HTTP through the RDS Data API, and what looks like a connection but is Redshift's own API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from constructs_lib.model.fleet import Certainty
from constructs_lib.readers.cloudformation.clues import Clue, Use, weaker
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE, WAREHOUSES
from constructs_lib.readers.cloudformation.permissions import Statement
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.unseen import named_in_arn

#: Actions from the service authorization reference (read 2026-11-21).
RUNS = (
    "rds-data:ExecuteStatement",
    "rds-data:BatchExecuteStatement",
    "rds-data:BeginTransaction",
    "rds-data:ExecuteSql",
)
RUNS_ON_REDSHIFT = ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement")


class DataApis(NamedTuple):
    """Finds what a function reaches through a data API: what the permission names, else what its environment does."""

    databases: Databases
    externals: Externals

    def clues(
        self, function: Resource, statement: Statement, named: list[Use], mentioned: dict[str, str]
    ) -> Iterator[Clue]:
        """``named`` is what the statement's resources lead to, ``mentioned`` the stores in the environment, each with its variable."""
        alone: Certainty = "possible" if statement.shared else "likely"
        found = dict(self._granted(named))
        for store, named_as in found.items():
            strength: Certainty = "certain" if store in mentioned or alone == "likely" else alone
            yield Clue(store, "data-api", weaker(strength, named_as), f"rds-data permission on '{store}'")
        if statement.everywhere:
            for store, where in mentioned.items():
                yield Clue(store, "data-api", "certain", f"rds-data permission, and {where} names '{store}'")
        if not found:
            yield from self._outside(function, statement, alone)

    def _granted(self, named: list[Use]) -> Iterator[tuple[str, Certainty]]:
        for use in named:
            store = self.databases.store_of(use.resource)
            if store is not None and use.resource.type in (CLUSTER, INSTANCE):
                yield store.id, use.strength

    def _outside(self, function: Resource, statement: Statement, alone: Certainty) -> Iterator[Clue]:
        """Databases of other templates that the permission names."""
        names = [name for resource in statement.resources if (name := named_in_arn(resource)) is not None]
        for name in dict.fromkeys(names):
            store = self.externals.outside(name, function)
            yield Clue(store, "data-api", alone, f"rds-data permission on '{name}', which no given template makes")

    def connecting(self, clues: list[Clue], statements: tuple[Statement, ...]) -> list[Clue]:
        """Credentials of a warehouse are no connection to it where the role may run statements through Redshift's own API."""
        if not any(statement.allows(*RUNS_ON_REDSHIFT) for statement in statements):
            return clues
        warehouses = {home.id for home in self.databases.home.values() if home.type in WAREHOUSES}
        return [clue for clue in clues if clue.addressed or clue.store not in warehouses]
