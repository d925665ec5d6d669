"""What surrounds a fleet: its network, who sits where, which services functions call, and passwords in their environment."""

from __future__ import annotations

from constructs_lib.model.fleet import Pool, Store
from constructs_lib.model.network import Network
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.functions import Surrounded, is_generated
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
    """What lies around the functions, stores and proxies of an estate."""

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
        self._stores = {store.id: store for store in databases.home.values()}
        self._proxies = {proxy.id: proxy for proxy in estate.of_type(PROXY)}

    def of_function(self, function: Resource, *, uses_database: bool) -> Surrounded:
        if is_generated(function):
            return Surrounded()
        passwords = tuple(exposed_passwords(function, uses_database=uses_database))
        return Surrounded(self.placements.of_function(function), self.calls.of(function), passwords)

    def are_cut_off(self, function: Resource, store: str) -> bool:
        """Whether a function outside of any VPC holds the address of a store that nobody reaches from there."""
        here, there = self.placements.of_function(function), self._stores.get(store)
        return here is not None and here.outside and there is not None and self.placements.is_private(there)

    def around_store(self, store: Store) -> Store:
        resource = self._stores.get(store.id)
        return store if resource is None else store._replace(placement=self.placements.of_store(resource))

    def around_pool(self, pool: Pool) -> Pool:
        resource = self._proxies.get(pool.id)
        return pool if resource is None else pool._replace(placement=self.placements.of_proxy(resource))
