"""Security group rules and routes of a plan, written in blocks or as resources, in CloudFormation's vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from constructs_lib.readers.cloudformation.security_groups import ONLY_LISTED
from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.terraform.plan import Planned, listed, mapping
from constructs_lib.readers.terraform.references import Found, Target, intrinsic
from constructs_lib.readers.terraform.values import AFTER_APPLY, Values, walk
from constructs_lib.readers.terraform.vocabulary import WORDS

Bodies = dict[str, dict[str, Any]]
_WAYS = {"ingress": ("SecurityGroupIngress", "Source"), "egress": ("SecurityGroupEgress", "Destination")}
_ROUTES = {"cidr_block": "DestinationCidrBlock", "gateway_id": "GatewayId", "nat_gateway_id": "NatGatewayId"}
_NUMBERED = ("aws_subnet", "aws_security_group", "aws_vpc", "aws_route_table")
_LISTS = {"SubnetIds", "SecurityGroupIds", "VpcSubnetIds", "VPCSecurityGroups", "VpcSecurityGroupIds", "RouteTableIds"}
_HOLDERS = {
    *_LISTS, "VpcConfig", "VpcId", "SubnetId", "GroupId", "RouteTableId", "SourceSecurityGroupId", "DestinationSecurityGroupId",
}  # fmt: skip


def network_bodies(values: Values, resource: Planned, body: dict[str, Any] | None) -> Bodies:
    """Bodies that a resource adds beside its own, which is completed in place."""
    if body is not None and resource.type in WORDS:
        _complete_lists(values, resource, body["Properties"])
    if resource.type == "aws_security_group" and body is not None:
        for way, (name, _) in _WAYS.items():
            body["Properties"][name] = [rule for block in _blocks(values, resource, way) for rule in _rules(way, block)]
        body["Properties"][ONLY_LISTED] = True
    elif resource.type == "aws_security_group_rule":
        return _rule_resources(values, resource)
    elif resource.type == "aws_route_table":
        return _routes(values, resource)
    return {}


def _complete_lists(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    """Lists of subnets, groups and tables anew, so that every member is there or is said to be missing."""
    for name, path in WORDS[resource.type].properties.items():
        *outer, last = name.split(".")
        holder = properties.get(outer[0]) if outer else properties
        if last in _LISTS and isinstance(holder, dict) and last in holder:
            holder[last] = _members(values, resource, path.split("."))


def _members(values: Values, resource: Planned, path: list[str]) -> Any:
    known = walk(resource.values, path)
    written = [item for item in known if item is not None] if isinstance(known, list) else []
    if isinstance(known, list) and len(written) == len(known):
        return written
    targets = values.targets(resource, *path)
    parts = [target if isinstance(target, str) else values.part(target) for target in targets]
    waiting = len(known) - len(written) if isinstance(known, list) else 1
    passed = values.passed(resource, path) if not parts else []
    if len(passed) == waiting:
        parts = [intrinsic(item) for item in passed]
    missing = (
        [Unresolved(f"{path[-1]} of '{resource.address}' is {AFTER_APPLY}")]
        if len(parts) < waiting or _hidden(values, resource, path)
        else []
    )
    return [*written, *parts, *missing]


def _hidden(values: Values, resource: Planned, path: list[str]) -> bool:
    """Whether the expression rests on something that leads to no resource and no value, such as a variable nobody set."""
    names = listed(mapping(walk(resource.expressions, path)).get("references"))
    for name in names:
        first, *rest = str(name).split(".")
        if first == "local" or (
            first in ("var", "module") and rest and not values.references.of({"references": [name]}, resource)
        ):
            variable = values.references.plan.variables.get(rest[0]) if first == "var" and not resource.module else None
            if not isinstance(mapping(variable).get("value"), list):
                return True
    return False


def numbered(planned: Sequence[Planned], bodies: Bodies) -> None:
    """Ids that AWS has given already, wherever an argument writes them, as references to the resource that has them."""
    known: dict[str, Any] = {}
    for resource in planned:
        number = resource.values.get("id")
        if resource.type in _NUMBERED and isinstance(number, str) and resource.address in bodies:
            known[number] = {"Fn::GetAtt": [resource.address, "Ref"]}
    for body in bodies.values() if known else ():
        for name in _HOLDERS & set(body["Properties"]):
            body["Properties"][name] = _replaced(body["Properties"][name], known)


def _replaced(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, list):
        return [_replaced(item, known) for item in value]
    if isinstance(value, dict) and "Fn::GetAtt" not in value:
        return {key: _replaced(item, known) for key, item in value.items()}
    return value


def _blocks(values: Values, resource: Planned, name: str) -> Iterator[dict[str, Any]]:
    """The blocks of an argument; what waits for apply as references or unresolved."""
    expression = resource.expressions.get(name)
    written = listed(expression)
    flags = listed(mapping(resource.unknown).get(name))
    for index, block in enumerate(listed(resource.values.get(name))):
        expressions = mapping(written[index] if index < len(written) else None)
        found = dict(mapping(block))
        for key, expression in expressions.items():
            if not _known(found.get(key)):
                targets = values.references.of(expression, resource)
                found[key] = _parts(values, targets, f"{key} of '{resource.address}'")
        for key, flag in mapping(flags[index] if index < len(flags) else None).items():
            if flag is True and not _known(found.get(key)):
                sole = sum(mapping(other).get(key) is True for other in flags) == 1
                targets = _groups(values, resource, expression) if sole and key == "security_groups" else []
                found[key] = _parts(values, targets, key) or Unresolved(
                    f"{key} of '{resource.address}' is {AFTER_APPLY}"
                )
        if found.get("self") is True:
            found["security_groups"] = [*listed(found.get("security_groups")), intrinsic(Found(resource, ()))]
        yield found


def _groups(values: Values, resource: Planned, expression: Any) -> list[Target]:
    """The groups that all blocks together refer to: of blocks which may be assigned as a list, a plan shows nothing apart."""
    targets = values.references.of(expression, resource) if isinstance(expression, dict) else []
    return [target for target in targets if isinstance(target, Found) and target.resource.type == "aws_security_group"]


def _known(value: Any) -> bool:
    return value is not None and not (isinstance(value, list) and (not value or None in value))


def _parts(values: Values, targets: Sequence[Any], subject: str) -> list[Any] | None:
    if not targets:
        return None
    return [values.part(target) if not isinstance(target, str) else target for target in targets] or [
        Unresolved(f"{subject} is {AFTER_APPLY}")
    ]


def _rules(way: str, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One rule for each peer of a block."""
    side = _WAYS[way][1]
    base = {
        "IpProtocol": _one(block.get("protocol")),
        "FromPort": _one(block.get("from_port")),
        "ToPort": _one(block.get("to_port")),
    }
    names = {
        "cidr_blocks": "CidrIp", "ipv6_cidr_blocks": "CidrIpv6", "security_groups": f"{side}SecurityGroupId",
        "source_security_group_id": f"{side}SecurityGroupId", "prefix_list_ids": f"{side}PrefixListId",
    }  # fmt: skip
    for key, name in names.items():
        value = block.get(key)
        for peer in value if isinstance(value, list) else [value]:
            if peer is not None:
                yield {**{k: v for k, v in base.items() if v is not None}, name: peer}


