"""Security groups with all their rules: those in the group, and those that other resources add."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from constructs_lib.model.network import EVERY_PORT, Peer, SecurityGroup, SecurityGroupRule
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.members import DEFAULT_GROUP, VPC, Members
from constructs_lib.readers.cloudformation.network import GROUP, INGRESS
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Reference, Unresolved, Value, text_of

EGRESS = "AWS::EC2::SecurityGroupEgress"
#: Written by readers of sources in which a group without egress rules lets nothing out.
ONLY_LISTED = "poolproof:egress-only-listed"
_TCP = {"tcp", "6"}
_EVERY = {"-1", "all"}
_PEERS = {
    "ingress": (("SourceSecurityGroupId",), ("SourceSecurityGroupName",), "SourcePrefixListId"),
    "egress": (("DestinationSecurityGroupId",), (), "DestinationPrefixListId"),
}


class SecurityGroups:
    """Reads the security groups of an estate."""

    def __init__(self, members: Members, databases: Databases) -> None:
        self.estate = estate = members.estate
        self.databases = databases
        self.members = members
        self.unplaced: list[str] = []
        self._added: dict[tuple[str, str], list[tuple[str, Resource]]] = {}
        for kind, direction in ((INGRESS, "ingress"), (EGRESS, "egress")):
            for rule in estate.of_type(kind):
                self._add(rule, direction)

    def _add(self, rule: Resource, direction: str) -> None:
        value = rule.get("GroupId")
        target = self.estate.resource(value) if isinstance(value, Reference) else None
        if target is not None and target.type in (GROUP, VPC) and isinstance(value, Reference) and not value.guess:
            self._added.setdefault(target.key, []).append((direction, rule))
        elif target is None or target.type == GROUP:
            self.unplaced.append(rule.id)

    def all(self) -> Iterator[SecurityGroup]:
        """Every group that the templates make."""
        shown = self.members.shown
        yield from self._defaults()
        for group in self.estate.of_type(GROUP):
            added = self._added.get(group.key, [])
            listed = bool(_written(group, "egress"))
            standalone = any(direction == "egress" for direction, _ in added)
            yield SecurityGroup(
                id=group.id,
                vpc=self.members.vpc(group.get("VpcId")),
                rules=tuple(self._rules(group, added)),
                sends_anywhere=_sends_anywhere(group, listed=listed, standalone=standalone),
                shared=group.key in shown or bool(self.unplaced) or group.maybe,
                origin=group.origin,
            )

    def _defaults(self) -> Iterator[SecurityGroup]:
        """Each VPC's default group: its members reach each other, unless something else may have taken that away."""
        restricted = any(self.estate.of_type("Custom::VpcRestrictDefaultSG"))
        for vpc in self.estate.of_type(VPC):
            name = f"{vpc.id}.{DEFAULT_GROUP}"
            own = SecurityGroupRule("ingress", "unknown" if restricted else "security-group", name)
            added = [rule for way, item in self._added.get(vpc.key, ()) for rule in self._standalone(way, item)]
            open_to_all = None if restricted else True
            yield SecurityGroup(name, vpc.id, (own, *added), open_to_all, shared=True, origin=vpc.origin)

    def _rules(self, group: Resource, added: list[tuple[str, Resource]]) -> Iterator[SecurityGroupRule]:
        for direction in ("ingress", "egress"):
            for written in _written(group, direction):
                yield from self._rule(direction, written)
        for direction, rule in added:
            yield from self._standalone(direction, rule)

    def _standalone(self, direction: str, rule: Resource) -> Iterator[SecurityGroupRule]:
        keys = ("IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", *_flat(direction))
        yield from self._rule(direction, {key: value for key in keys if (value := rule.get(key)) is not None})

    def _rule(self, direction: str, written: Value) -> Iterator[SecurityGroupRule]:
        way: Any = direction
        if not isinstance(written, dict):
            yield SecurityGroupRule(
                way, "unknown", ports=None, reason="a rule that depends on a condition or parameter"
            )
            return
        protocol = text_of(written.get("IpProtocol"))
        if protocol is not None and protocol.lower() not in _TCP | _EVERY:
            return
        ports, port_of = (EVERY_PORT, None) if protocol in _EVERY else self._ports(written)
        for kind, peer, reason in self._peers(direction, written):
            yield SecurityGroupRule(way, kind, peer, None if protocol is None else ports, port_of, reason)

    def _ports(self, written: dict[str, Any]) -> tuple[tuple[int, int] | None, str | None]:
        first, last = written.get("FromPort"), written.get("ToPort")
        if isinstance(first, Reference):
            found = self.estate.resource(first)
            store = self.databases.store_of(found) if found is not None else None
            return None, store.id if store is not None and first.attribute.endswith("Port") else None
        low, high = text_of(first), text_of(last if last is not None else first)
        if low is None or high is None or not low.lstrip("-").isdigit() or not high.lstrip("-").isdigit():
            return (EVERY_PORT if first is None and last is None else None), None
        return (EVERY_PORT if int(low) < 0 else (int(low), int(high))), None

    def _peers(self, direction: str, written: dict[str, Any]) -> Iterator[tuple[Peer, str, str]]:
        groups, names, prefix = _PEERS[direction]
        for key in groups:
            if written.get(key) is not None:
                ids, unresolved = self.members.of(written[key], GROUP)
                yield from (("security-group", found, "") for found in ids)
                yield from (("unknown", "", reason) for reason in unresolved)
        if written.get("CidrIp") is not None:
            yield self._block(written["CidrIp"])
        for key in (*names, prefix, "CidrIpv6"):
            if written.get(key) is not None:
                yield "unknown", "", f"{key} of a rule"

    def _block(self, value: Value) -> tuple[Peer, str, str]:
        text = text_of(value)
        if text is not None:
            return "cidr", text, ""
        found = self.estate.resource(value) if isinstance(value, Reference) else None
        if found is not None and isinstance(value, Reference) and value.attribute in ("CidrBlock", "CidrBlocks"):
            if found.type == "AWS::EC2::VPC":
                return "vpc", found.id, ""
            if found.type == "AWS::EC2::Subnet":
                return "subnet", found.id, ""
        return "unknown", "", value.reason if isinstance(value, Unresolved) else "a CIDR block that is not known"


def _flat(direction: str) -> tuple[str, ...]:
    groups, names, prefix = _PEERS[direction]
    return (*groups, *names, prefix)


def _written(group: Resource, direction: str) -> list[Any]:
    value = group.get("SecurityGroupIngress" if direction == "ingress" else "SecurityGroupEgress")
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _sends_anywhere(group: Resource, *, listed: bool, standalone: bool) -> bool | None:
    """AWS's rule stays where a template lists no egress; whether it survives egress resources, AWS's documents leave open."""
    if listed or group.get(ONLY_LISTED) is True:
        return False
    return None if standalone else True
