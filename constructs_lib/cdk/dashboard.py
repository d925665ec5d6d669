"""A store's budget on CloudWatch: what may be open, what is open, who waits, and who is throttled. Thresholds come from the plan."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from constructs import Construct

from constructs_lib.cdk import proxy_metrics
from constructs_lib.cdk.registration import record_of
from constructs_lib.cdk.relational import RelationalStore
from constructs_lib.cdk.settled import settled_number
from constructs_lib.errors import ConnectError
from constructs_lib.model.quantity import Number

_MICROSECONDS = 1_000_000
_HALF = 0.5
_FULL = 0.9


class ConnectionDashboard(Construct):
    """A dashboard and alarms for one store and the functions connected to it, which are given by name.

    Alarms, reachable by name in ``alarms``: ``BorrowWait`` when a client waited longer than half the borrow timeout, ``PoolFull`` when
    nine tenths of the pool are in use for five minutes, ``DatabaseConnections`` when the database holds more than the plan allows, and
    ``<name>Throttles`` for every function that was refused. Functions at their reserved concurrency are throttled on purpose: the
    alarm tells that demand is above the budget. Raises ``ConnectError`` for a function that is not connected to the store.
    """

    def __init__(
        self, scope: Construct, id: str, *, store: RelationalStore, functions: Mapping[str, lambda_.Function]
    ) -> None:
        super().__init__(scope, id)
        record_of(self)
        _refuse_strangers(store, functions)
        self._store = store
        self.alarms: dict[str, cloudwatch.Alarm] = {}
        self.dashboard = cloudwatch.Dashboard(self, "Resource")
        self._show_database()
        if store.proxy is not None:
            self._show_pool(store.proxy)
        for name, function in functions.items():
            self._show_function(name, function)

    def _show_database(self) -> None:
        open_connections = self._store.metric_database_connections()
        usable = self._usable()
        self._alarm(
            "DatabaseConnections",
            open_connections,
            usable,
            "more connections than the budget allows: somebody is not counted",
        )
        self._graph(
            "Connections at the database",
            [open_connections],
            {"usable": usable, "max_connections": self._store.max_connections},
        )

    def _show_pool(self, proxy: rds.DatabaseProxy) -> None:
        plan = self._store.plan
        borrowed = proxy_metrics.borrowed_connections(proxy)
        size = settled_number(plan.pool_connections)
        self._alarm(
            "PoolFull",
            borrowed,
            settled_number(lambda: _FULL * plan.pool_connections()),
            "nine tenths of the pool are in use",
            5,
        )
        counts = [borrowed, proxy_metrics.database_connections(proxy), proxy_metrics.client_connections(proxy)]
        self._graph("Pool and its clients", [*counts, proxy_metrics.pinned_connections(proxy)], {"pool": size})
        borrow = plan.pool.borrow_timeout_seconds if plan.pool else None
        if borrow is None or not borrow.is_exact:
            return
        waits = proxy_metrics.borrow_latency(proxy)
        self._alarm(
            "BorrowWait", waits, _micro(borrow.value) * _HALF, "clients waited longer than half the borrow timeout"
        )
        self._graph("Wait for a connection, microseconds", [waits], {"borrow timeout": _micro(borrow.value)})

    def _show_function(self, name: str, function: lambda_.Function) -> None:
        minute = cdk.Duration.minutes(1)
        throttles = function.metric_throttles(statistic="Sum", period=minute)
        running = function.metric("ConcurrentExecutions", statistic="Maximum", period=minute)
        self._alarm(f"{name}Throttles", throttles, 0, "requests beyond the reserved concurrency were refused")
        reservation = record_of(function).reservations[function.node.path]
        self._graph(
            f"{name}: running and refused", [running, throttles], {"reserved": settled_number(reservation.settled)}
        )

    def _usable(self) -> int:
        return int(self._store.plan.capacity("writer").usable.low)

    def _alarm(self, name: str, metric: cloudwatch.Metric, threshold: float, why: str, minutes: int = 1) -> None:
        self.alarms[name] = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=minutes,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{self._store.node.path}: {why}",
        )

    def _graph(self, title: str, metrics: list[cloudwatch.Metric], lines: Mapping[str, float]) -> None:
        notes = [cloudwatch.HorizontalAnnotation(label=label, value=value) for label, value in lines.items()]
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title=title, left=list(metrics), left_annotations=notes, width=12)
        )


def _refuse_strangers(store: RelationalStore, functions: Mapping[str, lambda_.Function]) -> None:
    connected = {entry.path for entry in store.plan.entries}
    strangers = [name for name, function in functions.items() if function.node.path not in connected]
    if strangers:
        raise ConnectError(
            f"{', '.join(strangers)} must be connected to '{store.node.path}' before the dashboard is made"
        )


def _micro(seconds: Number) -> float:
    return float(seconds * _MICROSECONDS)
