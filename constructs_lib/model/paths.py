"""Whether a function can reach a store over the network: security groups, VPCs, addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network
from typing import Literal, NamedTuple

from constructs_lib.model.fleet import Connection, Fleet
from constructs_lib.model.network import Network, Placement, SecurityGroup, SecurityGroupRule

EVERYWHERE = "0.0.0.0/0"


class Path(NamedTuple):
    """``open`` is ``None`` when that is not decided; ``why`` says what closes it or what is not known.

    ``doubtful``: closed as far as the documents show, but a document that was not read may add what is missing. ``remedy`` opens it.
    """

    open: bool | None
    why: str = ""
    terms: tuple[str, ...] = ()
    doubtful: bool = False
    remedy: str = ""


class _Peer(NamedTuple):
    """One end of a path, seen from the other."""

    id: str
    place: Placement


def path_of(fleet: Fleet, connection: Connection) -> Path | None:
    """The path of one connection; ``None`` when the documents say nothing about the network of one of its ends."""
    consumer = fleet.consumer_by_id.get(connection.consumer)
    target = _target(fleet, connection)
    if consumer is None or consumer.placement is None or target is None:
        return None
    if consumer.placement.outside:
        return _from_outside(fleet.network, _Peer(consumer.id, consumer.placement), target, connection.store)
    return _inside(fleet.network, _Peer(consumer.id, consumer.placement), target, connection.store)


def _target(fleet: Fleet, connection: Connection) -> _Peer | None:
    if connection.via == "proxy":
        pool = fleet.pool_by_id.get(connection.pool or "")
        return _Peer(pool.id, pool.placement) if pool is not None and pool.placement is not None else None
    store = fleet.store_by_id.get(connection.store)
    if connection.via != "direct" or store is None or store.placement is None:
        return None
    return _Peer(store.id, store.placement)


def _from_outside(network: Network, function: _Peer, target: _Peer, store: str) -> Path:
    place = target.place
    if place.public is None:
        return Path(None, f"whether '{target.id}' has a public address, which '{function.id}' needs outside of any VPC")
    terms = (f"{function.id}: no VpcConfig, so outside of any VPC",)
    if not place.public:
        why = f"{target.id} has no address outside its VPC"
        return Path(False, why, (*terms, f"{target.id}: not public"), remedy=_join(function, target))
    received = _Traffic(network, "ingress", function.place, place, store)
    admitted = _any(received.passes(group) for group in _groups(network, place))
    if admitted:
        return Path(True)
    if admitted is None or _unknown(network, place):
        return Path(None, f"whether the addresses that Lambda sends from are admitted to '{target.id}'")
    return Path(
        False,
        f"{target.id} admits security groups only, and a function outside of a VPC has none",
        terms,
        doubtful=True,
        remedy=_join(function, target),
    )


def _inside(network: Network, function: _Peer, target: _Peer, store: str) -> Path:
    here, there = function.place, target.place
    if here.vpc is not None and there.vpc is not None and here.vpc != there.vpc:
        if there.public is not False or there.unresolved or network.joined:
            return Path(
                None, f"whether '{function.id}' reaches '{target.id}' from another VPC: {_bridge(network, there)}"
            )
        terms = (f"{function.id}: VPC {here.vpc}", f"{target.id}: VPC {there.vpc}")
        why = f"{function.id} is in another VPC than {target.id}"
        return Path(False, why, terms, doubtful=True, remedy=_join(function, target))
    sent = _Traffic(network, "egress", there, there, store)
    received = _Traffic(network, "ingress", here, there, store)
    leaves = _any(sent.passes(group) for group in _groups(network, here))
    enters = _any(received.passes(group) for group in _groups(network, there))
    if leaves and enters:
        return Path(True)
    unknown = [*_unknown(network, here), *_unknown(network, there)]
    if unknown or (leaves is not False and enters is not False):
        return Path(
            None,
            f"whether a security group lets '{function.id}' reach '{target.id}': {_reason(network, here, there, unknown)}",
        )
    return _closed(network, function, target, leaves=leaves is not False)


def _bridge(network: Network, there: Placement) -> str:
    if network.joined:
        return "something joins VPCs with each other"
    return there.unresolved[0] if there.unresolved else "it may have a public address"


def _closed(network: Network, function: _Peer, target: _Peer, *, leaves: bool) -> Path:
    here, there = function.place, target.place
    groups = [*_groups(network, here), *_groups(network, there)]
    terms = (
        f"{function.id}: security groups {', '.join(here.security_groups)}",
        f"{target.id}: security groups {', '.join(there.security_groups)}, port {_ports(there)}",
        *(f"{group.id} lets in: {_listed(group, 'ingress')}" for group in _groups(network, there) if leaves),
        *(f"{group.id} lets out: {_listed(group, 'egress')}" for group in _groups(network, here) if not leaves),
    )
    port = _ports(there)
    why = (
        f"no security group of {target.id} admits {function.id} on port {port}"
        if leaves
        else f"no security group of {function.id} lets it send to {target.id} on port {port}"
    )
    remedy = (
        f"add an ingress rule for port {port} to a security group of {target.id}, with a security group of {function.id} as its source"
        if leaves
        else f"add an egress rule for port {port} to a security group of {function.id}, with a security group of {target.id} as its target"
    )
    return Path(False, why, terms, doubtful=any(group.shared for group in groups), remedy=remedy)


def _join(function: _Peer, target: _Peer) -> str:
    return (
        f"give {function.id} a VpcConfig with subnets of the VPC of {target.id}, and a security group that {target.id} admits on port "
        f"{_ports(target.place)}"
    )


def _ports(place: Placement) -> str:
    return " or ".join(str(port) for port in place.ports) or "of the store"


def _listed(group: SecurityGroup, direction: str) -> str:
    return ", ".join(_shown(rule) for rule in group.rules if rule.direction == direction) or "nothing"


def _shown(rule: SecurityGroupRule) -> str:
    if rule.ports is None:
        ports = f"the port of {rule.port_of}" if rule.port_of else "ports not known"
    else:
        ports = (
            f"port {rule.ports[0]}" if rule.ports[0] == rule.ports[1] else f"ports {rule.ports[0]} to {rule.ports[1]}"
        )
    return f"{rule.peer or 'not known'} on {ports}"


def _groups(network: Network, place: Placement) -> list[SecurityGroup]:
    return [found for name in place.security_groups if (found := network.group_by_id.get(name)) is not None]


def _unknown(network: Network, place: Placement) -> list[str]:
    missing = [
        f"security group '{name}' is not among what was read"
        for name in place.security_groups
        if name not in network.group_by_id
    ]
    return [*place.unresolved, *missing]


def _reason(network: Network, here: Placement, there: Placement, unknown: Sequence[str]) -> str:
    if unknown:
        return unknown[0]
    rules = [rule for place in (here, there) for group in _groups(network, place) for rule in group.rules]
    return next((rule.reason for rule in rules if rule.reason), "a rule, a port or an address range is not known")


def _any(answers: Iterable[bool | None]) -> bool | None:
    """Yes if one is yes, no if all are no."""
    found = set(answers)
    if True in found:
        return True
    return None if None in found else False


def _all(*answers: bool | None) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


class _Traffic(NamedTuple):
    """What a group is asked to let through: to or from a peer, on the port that the listening end has for a store."""

    network: Network
    direction: Literal["ingress", "egress"]
    peer: Placement
    listens: Placement
    store: str

    def passes(self, group: SecurityGroup) -> bool | None:
        leaves = self.direction == "egress"
        if leaves and group.sends_anywhere:
            return True
        answers = [self._matches(rule) for rule in group.rules if rule.direction == self.direction]
        return _any([*answers, None] if leaves and group.sends_anywhere is None else answers)

    def _matches(self, rule: SecurityGroupRule) -> bool | None:
        return _all(_covers_port(rule, self.listens, self.store), _covers_peer(self.network, rule, self.peer))


def _covers_port(rule: SecurityGroupRule, listens: Placement, store: str) -> bool | None:
    if rule.port_of is not None:
        return True if rule.port_of == store else None
    if rule.ports is None or not listens.ports:
        return True if rule.ports == (0, 65535) else None
    return any(rule.ports[0] <= port <= rule.ports[1] for port in listens.ports)


def _covers_peer(network: Network, rule: SecurityGroupRule, peer: Placement) -> bool | None:
    if rule.peer_kind == "security-group":
        if rule.peer in peer.security_groups:
            return True
        return False if rule.peer in network.group_by_id else None
    if rule.peer_kind == "vpc":
        return rule.peer == peer.vpc if peer.vpc is not None else None
    if rule.peer_kind == "subnet":
        return _in_subnet(rule.peer, peer)
    return _covers_block(network, rule.peer, peer) if rule.peer_kind == "cidr" else None


def _in_subnet(subnet: str, peer: Placement) -> bool | None:
    if subnet in peer.subnets:
        return True
    return None if peer.unresolved or not peer.subnets else False


def _covers_block(network: Network, block: str, peer: Placement) -> bool | None:
    """One covered subnet is enough; outside of all of them it is no, unless one of them is not known."""
    if block == EVERYWHERE:
        return True
    allowed = _network(block)
    if allowed is None:
        return None
    return _any([_overlaps(network, allowed, name) for name in peer.subnets] or [None])


def _overlaps(network: Network, allowed: IPv4Network, subnet: str) -> bool | None:
    found = network.subnet_by_id.get(subnet)
    if found is None:
        return None
    own = _network(found.cidr or "")
    if own is not None:
        return own.overlaps(allowed)
    whole = _network(found.vpc_cidr or "")
    return True if whole is not None and whole.subnet_of(allowed) else None


def _network(block: str) -> IPv4Network | None:
    try:
        return IPv4Network(block, strict=False)
    except ValueError:
        return None
