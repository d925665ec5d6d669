"""What is known of the sessions that a function opens at a proxy: whether it may log in, and what it asks of each session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from constructs_lib.model.fleet import Connection
from constructs_lib.readers.cloudformation.allowances import LOGIN, Allowance
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.kinds import PROXY, PROXY_ENDPOINT
from constructs_lib.readers.cloudformation.permissions import Permissions
from constructs_lib.readers.cloudformation.session_setup import session_setup
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, references_in


class Sessions:
    """Sessions of the functions of one estate."""

    def __init__(self, estate: Estate, permissions: Permissions) -> None:
        self.estate = estate
        self.logins = Allowance(estate, permissions, LOGIN)

    def attached(self, function: Resource, connections: Iterable[Connection]) -> Iterator[Connection]:
        """The connections of a function; those through a proxy with what is known of their sessions."""
        found = list(connections)
        alone = (
            len({edge.store for edge in found if edge.via in ("direct", "proxy") and edge.certainty != "possible"}) == 1
        )
        for edge in found:
            if edge.via != "proxy" or edge.certainty == "possible":
                yield edge
                continue
            asked = tuple(text for text, value in session_setup(function) if alone or self._names_a_proxy(value))
            yield edge._replace(iam_login=self.logins.of(function), session_setup=asked)

    def _names_a_proxy(self, value: Value) -> bool:
        named = [self.estate.resource(reference) for reference in references_in(value)]
        return any(item is not None and item.type in (PROXY, PROXY_ENDPOINT) for item in named)
