"""What makes a connection possible where nothing names a store: a network path, a change stream, a role that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from constructs_lib.readers.cloudformation.clues import Clue
from constructs_lib.readers.cloudformation.database_words import names_host
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.event_sources import EventSources
from constructs_lib.readers.cloudformation.network import Network
from constructs_lib.readers.cloudformation.own_words import speaks_of
from constructs_lib.readers.cloudformation.permissions import Permissions
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import entries_of
from constructs_lib.regex import regex

#: Addresses that are handed to browsers, and that the function itself does not ask.
_FOR_BROWSERS = regex(r"redirect|callback|origin", re.IGNORECASE)
_CHANGE_STREAMS = "AWS::DocDB::DBCluster"


class Hints:
    """Hints of the functions of one estate; likely where a function calls itself after the only store that can be meant."""

    def __init__(self, databases: Databases, network: Network, sources: EventSources, permissions: Permissions) -> None:
        self.databases = databases
        self.network = network
        self.sources = sources
        self.permissions = permissions

    def clues(self, function: Resource, known: Set[str]) -> Iterator[Clue]:
        """Hints at stores that are not ``known`` from better evidence."""
        reachable = self.network.reachable(self.network.of_function(function))
        for store in reachable:
            if store.id not in known:
                path = f"a security group of '{store.id}' admits the function's"
                yield self._weighed(function, store, path, alone=len(reachable) == 1 and not known)
        for origin in self.sources.mapped.get(function.key, ()):
            if origin.id not in known and origin.type == _CHANGE_STREAMS:
                yield Clue(origin.id, "direct", "possible", f"its change stream invokes '{function.id}'")
        if not known and not reachable and self._has_hidden_role(function):
            beside = self.databases.holding.get(function.stack.key, [])
            if len(beside) == 1:
                where = f"'{beside[0].id}' is the only store of its stack, and its role is not given"
                found = self._weighed(function, beside[0], where, alone=True)
                yield from (clue for clue in (found,) if clue.strength == "likely")

    def _weighed(self, function: Resource, store: Resource, evidence: str, *, alone: bool) -> Clue:
        said = speaks_of(function, store) if alone and not _names_another_host(function) else None
        if said is None:
            return Clue(store.id, "direct", "possible", evidence)
        return Clue(store.id, "direct", "likely", f"{evidence}; '{said}' speaks of such a store")

    def _has_hidden_role(self, function: Resource) -> bool:
        placed = function.get("VpcConfig") is not None and function.get("Role") is not None
        return placed and self.permissions.role_of(function) is None


def _names_another_host(function: Resource) -> bool:
    """Whether the environment tells where the function connects to, and it is none of the stores."""
    names = (str(name) for name in entries_of(function.get("Environment", "Variables")))
    return any(names_host(name) and not _FOR_BROWSERS.search(name) for name in names)
