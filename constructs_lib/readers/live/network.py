"""VPCs with their subnets, routes and endpoints, and security groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from constructs_lib.readers.live.bodies import Bodies, ref

#: What joins networks: where it may not be read, it may be there.
_JOINING = {
    "ec2.describe_vpc_peering_connections": ("VpcPeeringConnectionId", "AWS::EC2::VPCPeeringConnection"),
    "ec2.describe_transit_gateway_attachments": ("TransitGatewayAttachmentId", "AWS::EC2::TransitGatewayAttachment"),
}
_GATEWAYS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
)


def add_network(bodies: Bodies) -> None:
    """VPCs first, so that what is in them can refer to them."""
    for vpc in bodies.recording.listed("ec2.describe_vpcs"):
        _named(bodies, "vpc", vpc["VpcId"], "AWS::EC2::VPC", {"CidrBlock": vpc.get("CidrBlock")})
    for subnet in bodies.recording.listed("ec2.describe_subnets"):
        properties = {key: subnet.get(key) for key in ("VpcId", "CidrBlock", "AvailabilityZone")}
        _named(bodies, "subnet", subnet["SubnetId"], "AWS::EC2::Subnet", properties)
    _routes(bodies)
    for endpoint in bodies.recording.listed("ec2.describe_vpc_endpoints"):
        copied = ("ServiceName", "VpcId", "VpcEndpointType", "PrivateDnsEnabled", "SubnetIds", "RouteTableIds")
        properties = {key: endpoint.get(key) for key in copied}
        _named(bodies, "vpc-endpoint", endpoint["VpcEndpointId"], "AWS::EC2::VPCEndpoint", properties)
    for operation, (key, kind) in _JOINING.items():
        found = [str(item.get(key)) for item in bodies.recording.listed(operation)]
        for name in found if bodies.recording.refusal(operation) is None else ["unknown"]:
            bodies.add(f"join:{name}", kind, {})
    _security_groups(bodies)


def _named(bodies: Bodies, prefix: str, name: str, kind: str, properties: dict[str, Any]) -> str:
    logical_id = bodies.add(f"{prefix}:{name}", kind, properties)
    bodies.texts.know(name, logical_id, "Ref")
    return logical_id


def _routes(bodies: Bodies) -> None:
    """Every subnet has a route table: its own, or the main one of its VPC."""
    main: dict[str, str] = {}
    placed: dict[str, str] = {}
    for table in bodies.recording.listed("ec2.describe_route_tables"):
        logical_id = _named(
            bodies, "route-table", table["RouteTableId"], "AWS::EC2::RouteTable", {"VpcId": table.get("VpcId")}
        )
        for association in table.get("Associations") or ():
            if association.get("Main"):
                main[str(table.get("VpcId"))] = logical_id
            elif association.get("SubnetId"):
                placed[association["SubnetId"]] = logical_id
        for index, route in enumerate(table.get("Routes") or ()):
            _route(bodies, logical_id, index, route)
    for subnet in bodies.recording.listed("ec2.describe_subnets"):
        name = subnet["SubnetId"]
        chosen = placed.get(name) or main.get(str(subnet.get("VpcId")))
        if chosen is not None:
            properties = {"SubnetId": ref(f"subnet:{name}"), "RouteTableId": ref(chosen)}
            bodies.add(f"association:{name}", "AWS::EC2::SubnetRouteTableAssociation", properties)


def _route(bodies: Bodies, table: str, index: int, route: dict[str, Any]) -> None:
    """The route inside the VPC itself leads nowhere else."""
    if route.get("GatewayId") == "local":
        return
    target = {key: route[key] for key in _GATEWAYS if route.get(key)}
    properties = {"RouteTableId": ref(table), "DestinationCidrBlock": route.get("DestinationCidrBlock"), **target}
    if properties["DestinationCidrBlock"] is not None:
        bodies.add(f"{table}:{index}", "AWS::EC2::Route", properties)


def _security_groups(bodies: Bodies) -> None:
    """Groups with the rules that let others in and out."""
    for group in bodies.recording.listed("ec2.describe_security_groups"):
        logical_id = bodies.add(f"security-group:{group['GroupId']}", "AWS::EC2::SecurityGroup", {
            "VpcId": group.get("VpcId"), "GroupDescription": group.get("Description"),
            "SecurityGroupIngress": list(_rules(group.get("IpPermissions"), "SourceSecurityGroupId")),
            "SecurityGroupEgress": list(_rules(group.get("IpPermissionsEgress"), "DestinationSecurityGroupId")),
        })  # fmt: skip
        bodies.texts.know(group["GroupId"], logical_id, "GroupId")


def _rules(permissions: Any, other_group: str) -> Iterator[dict[str, Any]]:
    for permission in permissions or ():
        ports = {
            key: permission.get(key) for key in ("IpProtocol", "FromPort", "ToPort") if permission.get(key) is not None
        }
        yield from ({**ports, "CidrIp": item["CidrIp"]} for item in permission.get("IpRanges") or ())
        yield from ({**ports, "CidrIpv6": item["CidrIpv6"]} for item in permission.get("Ipv6Ranges") or ())
        yield from (
            {**ports, other_group: item["GroupId"]}
            for item in permission.get("UserIdGroupPairs") or ()
            if "GroupId" in item
        )
