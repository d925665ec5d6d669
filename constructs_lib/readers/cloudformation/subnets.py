"""Subnets with their routes, and VPC endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from constructs_lib.model.network import DefaultRoute, Subnet, VpcEndpoint
from constructs_lib.readers.cloudformation.members import VPC, Members
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Reference, Text, Value, references_in, text_of, truth_of

SUBNET = "AWS::EC2::Subnet"
TABLE = "AWS::EC2::RouteTable"
ASSOCIATION = "AWS::EC2::SubnetRouteTableAssociation"
ROUTE = "AWS::EC2::Route"
ENDPOINT = "AWS::EC2::VPCEndpoint"
Key = tuple[str, str]
_TAKE_AN_ADDRESS = ("AWS::EC2::NatGateway", "AWS::EC2::Instance", "AWS::EFS::MountTarget")
_JOIN = (
    "AWS::EC2::VPCPeeringConnection", "AWS::EC2::TransitGateway", "AWS::EC2::VPCEndpointService", "AWS::EC2::VPNGateway",
    "AWS::NetworkManager::", "AWS::VpcLattice::", "AWS::RAM::",
)  # fmt: skip
_EVERYWHERE = "0.0.0.0/0"
_GATEWAYS: tuple[tuple[str, DefaultRoute], ...] = (("GatewayId", "internet-gateway"), ("NatGatewayId", "nat"))


class Subnets:
    """Reads the subnets, routes and VPC endpoints of an estate."""

    def __init__(self, members: Members) -> None:
        self.estate = estate = members.estate
        self.members = members
        self.hidden_routes = False
        self.table: dict[Key, Resource | None] = {}
        self.routes: dict[Key, list[Resource]] = {}
        for association in estate.of_type(ASSOCIATION):
            self._associate(association)
        for route in estate.of_type(ROUTE):
            table = self._table(route.get("RouteTableId"))
            if table is None:
                self.hidden_routes = True
            else:
                self.routes.setdefault(table.key, []).append(route)

    def _associate(self, association: Resource) -> None:
        for reference in references_in(association.get("SubnetId")):
            subnet = self.estate.resource(reference)
            if subnet is not None:
                self.table[subnet.key] = self._table(association.get("RouteTableId"))

    def _table(self, value: Value) -> Resource | None:
        return self.members.resource(value, TABLE)

    def all(self) -> Iterator[Subnet]:
        """Every subnet that the templates make."""
        shown = self.members.shown
        for subnet in self.estate.of_type(SUBNET):
            table = self.table.get(subnet.key)
            vpc = self.members.resource(subnet.get("VpcId"), VPC)
            yield Subnet(
                id=subnet.id,
                vpc=self.members.vpc(subnet.get("VpcId")),
                cidr=text_of(subnet.get("CidrBlock")),
                vpc_cidr=text_of(vpc.get("CidrBlock")) if vpc is not None else None,
                availability_zone=_zone(subnet.get("AvailabilityZone")),
                default_route=self._default_route(table),
                shared=table is not None and table.key in shown,
                origin=subnet.origin,
            )

    def _default_route(self, table: Resource | None) -> DefaultRoute | None:
        """``None`` without a visible table, and where a route cannot be read or leads somewhere that may offer endpoints."""
        if table is None or self.hidden_routes or table.maybe:
            return None
        found: set[DefaultRoute | None] = set()
        for route in self.routes.get(table.key, ()):
            found.add(_leads_to(route))
        if None in found:
            return None
        chosen: tuple[DefaultRoute, ...] = ("internet-gateway", "nat", "other")
        return next((kind for kind in chosen if kind in found), "none")

    def endpoints(self) -> Iterator[VpcEndpoint]:
        """Every VPC endpoint that the templates make."""
        for endpoint in self.estate.of_type(ENDPOINT):
            kind = text_of(endpoint.get("VpcEndpointType"))
            gateway = kind in (None, "Gateway")
            dns = endpoint.get("PrivateDnsEnabled")
            yield VpcEndpoint(
                id=endpoint.id,
                service=_service(endpoint.get("ServiceName")),
                vpc=self.members.vpc(endpoint.get("VpcId")),
                gateway=gateway,
                private_dns=truth_of(dns),  # unset: AWS's documents differ on the default
                subnets=self._served(endpoint) if gateway else self._placed(endpoint),
            )

    @property
    def joined(self) -> bool:
        """Whether a resource may join VPCs with each other."""
        return any(kind.startswith(_JOIN) for kind in self.estate.by_type)

    def addresses_used(self) -> Iterator[tuple[str, str]]:
        """(subnet, resource) for what takes an address in one certain subnet."""
        for resource in self.estate.of_type(*_TAKE_AN_ADDRESS):
            names, _ = self.members.of(resource.get("SubnetId"), SUBNET)
            yield from ((name, resource.id) for name in names)

    def _served(self, endpoint: Resource) -> tuple[str, ...] | None:
        """The subnets whose route tables a gateway endpoint stands in."""
        tables, unresolved = self.members.of(endpoint.get("RouteTableIds"), TABLE)
        if unresolved:
            return None
        found = [subnet for table in dict.fromkeys(tables) for subnet in self._by_table.get(table, ())]
        return tuple(name for _, name in sorted(found))

    @cached_property
    def _by_table(self) -> dict[str, list[tuple[int, str]]]:
        """Subnets, numbered in their order, by the id of their route table."""
        found: dict[str, list[tuple[int, str]]] = {}
        for number, subnet in enumerate(self.estate.of_type(SUBNET)):
            table = self.table.get(subnet.key)
            if table is not None:
                found.setdefault(table.id, []).append((number, subnet.id))
        return found

    def _placed(self, endpoint: Resource) -> tuple[str, ...] | None:
        subnets, unresolved = self.members.of(endpoint.get("SubnetIds"), SUBNET)
        return None if unresolved else subnets


def _leads_to(route: Resource) -> DefaultRoute | None:
    if text_of(route.get("DestinationCidrBlock")) != _EVERYWHERE or route.maybe:
        return None
    for key, kind in _GATEWAYS:
        if route.get(key) is not None:
            return kind
    return "other"


def _zone(value: Value) -> str | None:
    """The availability zone where it is written down; a Select from GetAZs is told apart by its position only."""
    return text_of(value)


def _service(value: Value) -> str | None:
    """``secretsmanager`` of ``com.amazonaws.eu-west-1.secretsmanager``."""
    if isinstance(value, Text):
        last = value.parts[-1]
        value = last if isinstance(last, str) and "." in last else None
    text = text_of(value) if not isinstance(value, Reference) else None
    return text.rpartition(".")[2] if text and "." in text else None