def _one(value: Any) -> Any:
    """An argument that takes one thing, where references came as a list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _rule_resources(values: Values, resource: Planned) -> Bodies:
    way = str(resource.values.get("type", "ingress"))
    names = (
        "protocol",
        "from_port",
        "to_port",
        "cidr_blocks",
        "ipv6_cidr_blocks",
        "source_security_group_id",
        "prefix_list_ids",
    )
    block = {name: values.get(resource, name) for name in names}
    group = values.get(resource, "security_group_id")
    if resource.values.get("self") is True:
        block["source_security_group_id"] = group
    kind = "AWS::EC2::SecurityGroupEgress" if way == "egress" else "AWS::EC2::SecurityGroupIngress"
    return {
        f"{resource.address}#{index}" if index else resource.address: {
            "Type": kind,
            "Properties": {"GroupId": group, **rule},
        }
        for index, rule in enumerate(_rules(way if way in _WAYS else "ingress", block))
    }


def _routes(values: Values, resource: Planned) -> Bodies:
    found: Bodies = {}
    for index, block in enumerate(_blocks(values, resource, "route")):
        route = {name: _one(value) for key, name in _ROUTES.items() if (value := block.get(key)) not in (None, "")}
        properties = {"RouteTableId": intrinsic(Found(resource, ())), **route}
        found[f"{resource.address}#route{index}"] = {"Type": "AWS::EC2::Route", "Properties": properties}
    return found
