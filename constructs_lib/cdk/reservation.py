"""Reserved concurrency of a function, asked for by one store or several and settled when the app is synthesized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aws_cdk import aws_lambda as lambda_

from constructs_lib.cdk._metadata import resource_of
from constructs_lib.cdk._tokens import is_token, whole
from constructs_lib.cdk.registration import record_of
from constructs_lib.cdk.settled import settled_number
from constructs_lib.cdk.settlement import StorePlan
from constructs_lib.errors import ConnectError
from constructs_lib.model.allocation import Concurrency, Share, WhateverFits


@dataclass
class Reservation:
    """What one function reserves: a fixed number, or the smallest that its stores grant. ``prefixes`` are environment prefixes in use."""

    path: str
    fixed: int | None = None
    plans: list[StorePlan] = field(default_factory=list)
    prefixes: set[str] = field(default_factory=set)

    def settled(self) -> int:
        """Concurrent executions as the app stands now."""
        if self.fixed is not None:
            return self.fixed
        return min((plan.settled(self.path) for plan in self.plans), default=0)


class Connected:
    """A function's connection to a store, for what must follow its concurrency (an API's throttle, a queue's maximum, an alarm)."""

    def __init__(self, reservation: Reservation) -> None:
        self._reservation = reservation

    @property
    def reserved_concurrency(self) -> float:
        """The reserved concurrency as a number that is settled at synth."""
        return self.derive(lambda reserved: reserved)

    def derive(self, formula: Callable[[int], float]) -> float:
        """A number computed from the reserved concurrency when it is settled, for properties of other resources."""
        return settled_number(lambda: formula(self._reservation.settled()))

    def settle(self) -> int:
        """The reserved concurrency as the app stands now; later connections to the same store may lower a share."""
        return self._reservation.settled()


def wish_of(function: lambda_.Function, wanted: Concurrency | None) -> Concurrency:
    """What a function is to reserve: what was asked for, else what it reserves already, else whatever fits.

    Raises ``ConnectError`` when the function already reserves something else.
    """
    resource = _function_resource(function)
    known = record_of(function).reservations.get(function.node.path)
    fixed = known.fixed if known else _literal(function, resource.reserved_concurrent_executions)
    return _settled_wish(function, wanted, fixed, known)


def reserve(function: lambda_.Function, wish: Concurrency, plan: StorePlan) -> Reservation:
    """Note what a store grants a function and make its resource reserve the result."""
    reservations = record_of(function).reservations
    path = function.node.path
    reservation = reservations.setdefault(path, Reservation(path))
    if isinstance(wish, int):
        reservation.fixed = wish
    if not reservation.plans:
        _function_resource(function).reserved_concurrent_executions = (
            wish if isinstance(wish, int) else settled_number(reservation.settled)
        )
    reservation.plans.append(plan)
    return reservation


def note_unreserved(function: lambda_.Function) -> Reservation:
    """The record of a function whose concurrency a store does not touch (SQL over HTTP holds no connection)."""
    _function_resource(function)
    record = record_of(function)
    path = function.node.path
    known = record.reservations.get(path)
    return known or Reservation(
        path, fixed=_literal(function, _function_resource(function).reserved_concurrent_executions)
    )


def _function_resource(function: lambda_.Function) -> lambda_.CfnFunction:
    resource = resource_of(function)
    if not isinstance(resource, lambda_.CfnFunction):
        raise ConnectError(
            f"'{function.node.path}' is no Lambda function but {type(resource).__name__}; pass an aws_lambda.Function"
        )
    return resource


def _literal(function: lambda_.Function, existing: float | None) -> int | None:
    if existing is None:
        return None
    if is_token(existing):
        raise ConnectError(
            f"'{function.node.path}' reserves a number that is only known at deploy time; no budget can be proven with it: "
            "pass a literal reserved_concurrent_executions, or leave it to connect(concurrency=…)"
        )
    return int(existing)


def _settled_wish(
    function: lambda_.Function, wanted: Concurrency | None, fixed: int | None, known: Reservation | None
) -> Concurrency:
    path = function.node.path
    if wanted is not None and not isinstance(wanted, (Share, WhateverFits)):
        wanted = whole(wanted, f"concurrency of '{path}'")
    if fixed is not None and wanted not in (None, fixed):
        raise ConnectError(
            f"'{path}' already reserves {fixed} concurrent executions, but connect() asks for {_words(wanted)}; "
            f"pass concurrency={fixed}, or remove the other reservation"
        )
    if fixed is None and known is not None and isinstance(wanted, int):
        raise ConnectError(
            f"'{path}' already takes a share of {', '.join(plan.name for plan in known.plans)}, but connect() asks for {wanted}; "
            "pass the number in the first connect() too"
        )
    if wanted is None:
        return WhateverFits() if fixed is None else fixed
    return wanted


def _words(wanted: Concurrency | None) -> str:
    if isinstance(wanted, Share):
        return f"a share of {wanted.part:g}"
    return "whatever fits" if isinstance(wanted, WhateverFits) else str(wanted)
