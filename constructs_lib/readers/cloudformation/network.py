"""Security groups: which groups a function sends from, and which stores admit them."""

from __future__ import annotations

from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, items_of, references_in

GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
Key = tuple[str, str]
_GROUP_KEYS = ("VPCSecurityGroups", "VpcSecurityGroupIds", "SecurityGroupIds")


class Network:
    """Which security groups admit which others."""

    def __init__(self, estate: Estate, databases: Databases) -> None:
        self.estate = estate
        self._admits: dict[Key, set[Key]] = {}
        for group in estate.of_type(GROUP):
            for rule in items_of(group.get("SecurityGroupIngress")):
                source = rule.get("SourceSecurityGroupId") if isinstance(rule, dict) else None
                self._admit(group.reference("GroupId"), source)
        for rule in estate.of_type(INGRESS):
            self._admit(rule.get("GroupId"), rule.get("SourceSecurityGroupId"))

        self._reach: dict[Key, list[Resource]] = {}
        for store in dict.fromkeys(databases.home.values()):
            self._open(store)

    def _open(self, store: Resource) -> None:
        for group in self.of_store(store):
            for source in self._admits.get(group, ()):
                self._reach.setdefault(source, []).append(store)

    def _admit(self, target: Value, source: Value) -> None:
        for group in self.keys(target):
            self._admits.setdefault(group, set()).update(self.keys(source))

    def keys(self, value: Value) -> set[Key]:
        return {
            resource.key
            for reference in references_in(value)
            if (resource := self.estate.resource(reference)) is not None and resource.type == GROUP
        }

    def of_function(self, function: Resource) -> set[Key]:
        return self.keys(function.get("VpcConfig", "SecurityGroupIds"))

    def of_store(self, store: Resource) -> set[Key]:
        """Groups of a store or proxy."""
        return {key for name in _GROUP_KEYS for key in self.keys(store.get(name))}

    def reachable(self, groups: set[Key]) -> list[Resource]:
        """Stores with a group that lets one of the groups in, each once."""
        return list(dict.fromkeys(store for group in sorted(groups) for store in self._reach.get(group, ())))
