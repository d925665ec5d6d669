"""Where functions, stores and proxies sit: subnets, security groups, the ports they listen on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from constructs_lib.model.network import Placement, Subnet
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE
from constructs_lib.readers.cloudformation.members import Found, Members
from constructs_lib.readers.cloudformation.network import GROUP
from constructs_lib.readers.cloudformation.proxies import Proxies
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.subnets import SUBNET
from constructs_lib.readers.cloudformation.values import Reference, Value, text_of, truth_of


class _Keys(NamedTuple):
    """Where a type says its groups and its subnets: by itself or through a subnet group of another type; ``public`` if it is by default."""

    groups: str
    subnets: str
    subnet_group: str | None = None
    public: bool | None = False


_KEYS: dict[str, _Keys] = {
    INSTANCE: _Keys("VPCSecurityGroups", "DBSubnetGroupName", "AWS::RDS::DBSubnetGroup", public=None),
    CLUSTER: _Keys("VpcSecurityGroupIds", "DBSubnetGroupName", "AWS::RDS::DBSubnetGroup", public=None),
    "AWS::DocDB::DBCluster": _Keys("VpcSecurityGroupIds", "DBSubnetGroupName", "AWS::DocDB::DBSubnetGroup"),
    "AWS::Neptune::DBCluster": _Keys("VpcSecurityGroupIds", "DBSubnetGroupName", "AWS::Neptune::DBSubnetGroup"),
    "AWS::DocDBElastic::Cluster": _Keys("VpcSecurityGroupIds", "SubnetIds"),
    "AWS::ElastiCache::ReplicationGroup": _Keys("SecurityGroupIds", "CacheSubnetGroupName", "AWS::ElastiCache::SubnetGroup"),
    "AWS::ElastiCache::CacheCluster": _Keys("VpcSecurityGroupIds", "CacheSubnetGroupName", "AWS::ElastiCache::SubnetGroup"),
    "AWS::ElastiCache::ServerlessCache": _Keys("SecurityGroupIds", "SubnetIds"),
    "AWS::MemoryDB::Cluster": _Keys("SecurityGroupIds", "SubnetGroupName", "AWS::MemoryDB::SubnetGroup"),
    "AWS::Redshift::Cluster": _Keys(
        "VpcSecurityGroupIds", "ClusterSubnetGroupName", "AWS::Redshift::ClusterSubnetGroup", public=None
    ),
    "AWS::RedshiftServerless::Workgroup": _Keys("SecurityGroupIds", "SubnetIds", public=None),
}  # fmt: skip
#: Ports by the start of the engine's name, where a store does not say its own. CloudFormation and the RDS API differ on Aurora PostgreSQL.
_PORTS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("aurora-postgresql", (5432, 3306)), ("aurora", (3306,)), ("postgres", (5432,)), ("mysql", (3306,)), ("mariadb", (3306,)),
    ("sqlserver", (1433,)), ("oracle", (1521,)), ("docdb", (27017,)), ("neptune", (8182,)), ("redis", (6379,)), ("valkey", (6379,)),
    ("memcached", (11211,)), ("redshift", (5439,)),
)  # fmt: skip
_PROXY_PORTS = {"POSTGRESQL": (5432,), "MYSQL": (3306,), "SQLSERVER": (1433,)}


class Placements:
    """Reads the placement of the resources of an estate."""

    def __init__(self, members: Members, databases: Databases, proxies: Proxies, subnets: Sequence[Subnet]) -> None:
        self.databases = databases
        self.proxies = proxies
        self.members = members
        self.subnets = {subnet.id: subnet for subnet in subnets}

    def of_function(self, function: Resource) -> Placement | None:
        """A function's place; ``None`` when the templates do not decide whether it is in a VPC."""
        config = function.get("VpcConfig")
        if config is None or (isinstance(config, dict) and not config.get("SubnetIds")):
            return Placement(outside=True, public=None, origin=function.origin)
        if not isinstance(config, dict):
            return None
        subnets = self.members.of(config.get("SubnetIds"), SUBNET)
        groups = self.members.of(config.get("SecurityGroupIds"), GROUP)
        return self._placement(function, subnets, groups)

    def of_store(self, store: Resource) -> Placement | None:
        """A store's place; ``None`` when the template says nothing about it."""
        keys = _KEYS.get(store.type)
        if keys is None or (store.get(keys.subnets) is None and store.get(keys.groups) is None):
            return None
        subnets = self._subnets(store, keys)
        groups = self.members.of(store.get(keys.groups), GROUP)
        placement = self._placement(store, subnets, groups)
        public = self._public(store, keys, placement.subnets, complete=not subnets[1])
        return placement._replace(public=public, ports=self._ports(store))

    def is_private(self, store: Resource) -> bool:
        """Whether a store has no address outside its VPC, as far as the templates tell."""
        if _is_serverless_v1(store):
            return True
        placement = self.of_store(store)
        return placement is not None and placement.public is False

    def _subnets(self, store: Resource, keys: _Keys) -> Found:
        value = store.get(keys.subnets)
        if keys.subnet_group is None:
            return self.members.of(value, SUBNET)
        group = self.members.resource(value, keys.subnet_group)
        if group is None or (isinstance(value, Reference) and value.guess):
            return (), (f"subnet group of '{store.id}' is not among the given templates",)
        return self.members.of(group.get("SubnetIds"), SUBNET)

    def of_proxy(self, proxy: Resource) -> Placement | None:
        """A proxy's place; what its further endpoints admit is not known from it."""
        if proxy.get("VpcSubnetIds") is None:
            return None
        subnets = self.members.of(proxy.get("VpcSubnetIds"), SUBNET)
        names, unresolved = self.members.of(proxy.get("VpcSecurityGroupIds"), GROUP)
        if self.proxies.endpoints.get(proxy.key):
            unresolved = (*unresolved, f"'{proxy.id}' has further endpoints with a network of their own")
        placement = self._placement(proxy, subnets, (names, unresolved))
        return placement._replace(public=False, ports=_PROXY_PORTS.get(text_of(proxy.get("EngineFamily")) or "", ()))

    def _placement(self, resource: Resource, subnets: Found, groups: Found) -> Placement:
        unresolved = list(dict.fromkeys((*subnets[1], *groups[1])))
        if not groups[0] and not groups[1]:
            unresolved.append(f"'{resource.id}' takes the default security group of its VPC")
        vpcs = {subnet.vpc for name in subnets[0] if (subnet := self.subnets.get(name)) is not None}
        known = all(name in self.subnets for name in subnets[0])
        return Placement(
            vpc=vpcs.pop() if len(vpcs) == 1 and known else None,
            subnets=subnets[0],
            security_groups=groups[0],
            unresolved=tuple(unresolved),
            origin=resource.origin,
        )

    def _public(self, store: Resource, keys: _Keys, subnets: tuple[str, ...], *, complete: bool) -> bool | None:
        """Never where no subnet leads to an internet gateway; else as it is written, and unknown where it is not."""
        if keys.public is False or _is_serverless_v1(store):
            return False
        routes = [found.default_route if (found := self.subnets.get(name)) is not None else None for name in subnets]
        if complete and routes and all(route not in (None, "internet-gateway") for route in routes):
            return False
        parts = [store, *self.databases.members.get(store.key, ())]
        written: list[Value] = [part.get("PubliclyAccessible") for part in parts]
        stated = [truth_of(value) for value in written if value is not None]
        if True in stated:
            return True
        needed = len(parts) - 1 or 1  # a cluster with members leaves it to them
        return False if len(stated) >= needed and None not in stated else None

    def _ports(self, store: Resource) -> tuple[int, ...]:
        members = self.databases.members.get(store.key, ())
        for part in (store, *members):
            value = next((v for key in ("Port", "DBPort") if (v := part.get(key)) is not None), None)
            if value is not None:
                text = text_of(value)
                return (int(text),) if text is not None and text.isdigit() else ()
        engine = (text_of(store.get("Engine")) or _FIXED.get(store.type) or "").lower()
        return next((ports for start, ports in _PORTS if engine.startswith(start)), ())


def _is_serverless_v1(store: Resource) -> bool:
    """Aurora Serverless v1 has no public address (Aurora user guide, limitations of Aurora Serverless v1)."""
    return store.type == CLUSTER and text_of(store.get("EngineMode")) == "serverless"


_FIXED = {
    "AWS::DocDB::DBCluster": "docdb", "AWS::DocDBElastic::Cluster": "docdb", "AWS::Neptune::DBCluster": "neptune",
    "AWS::MemoryDB::Cluster": "redis", "AWS::Redshift::Cluster": "redshift", "AWS::RedshiftServerless::Workgroup": "redshift",
    "AWS::ElastiCache::ReplicationGroup": "redis",
}  # fmt: skip
