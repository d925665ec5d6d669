"""What surrounds a fleet: its network, who sits where, which services functions call, and passwords in their environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from constructs_lib.model.fleet import Consumer, Fleet, Pool, Store
from constructs_lib.model.network import Network
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.functions import FUNCTION
from constructs_lib.readers.cloudformation.kinds import PROXY
from constructs_lib.readers.cloudformation.members import Members
from constructs_lib.readers.cloudformation.passwords import exposed_passwords
from constructs_lib.readers.cloudformation.permissions import Permissions
from constructs_lib.readers.cloudformation.placements import Placements
from constructs_lib.readers.cloudformation.proxies import Proxies
from constructs_lib.readers.cloudformation.security_groups import SecurityGroups
from constructs_lib.readers.cloudformation.service_calls import ServiceCalls
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.subnets import Subnets


class Surroundings:
    """Adds to a fleet what lies around its functions, stores and proxies."""

    def __init__(
        self, estate: Estate, databases: Databases, proxies: Proxies, environment: Environment, permissions: Permissions
    ) -> None:
        members = Members(environment)
        subnets = Subnets(members)
        groups = SecurityGroups(members, databases)
        self.network = Network(
            subnets=tuple(subnets.all()),
            security_groups=tuple(groups.all()),
            endpoints=tuple(subnets.endpoints()),
            addresses_used=tuple(subnets.addresses_used()),
            joined=subnets.joined,
        )
        self.placements = Placements(members, databases, proxies, self.network.subnets)
        self.calls = ServiceCalls(environment, permissions)
        self._functions = {function.id: function for function in estate.of_type(FUNCTION)}
        self._stores = {store.id: store for store in databases.home.values()}
        self._proxies = {proxy.id: proxy for proxy in estate.of_type(PROXY)}

    def attached(self, fleet: Fleet) -> Fleet:
        """The fleet with its surroundings."""
        users = {edge.consumer for edge in fleet.connections if edge.via in ("direct", "proxy")}
        return replace(
            fleet,
            network=self.network,
            stores=tuple(self._store(store, self._stores) for store in fleet.stores),
            pools=tuple(self._pool(pool) for pool in fleet.pools),
            consumers=tuple(self._consumer(consumer, uses=consumer.id in users) for consumer in fleet.consumers),
        )

    def _store(self, store: Store, resources: Mapping[str, Resource]) -> Store:
        resource = resources.get(store.id)
        return store if resource is None else replace(store, placement=self.placements.of_store(resource))

    def _pool(self, pool: Pool) -> Pool:
        resource = self._proxies.get(pool.id)
        return pool if resource is None else replace(pool, placement=self.placements.of_proxy(resource))

    def _consumer(self, consumer: Consumer, *, uses: bool) -> Consumer:
        function = self._functions.get(consumer.id)
        if function is None or consumer.generated:
            return consumer
        return replace(
            consumer,
            placement=self.placements.of_function(function),
            calls=self.calls.of(function),
            exposed_passwords=tuple(exposed_passwords(function, uses_database=uses)),
        )
