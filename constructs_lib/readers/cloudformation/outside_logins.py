"""Logins through IAM to databases and proxies that no template makes: ``rds-db:connect`` on their resource ids."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.fleet import Certainty
from constructs_lib.readers.cloudformation.clues import Clue
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.permissions import Permissions, Statement
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.unseen import named_in_arn

CONNECT = "rds-db:connect"
#: What the resource ids of proxies begin with, as those of instances with db- and of clusters with cluster-.
_PROXY = "prx-"


class OutsideLogins:
    """Finds what functions of one estate may log in to besides what the templates make."""

    def __init__(self, environment: Environment, permissions: Permissions, externals: Externals) -> None:
        self.environment = environment
        self.permissions = permissions
        self.externals = externals
        self._named: dict[int, list[str]] = {}

    def weighed(self, function: Resource, found: list[Clue]) -> list[Clue]:
        """The clues with a proxy on the way where only proxies may be logged in to; what the login names where nothing else does."""
        statements = [item for item in self.permissions.of_function(function) or () if item.allows(CONNECT)]
        names = [(name, statement.shared) for statement in statements for name in self._of(statement)]
        if names and all(name.startswith(_PROXY) for name, _ in names):
            found = [self._through(clue) for clue in found]
        if any(clue.via != "http" and clue.strength != "possible" for clue in found):
            return found
        return [*found, *(self._alone(function, name, shared=shared) for name, shared in dict.fromkeys(names))]

    def _of(self, statement: Statement) -> list[str]:
        """The ids that a statement names of what no template makes."""
        known = self._named.get(id(statement))
        if known is None:
            known = self._named[id(statement)] = list(self._outside(statement))
        return known

    def _outside(self, statement: Statement) -> Iterator[str]:
        for resource in statement.resources:
            name = named_in_arn(resource)
            if name is not None and not any(self.environment.uses(resource, CONNECT)):
                yield name

    def _through(self, clue: Clue) -> Clue:
        if clue.via != "direct" or clue.store not in self.externals.stores:
            return clue
        return clue._replace(via="proxy", evidence=f"{clue.evidence}; {CONNECT} on a proxy that no template makes")

    def _alone(self, function: Resource, name: str, *, shared: bool) -> Clue:
        strength: Certainty = "possible" if shared else "likely"
        evidence = f"{CONNECT} on '{name}', which no template makes"
        store = self.externals.outside(name, function)
        return Clue(store, "proxy" if name.startswith(_PROXY) else "direct", strength, evidence, permitted=True)
