"""Where things sit: subnets, security groups, VPC endpoints, and the placement of functions, stores and proxies.

Facts only, as AWS names them. What cannot be read is ``None`` or stands in ``unresolved`` with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from constructs_lib.model.origin import NOWHERE, Origin

Peer = Literal["security-group", "cidr", "vpc", "subnet", "unknown"]
DefaultRoute = Literal["internet-gateway", "nat", "other", "none"]
EVERY_PORT = (0, 65535)


class SecurityGroupRule(NamedTuple):
    """One TCP rule. ``ports`` are the first and last port, ``None`` when not known; ``port_of`` names the store whose port it is.

    ``peer`` is a security group's id, an IPv4 block, or the id of a VPC or subnet whose whole range is meant.
    """

    direction: Literal["ingress", "egress"]
    peer_kind: Peer
    peer: str = ""
    ports: tuple[int, int] | None = EVERY_PORT
    port_of: str | None = None
    reason: str = ""


class SecurityGroup(NamedTuple):
    """A security group with all its rules.

    ``sends_anywhere``: AWS's own rule that lets everything out is in force; ``None`` when that is not known.
    ``shared``: its id leaves the documents that were read, so that others may add rules.
    """

    id: str
    vpc: str | None = None
    rules: tuple[SecurityGroupRule, ...] = ()
    sends_anywhere: bool | None = True
    shared: bool = False
    origin: Origin = NOWHERE


class Subnet(NamedTuple):
    """A subnet. ``cidr`` and ``vpc_cidr`` are IPv4 blocks, ``default_route`` where everything else goes (``None`` = not all visible).

    ``shared``: its route table leaves the documents that were read.
    """

    id: str
    vpc: str | None = None
    cidr: str | None = None
    vpc_cidr: str | None = None
    availability_zone: str | None = None
    default_route: DefaultRoute | None = None
    shared: bool = False
    origin: Origin = NOWHERE


class VpcEndpoint(NamedTuple):
    """A VPC endpoint for an AWS service (``secretsmanager``, ``s3`` …; ``None`` when not known).

    A gateway endpoint serves the ``subnets`` whose route table it stands in (``None`` when not known); an interface endpoint the whole
    VPC, unless its private DNS name is switched off.
    """

    id: str
    service: str | None
    vpc: str | None = None
    gateway: bool = False
    private_dns: bool | None = True
    subnets: tuple[str, ...] | None = ()


@dataclass(frozen=True)
class Network:
    """The network of a fleet, as far as the documents show it; ``addresses_used`` are (subnet, resource) of network interfaces.

    ``joined``: something may join VPCs with each other, such as a peering connection or a transit gateway.
    """

    subnets: tuple[Subnet, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    endpoints: tuple[VpcEndpoint, ...] = ()
    addresses_used: tuple[tuple[str, str], ...] = ()
    joined: bool = False

    @cached_property
    def subnet_by_id(self) -> dict[str, Subnet]:
        return {subnet.id: subnet for subnet in self.subnets}

    @cached_property
    def group_by_id(self) -> dict[str, SecurityGroup]:
        return {group.id: group for group in self.security_groups}


class Placement(NamedTuple):
    """Where a function, store or proxy sits. ``outside``: a function that is in no VPC.

    ``vpc`` is ``None`` when not known. ``unresolved`` says why not all subnets or security groups are known. ``public`` tells whether
    it has an address on the internet (``None`` = not known). ``ports`` are those it may listen on; several where AWS's documents differ.
    """

    vpc: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    outside: bool = False
    public: bool | None = False
    ports: tuple[int, ...] = ()
    origin: Origin = NOWHERE


class ServiceCall(NamedTuple):
    """An AWS service that a function calls over the network: ``named`` when its environment names what it calls, not only its role."""

    service: str
    evidence: str
    named: bool = False


class ExposedPassword(NamedTuple):
    """A database password in a function's environment. ``kind``: ``literal``, ``parameter``, ``secret`` copy or ``connection-string``."""

    variable: str
    kind: Literal["literal", "parameter", "secret", "connection-string"]
    likely: bool = False
