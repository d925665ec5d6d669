"""What the database itself ends, and after how long: statements, idle transactions, idle sessions."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.facts.database_timeouts import TimeoutParameter, timeout_parameters
from constructs_lib.facts.limits import proxy_default
from constructs_lib.model.fleet import Pool, Store
from constructs_lib.model.quantity import Quantity

_NEVER = Quantity.exact(0)


class ServerTimeout(NamedTuple):
    """The soonest end the database makes. ``seconds`` is ``None`` when nothing ends it; ``written`` says that somebody set it.

    ``parameter`` is the one that decides, or the first that could; ``unit`` is what a parameter group writes it in, ms or s.
    """

    parameter: str
    unit: str
    seconds: Quantity | None
    written: bool


def server_timeout(store: Store, ends: str) -> ServerTimeout | None:
    """What ends a ``statement``, an ``idle transaction`` or an ``idle session`` on a store of RDS.

    ``None`` for stores of other kinds, and for engines without such a parameter. A parameter that could not be read leaves the
    seconds unknown, unless another one that was read gives an upper bound.
    """
    parameters = timeout_parameters(store.engine, store.engine_version, ends) if store.on_rds else ()
    if not parameters:
        return None
    found = [(parameter, *_value(store, parameter)) for parameter in parameters]
    active = [(parameter, seconds, written) for parameter, seconds, written in found if seconds.high != 0]
    if not active:
        return ServerTimeout(parameters[0].name, parameters[0].unit, None, any(written for _, _, written in found))
    first, seconds, written = active[0]
    for parameter, other, set_there in active[1:]:
        first, written = (parameter, set_there) if other.surely_below(seconds) else (first, written)
        seconds = seconds.at_most(other)
    return ServerTimeout(first.name, first.unit, seconds, written)


def client_idle_timeout(pool: Pool) -> Quantity:
    """Seconds a proxy lets its clients be idle, with AWS's default where the source says nothing."""
    if pool.idle_client_timeout_seconds is not None:
        return pool.idle_client_timeout_seconds
    return Quantity.exact(proxy_default("IdleClientTimeout"))


def _value(store: Store, parameter: TimeoutParameter) -> tuple[Quantity, bool]:
    """Seconds with 0 for never, and whether somebody set it."""
    written = store.parameters.get(parameter.name)
    if written is not None:
        seconds = parameter.seconds(written)
        return (
            Quantity.unknown(f"'{written[:40]}' is no number") if seconds is None else Quantity.exact(seconds)
        ), True
    reason = store.unread_parameters.get(parameter.name) or store.unread_parameters.get("*")
    if reason:
        return Quantity.unknown(f"{parameter.name} of '{store.id}': {reason}"), True
    default = parameter.default_seconds
    return (_NEVER if default == 0 else Quantity.exact(default)), False
