"""Free addresses: what the subnets of a proxy offer, what takes addresses there, what the proxy should find."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import NamedTuple

from constructs_lib.facts.network import (
    proxy_addresses,
    proxy_addresses_cap,
    proxy_addresses_per_endpoint,
    proxy_addresses_serverless,
    subnet_addresses,
)
from constructs_lib.model.fleet import Fleet, Gap, Instance, Pool, Store
from constructs_lib.model.network import Subnet
from constructs_lib.model.unread import WRITE

SERVERLESS = "db.serverless"


class Room(NamedTuple):
    """Addresses in the subnets of one or several proxies that share them.

    ``needs`` are (proxy, addresses), ``taken`` what else is placed there, each with one address in one of the subnets.
    """

    subnets: tuple[Subnet, ...]
    needs: tuple[tuple[Pool, int], ...]
    taken: tuple[str, ...]

    @property
    def usable(self) -> int:
        return sum(addresses_of(subnet) or 0 for subnet in self.subnets)

    @property
    def free(self) -> int:
        return max(0, self.usable - len(self.taken))

    @property
    def needed(self) -> int:
        return sum(count for _, count in self.needs)


def rooms(fleet: Fleet) -> Iterator[Room]:
    """The subnets of proxies, as far as all blocks and the classes of all instances are known."""
    by_subnets: dict[frozenset[str], list[Pool]] = {}
    for pool in fleet.pools:
        if pool.placement is not None and pool.placement.subnets:
            by_subnets.setdefault(frozenset(pool.placement.subnets), []).append(pool)
    tenants = _Tenants(fleet) if by_subnets else None
    for names, pools in by_subnets.items():
        subnets = tuple(found for name in sorted(names) if (found := fleet.network.subnet_by_id.get(name)) is not None)
        needs = tuple((pool, count) for pool in pools if (count := needed_by(fleet, pool)) is not None)
        if (
            len(subnets) == len(names)
            and all(addresses_of(subnet) is not None for subnet in subnets)
            and needs
            and tenants
        ):
            yield Room(subnets, needs, tuple(tenants.of(names)))


def unread_blocks(fleet: Fleet) -> Iterator[Gap]:
    """Proxies in subnets of the given documents whose address blocks nobody could read."""
    for pool in fleet.pools:
        names = pool.placement.subnets if pool.placement is not None else ()
        subnets = [found for name in names if (found := fleet.network.subnet_by_id.get(name)) is not None]
        hidden = [subnet.id for subnet in subnets if addresses_of(subnet) is None]
        if hidden:
            missing = (
                f"whether {pool.id} finds enough free addresses: the blocks of {', '.join(hidden)} could not be read"
            )
            yield Gap(pool.id, missing, WRITE, pool.origin)


def addresses_of(subnet: Subnet) -> int | None:
    """Usable addresses of a subnet; ``None`` when its block is not known."""
    try:
        return subnet_addresses(IPv4Network(subnet.cidr or "", strict=False).prefixlen)
    except ValueError:
        return None


def needed_by(fleet: Fleet, pool: Pool) -> int | None:
    """Free addresses a proxy should find for its database's instances and a further endpoint; ``None`` when a class is not known."""
    store = fleet.store_by_id.get(pool.store)
    if store is None or not store.instances:
        return None
    counts = [_for_instance(store, instance) for instance in store.instances]
    if any(count is None for count in counts):
        return None
    endpoint = proxy_addresses_per_endpoint() if pool.has_reader_endpoint else 0
    return min(proxy_addresses_cap(), sum(count or 0 for count in counts) + endpoint)


def _for_instance(store: Store, instance: Instance) -> int | None:
    if instance.instance_class == SERVERLESS:
        maximum = store.serverless_max
        return None if maximum is None or not maximum.is_exact else proxy_addresses_serverless(float(maximum.low))
    return proxy_addresses(instance.instance_class)


class _Tenants:
    """Everything that takes addresses, by subnet, each with its place in the order of the fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._interfaces: dict[str, set[frozenset[str]]] = {}
        self._named: dict[str, list[tuple[int, int, str]]] = {}
        self._stores: dict[str, list[tuple[int, Store]]] = {}
        for consumer in fleet.consumers:
            placement = consumer.placement
            for subnet in placement.subnets if placement is not None and not placement.unresolved else ():
                self._interfaces.setdefault(subnet, set()).add(
                    frozenset(placement.security_groups if placement else ())
                )
        for number, (subnet, resource) in enumerate(fleet.network.addresses_used):
            self._named.setdefault(subnet, []).append((0, number, resource))
        placed = (
            (found, subnet) for found in fleet.network.endpoints if not found.gateway for subnet in found.subnets or ()
        )
        for number, (endpoint, subnet) in enumerate(placed):
            self._named.setdefault(subnet, []).append((1, number, f"{endpoint.id} in {subnet}"))
        for number, store in enumerate(fleet.stores):
            if store.placement is not None and store.placement.subnets:
                self._stores.setdefault(store.placement.subnets[0], []).append((number, store))

    def of(self, names: frozenset[str]) -> Iterator[str]:
        """One address for each network interface that is surely in one of the subnets."""
        interfaces = [(subnet, groups) for subnet in names for groups in self._interfaces.get(subnet, ())]
        yield from (f"functions in {subnet}" for subnet, _ in sorted(interfaces, key=str))
        named = sorted(item for subnet in names for item in self._named.get(subnet, ()))
        yield from (shown for _, _, shown in named)
        stores = [item for subnet in names for item in self._stores.get(subnet, ())]
        for _, store in sorted(stores, key=lambda item: item[0]):
            if store.placement is not None and set(store.placement.subnets) <= names:
                yield from (instance.id for instance in store.instances)
