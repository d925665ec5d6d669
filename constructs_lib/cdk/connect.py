"""Connecting any function of an app to a relational store: concurrency, network path, credentials, environment, recorded demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import aws_cdk as cdk
import constructs
import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.cdk._metadata import Element, declare_connection
from constructs_lib.cdk._tokens import seconds, timeout_of, whole
from constructs_lib.cdk.registration import record_of
from constructs_lib.cdk.reservation import Connected, Reservation, note_unreserved, reserve, wish_of
from constructs_lib.cdk.settlement import Entry, StorePlan
from constructs_lib.errors import ConnectError
from constructs_lib.model.allocation import Concurrency, Errand, WhateverFits
from constructs_lib.model.quantity import Number, Quantity

DEFAULT_PREFIX = "POOLPROOF_DATABASE"


class Via(Enum):
    """How a function reaches the database."""

    PROXY = "proxy"
    DIRECT = "direct"
    DATA_API = "data-api"


class Role(Enum):
    """Which instances serve the connection."""

    WRITER = "writer"
    READER = "reader"


@dataclass(frozen=True)
class Route:
    """One way into a store.

    ``environment`` are variables without their prefix; ``grants`` give a function the rights to log in. ``peer`` and ``port`` are
    what its security group must reach, ``None`` where no network of this app lies between. ``pool`` is the proxy as the checker
    knows it.
    """

    environment: Mapping[str, str]
    grants: tuple[Callable[[iam.IGrantable], iam.Grant], ...] = ()
    peer: ec2.IConnectable | None = None
    port: ec2.Port | None = None
    pool: Element = None


class ConnectableStore(Construct):
    """A relational database that functions connect to, made by this library or already there."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        record_of(self)
        self.node.add_validation(_PlanValidation(self))

    @property
    def plan(self) -> StorePlan:
        """The limit, the pool and the connections of this store, in plain numbers."""
        raise NotImplementedError

    @property
    def store_element(self) -> Element:
        """The store as the checker knows it: a resource, or a declared id."""
        raise NotImplementedError

    @property
    def enforced_hold(self) -> Quantity | None:
        """Seconds after which the database itself ends a transaction; ``None`` when nothing does."""
        raise NotImplementedError

    def route(self, via: Via, role: Role) -> Route:
        """How a function gets in. Raises ``ConnectError`` when this store has no such way."""
        raise NotImplementedError

    def connect(
        self,
        function: lambda_.Function,
        *,
        concurrency: Concurrency | None = None,
        via: Via | None = None,
        role: Role = Role.WRITER,
        hold: cdk.Duration | None = None,
        hold_enforced: bool = False,
        transactions_per_invocation: int = 1,
        other_work: cdk.Duration | None = None,
        connections_per_environment: int = 1,
        pins_session: bool = False,
        environment_prefix: str = DEFAULT_PREFIX,
    ) -> Connected:
        """Let ``function`` use this store, within a concurrency that the store can carry.

        ``concurrency`` is a number, a ``Share`` of what numbers leave, or ``WhateverFits()``; by default what the function reserves
        already, else whatever fits. ``via`` defaults to the proxy where there is one. A transaction keeps a connection until the
        store's transaction timeout at the latest; ``hold`` says how long where the store has none, or, with ``hold_enforced``, that
        the function's role has a shorter one in the database. ``transactions_per_invocation`` run one after the other, beside
        ``other_work``. ``pins_session`` says that sessions keep their database connection at the proxy.
        Environment variables start with ``environment_prefix``; a second store needs another one.
        Raises ``ConnectError`` when the function reserves something else, stands outside the VPC, or the store has no such way in.
        """
        via = via or (Via.PROXY if self.plan.pool else Via.DIRECT)
        return self._connect(
            function,
            self.route(via, role),
            concurrency=concurrency,
            via=via,
            role=role,
            hold=hold,
            hold_enforced=hold_enforced,
            transactions_per_invocation=transactions_per_invocation,
            other_work=other_work,
            connections_per_environment=connections_per_environment,
            pins_session=pins_session,
            environment_prefix=environment_prefix,
        )

    def _connect(
        self,
        function: lambda_.Function,
        route: Route,
        *,
        concurrency: Concurrency | None,
        via: Via,
        role: Role = Role.WRITER,
        hold: cdk.Duration | None = None,
        hold_enforced: bool = False,
        transactions_per_invocation: int = 1,
        other_work: cdk.Duration | None = None,
        connections_per_environment: int = 1,
        pins_session: bool = False,
        environment_prefix: str = DEFAULT_PREFIX,
    ) -> Connected:
        each = whole(connections_per_environment, "connections_per_environment", least=1)
        transactions = whole(transactions_per_invocation, "transactions_per_invocation", least=1)
        wish = None if via is Via.DATA_API else wish_of(function, concurrency)
        self._refuse(function, via, concurrency if wish is None else wish, pins_session, route)
        held, enforced = self._hold(hold, hold_enforced)
        errand = Errand(
            hold_seconds=held if enforced else None,
            transactions=transactions,
            other_work_seconds=_exact(None if other_work is None else seconds(other_work, "other_work")) or 0,
            timeout_seconds=_exact(timeout_of(function)),
        )
        if wish is None:
            reservation = note_unreserved(function)
        else:
            reservation = reserve(function, wish, self.plan)
            entry = Entry(function.node.path, wish, via is Via.PROXY, role.value, each, errand, pins_session)
            self.plan.entries.append(entry)
        _take_prefix(reservation, environment_prefix)
        declare_connection(
            function,
            store=self.store_element,
            pool=route.pool,
            via=via.value,
            role=role.value,
            connections_per_environment=each,
            hold_seconds=held,
            hold_enforced=enforced,
            transactions_per_invocation=transactions,
            other_work_seconds=errand.other_work_seconds or None,
            pins_session=pins_session,
        )
        _open(function, route)
        for name, value in {**route.environment, "CONNECTIONS": str(each)}.items():
            function.add_environment(f"{environment_prefix}_{name}", value)
        return Connected(reservation)

    def _refuse(
        self, function: lambda_.Function, via: Via, concurrency: Concurrency | None, pins_session: bool, route: Route
    ) -> None:
        name = function.node.path
        if route.peer is not None and not function.is_bound_to_vpc:
            raise ConnectError(
                f"'{name}' is not in a VPC and cannot reach '{self.node.path}'; pass vpc= (and private or isolated vpc_subnets=) to the "
                "function"
            )
        if via is Via.DATA_API and concurrency is not None:
            raise ConnectError(
                f"'{name}' uses the Data API, which holds no connection; leave concurrency to the function itself"
            )
        if isinstance(concurrency, WhateverFits) and via is Via.DIRECT and self.plan.pool is not None:
            raise ConnectError(
                f"'{name}' cannot take whatever fits directly from '{self.node.path}': the proxy already takes what is left; "
                "pass a number or a Share, or connect through the proxy"
            )
        if pins_session and via is Via.PROXY and not isinstance(concurrency, int):
            raise ConnectError(
                f"'{name}' pins its sessions, so each environment keeps a connection of the pool of '{self.node.path}'; "
                "pass concurrency= as a number"
            )

    def _hold(self, hold: cdk.Duration | None, hold_enforced: bool) -> tuple[Number | None, bool]:
        """Seconds a transaction holds a connection at most, and whether the database sees to it.

        A shorter time that nobody enforces proves nothing: then the store's own timeout stays the bound.
        """
        own = None if self.enforced_hold is None else _exact(self.enforced_hold)
        declared = None if hold is None else _exact(seconds(hold, "hold"))
        if own is None or declared is None:
            return (declared, hold_enforced and declared is not None) if own is None else (own, True)
        return (min(own, declared) if hold_enforced else own), True


def _exact(quantity: Quantity | None) -> Number | None:
    return quantity.value if quantity is not None and quantity.is_exact else None


def _take_prefix(reservation: Reservation, prefix: str) -> None:
    if prefix in reservation.prefixes:
        raise ConnectError(
            f"'{reservation.path}' already has a connection under the environment prefix '{prefix}'; "
            "pass another environment_prefix= for the second one"
        )
    reservation.prefixes.add(prefix)


def _open(function: lambda_.Function, route: Route) -> None:
    """The network path and the rights. Rules are made in the function's stack, so that stores never depend on their clients."""
    if route.peer is not None and route.port is not None:
        function.connections.allow_to(route.peer, route.port, "to the relational store")
    for grant in route.grants:
        grant(function)


@jsii.implements(constructs.IValidation)
class _PlanValidation:
    def __init__(self, store: ConnectableStore) -> None:
        self._store = store

    def validate(self) -> list[str]:
        return self._store.plan.problems()
