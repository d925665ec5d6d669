"""What consumers can open: environments times connections, per connection of the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from constructs_lib.model.capacity import Term
from constructs_lib.model.deployment import during, versions_alive
from constructs_lib.model.fleet import Connection, Consumer, Fleet
from constructs_lib.model.quantity import ONE, Quantity, total
from constructs_lib.model.settings import Settings

#: AWS multiplies concurrency by 2.5 for tenant isolation: 2,500 environments per 1,000 concurrency (Lambda guide, tenant isolation).
TENANT_ISOLATION_FACTOR = Quantity.exact(2.5)


@dataclass(frozen=True)
class Demand:
    """Connections one consumer may hold on one store (or, through a pool, clients it may bring).

    ``environments`` at one moment of one version; ``once`` = environments × connections per environment; ``connections`` also counts
    the environments of the previous version that a deploy leaves frozen with open sockets. ``bounded`` is False when nothing but the
    account's quota limits the consumer; ``assumed`` when connections per environment were not declared. ``least_overlap`` is set where
    only the deployment style could tell whether fewer versions than ``overlap`` are alive.
    """

    connection: Connection
    consumer: Consumer
    environments: Quantity
    per_environment: Quantity
    overlap: int
    bounded: bool
    assumed: bool
    least_overlap: int = 0

    @cached_property
    def once(self) -> Quantity:
        return self.environments if self.per_environment is ONE else self.environments * self.per_environment

    @cached_property
    def connections(self) -> Quantity:
        return self.once if self.overlap == 1 else self.once * self._versions

    @property
    def _versions(self) -> Quantity:
        """Versions that hold connections during a deploy; a range where nobody can tell how the function is deployed."""
        least = self.least_overlap or self.overlap
        reason = f"how '{self.consumer.id}' is deployed is not readable" if least < self.overlap else ""
        return Quantity(least, self.overlap, (reason,) if reason else ())

    @property
    def term(self) -> Term:
        parts = [f"{self.environments} environments"]
        parts.append(
            f"{self.per_environment} connection{'' if self.per_environment == ONE else 's'}{' (assumed)' if self.assumed else ''}"
        )
        if self.overlap > 1:
            parts.append(f"{self.overlap} versions {during(self.consumer.deployment_style)}")
        return Term(f"{self.consumer.id} ({' × '.join(parts)})", self.connections, self.consumer.origin)


def reserved_total(fleet: Fleet) -> Quantity:
    """The sum of reserved concurrency over all functions of the fleet, in executions."""
    return fleet.reserved_concurrency


def environments_of(consumer: Consumer, fleet: Fleet, settings: Settings) -> tuple[Quantity, bool]:
    """Execution environments of one version of a function, and whether the function itself bounds them."""
    executions, bounded = executions_of(consumer, fleet, settings)
    if consumer.tenant_isolation and not consumer.managed_instances:
        executions = (executions * TENANT_ISOLATION_FACTOR).ceil()
    return executions, bounded


def executions_of(consumer: Consumer, fleet: Fleet, settings: Settings) -> tuple[Quantity, bool]:
    """Executions at one moment, and whether the function itself bounds them.

    Under tenant isolation there are more environments, one for each tenant, than executions: the others are frozen.
    """
    if consumer.managed_instances:
        return _managed(consumer)
    polled = polled_concurrency(consumer)
    if consumer.reserved_concurrency is not None:
        reserved = consumer.reserved_concurrency
        executions = reserved if polled is None else reserved.at_most(polled)
        return executions, executions.high is not None
    rest = Quantity.exact(settings.account_concurrency).less(fleet.reserved_concurrency)
    if polled is not None:
        # AWS lets nobody reserve the last of the account's concurrency.
        least = max(rest.low, settings.unreservable)
        executions = polled.at_most(Quantity(least, None))
        return executions, executions.high is not None
    reason = f"'{consumer.id}' reserves no concurrency: only the account's {settings.account_concurrency:,} limit it"
    return Quantity(0, rest.high, (reason,)), False


def polled_concurrency(consumer: Consumer) -> Quantity | None:
    """Concurrent executions that the event sources allow together; ``None`` unless every source that is on has a cap of its own."""
    caps = [source.maximum_concurrency for source in consumer.event_sources if source.enabled]
    if not caps or any(cap is None for cap in caps):
        return None
    return total([cap for cap in caps if cap is not None])


def _managed(consumer: Consumer) -> tuple[Quantity, bool]:
    if consumer.maximum_environments is None:
        return Quantity.unknown(
            f"'{consumer.id}' runs on managed instances without a maximum of execution environments"
        ), False
    per_environment = consumer.concurrency_per_environment or Quantity.unknown(
        f"concurrency per execution environment of '{consumer.id}' is not set"
    )
    clients = consumer.maximum_environments * per_environment
    return clients, clients.high is not None


def _overlap(consumer: Consumer, settings: Settings) -> int:
    return 1 if consumer.deploy_time else versions_alive(consumer.deployment_style, settings.deploy_overlap)


def demand_of(connection: Connection, fleet: Fleet, settings: Settings) -> Demand:
    """The demand of one connection of the fleet.

    Frozen environments of the old version keep their sockets during a deploy: they count for direct connections and for sessions
    that pin a proxy, not for clients that merely wait at a proxy without a transaction. A function that only runs while its stack
    deploys has no old version that could hold anything.
    """
    consumer = fleet.consumer_by_id[connection.consumer]
    holds_sockets = connection.via == "direct" or connection.pins_session
    # A frozen environment keeps its sockets, but waits for no transaction.
    count = environments_of if holds_sockets else executions_of
    environments, bounded = count(consumer, fleet, settings)
    declared = connection.connections_per_environment
    if connection.via in ("data-api", "http"):
        declared, holds_sockets = Quantity.exact(0), False
    return Demand(
        connection=connection,
        consumer=consumer,
        environments=environments,
        per_environment=ONE if declared is None or declared == ONE else declared,
        overlap=_overlap(consumer, settings) if holds_sockets else 1,
        bounded=bounded,
        assumed=declared is None,
        least_overlap=settings.deploy_overlap if holds_sockets and consumer.deployment_style == "unknown" else 0,
    )
