"""The limits a store pins: max_connections from its class and processors, and the timeouts that enforce the hold."""

from __future__ import annotations

import math
from collections.abc import Mapping

import aws_cdk as cdk

from constructs_lib.cdk._tokens import milliseconds, whole
from constructs_lib.errors import ConnectError
from constructs_lib.facts import database_timeouts
from constructs_lib.facts._tables import version_tuple
from constructs_lib.model.capacity import capacity_of
from constructs_lib.model.fleet import Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

IDLE_SESSION_SECONDS = 3600


def with_clients(store: Store, operator_reserve: int | None, other_connections: Mapping[str, int]) -> Store:
    """The store with what is kept for people and for declared clients that are no functions."""
    name = store.id
    others = tuple(
        (client, Quantity.exact(whole(count, f"other_connections['{client}'] of '{name}'")))
        for client, count in other_connections.items()
    )
    reserve = None if operator_reserve is None else whole(operator_reserve, f"operator_reserve of '{name}'")
    return store._replace(operator_reserve=reserve, other_connections=others)


def with_pinned_limit(store: Store, settings: Settings, max_connections: int | None) -> Store:
    """The store with the ``max_connections`` it will pin.

    Without a wish: what the class's memory surely carries, but no more than its processors serve (``connections_per_vcpu`` each)
    beside the engine's, the operators' and other clients' slots. Raises ``ConnectError`` for a class the facts do not know.
    """
    if max_connections is not None:
        pinned = whole(max_connections, f"max_connections of '{store.id}'", least=6, most=262_143)
        return store._replace(max_connections=Quantity.exact(pinned))
    capacity = capacity_of(store, settings)
    if capacity.default is None:
        raise ConnectError(f"{capacity.max_connections.reason}: pass max_connections= or add the class to the facts")
    limit = math.floor(capacity.default.low)
    if capacity.vcpus is not None:
        served = capacity.vcpus * Quantity.exact(settings.connections_per_vcpu) + capacity.reserved + capacity.set_aside
        limit = min(limit, math.floor(served.low))
    return store._replace(max_connections=Quantity.exact(limit))


def idle_session_parameters(store: Store) -> dict[str, str]:
    """What makes the server close a session that is idle for an hour: a frozen function cannot close its own.

    An hour outlasts the 30 minutes after which a proxy closes its clients' sessions.
    """
    parameters = database_timeouts.timeout_parameters(store.engine, store.engine_version, "idle session")
    return {item.name: str(IDLE_SESSION_SECONDS * (1000 if item.unit == "ms" else 1)) for item in parameters}


def timeout_parameters(
    store: Store,
    *,
    transaction_timeout: cdk.Duration | None,
    statement_timeout: cdk.Duration | None,
    idle_in_transaction_timeout: cdk.Duration | None,
) -> dict[str, int]:
    """Timeout parameters in milliseconds; a transaction gets 2 s by default and the others end with it.

    ``transaction_timeout`` exists from PostgreSQL 17 on and is left out before.
    """
    name = store.id
    whole_transaction = milliseconds(transaction_timeout or cdk.Duration.seconds(2), f"transaction_timeout of '{name}'")
    statement = (
        whole_transaction
        if statement_timeout is None
        else milliseconds(statement_timeout, f"statement_timeout of '{name}'")
    )
    idle = (
        whole_transaction
        if idle_in_transaction_timeout is None
        else milliseconds(idle_in_transaction_timeout, f"idle_in_transaction_session_timeout of '{name}'")
    )
    parameters = {"statement_timeout": statement, "idle_in_transaction_session_timeout": idle}
    if version_tuple(store.engine_version or "") >= (17,):
        parameters["transaction_timeout"] = whole_transaction
    return parameters
