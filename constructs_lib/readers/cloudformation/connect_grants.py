"""Permissions to connect that are no logins of RDS: Aurora DSQL, ElastiCache, MemoryDB and Neptune ask IAM itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from constructs_lib.model.fleet import Certainty
from constructs_lib.readers.cloudformation.clues import Clue, Use
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.permissions import Statement
from constructs_lib.readers.cloudformation.stack import Resource


class _Service(NamedTuple):
    """What one service calls its permissions, its stores, and a store of which nothing is known but the service."""

    actions: tuple[str, ...]
    types: tuple[str, ...]
    called: str


_CACHES = ("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ServerlessCache")
_SERVICES = (
    _Service(("dsql:DbConnect", "dsql:DbConnectAdmin"), ("AWS::DSQL::Cluster",), "aurora-dsql"),
    _Service(("elasticache:Connect",), _CACHES, "elasticache"),
    _Service(("memorydb:Connect",), ("AWS::MemoryDB::Cluster", "AWS::MemoryDB::MultiRegionCluster"), "memorydb"),
    _Service(
        ("neptune-db:connect", "neptune-db:ReadDataViaQuery", "neptune-db:WriteDataViaQuery"),
        ("AWS::Neptune::DBCluster",),
        "neptune-cluster",
    ),
)
_EVERY = tuple(action for service in _SERVICES for action in service.actions)


class ConnectGrants:
    """Finds the stores of one estate that functions may connect to."""

    def __init__(self, databases: Databases, externals: Externals) -> None:
        self.databases = databases
        self.externals = externals

    def clues(self, statement: Statement, named: Sequence[Use]) -> Iterator[Clue]:
        """The stores among ``named``, what the statement's resources lead to."""
        strength: Certainty = "possible" if statement.shared else "likely"
        for use in named if statement.allows(*_EVERY) else ():
            store = self.databases.store_of(use.resource)
            if store is not None:
                yield Clue(store.id, "direct", strength, f"permission to connect to '{store.id}'")

    def unnamed(self, function: Resource, statements: Iterable[Statement]) -> Iterator[Clue]:
        """Of a function of which nothing says where it connects to: the store that a permission for all of a service can mean."""
        for statement in statements:
            for service in _SERVICES if not statement.shared else ():
                if statement.allows(*service.actions):
                    yield from self._any(function, service)

    def _any(self, function: Resource, service: _Service) -> Iterator[Clue]:
        """The only one of its own template, else of all templates, else one outside of them."""
        made = list(self.databases.estate.of_type(*service.types))
        own = [store for store in made if store.stack.key == function.stack.key] or made
        permitted = f"permission to connect to any store of {service.called}"
        for store in own:
            strength: Certainty = "likely" if len(own) == 1 else "possible"
            yield Clue(store.id, "direct", strength, f"{permitted}, such as '{store.id}'")
        if not own:
            name = self.externals.outside(service.called, function, service.called)
            yield Clue(name, "direct", "likely", f"{permitted}, of which no given template makes one")
