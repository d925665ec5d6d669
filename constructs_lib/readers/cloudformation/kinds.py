"""Resource types that are stores, and which of their attributes are addresses a client connects to."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.model.fleet import Role


class Kind(NamedTuple):
    """``store`` is the fleet's kind, ``engine`` the fixed engine if there is one; addresses by role; attributes that name the whole."""

    store: str
    engine: str | None
    writer: frozenset[str]
    reader: frozenset[str] = frozenset()
    members: str = ""


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


INSTANCE = "AWS::RDS::DBInstance"
CLUSTER = "AWS::RDS::DBCluster"
PROXY = "AWS::RDS::DBProxy"
PROXY_ENDPOINT = "AWS::RDS::DBProxyEndpoint"
TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
WAREHOUSES = ("AWS::Redshift::Cluster", "AWS::RedshiftServerless::Workgroup", "AWS::RedshiftServerless::Namespace")

#: What MongoDB's own resource types give as addresses
#: (github.com/mongodb/mongodbatlas-cloudformation-resources, cfn-resources/cluster/docs, read 2026-11-21).
_ATLAS = _set(
    "SrvAddress", "MongoURI", "MongoURIWithOptions", "ConnectionStrings.Standard", "ConnectionStrings.StandardSrv",
    "ConnectionStrings.Private", "ConnectionStrings.PrivateSrv", "ConnectionStrings.PrivateEndpointsSrv",
)  # fmt: skip

STORES: dict[str, Kind] = {
    INSTANCE: Kind("rds-instance", None, _set("Endpoint.Address", "Endpoint")),
    CLUSTER: Kind(
        "aurora-cluster", None, _set("Endpoint.Address", "Endpoint"), _set("ReadEndpoint.Address", "ReadEndpoint")
    ),
    "AWS::DocDB::DBCluster": Kind(
        "documentdb-cluster", "docdb", _set("Endpoint"), _set("ReadEndpoint"), "AWS::DocDB::DBInstance"
    ),
    "AWS::DocDBElastic::Cluster": Kind("documentdb-elastic", "docdb", _set("ClusterEndpoint")),
    "AWS::Neptune::DBCluster": Kind(
        "neptune-cluster", "neptune", _set("Endpoint"), _set("ReadEndpoint"), "AWS::Neptune::DBInstance"
    ),
    "AWS::ElastiCache::ReplicationGroup": Kind(
        "elasticache-cluster",
        None,
        _set("PrimaryEndPoint.Address", "ConfigurationEndPoint.Address"),
        _set("ReaderEndPoint.Address", "ReadEndPoint.Addresses", "ReadEndPoint.Addresses.List"),
    ),
    "AWS::ElastiCache::CacheCluster": Kind(
        "elasticache-cluster", None, _set("RedisEndpoint.Address", "ConfigurationEndpoint.Address")
    ),
    "AWS::ElastiCache::ServerlessCache": Kind(
        "elasticache-serverless", None, _set("Endpoint.Address"), _set("ReaderEndpoint.Address")
    ),
    "AWS::MemoryDB::Cluster": Kind("memorydb-cluster", "redis", _set("ClusterEndpoint.Address")),
    "AWS::MemoryDB::MultiRegionCluster": Kind("memorydb-cluster", "redis", _set("ClusterEndpoint.Address")),
    "AWS::DSQL::Cluster": Kind("dsql-cluster", "aurora-dsql", _set("Endpoint")),
    "AWS::Redshift::Cluster": Kind("redshift-cluster", "redshift", _set("Endpoint.Address")),
    "AWS::RedshiftServerless::Workgroup": Kind(
        "redshift-workgroup", "redshift", _set("Workgroup.Endpoint.Address", "Endpoint.Address")
    ),
    "MongoDB::Atlas::Cluster": Kind("mongodb-atlas-cluster", "mongodb", _ATLAS),
    "MongoDB::Atlas::FlexCluster": Kind("mongodb-atlas-cluster", "mongodb", _ATLAS),
    "MongoDB::Atlas::ServerlessInstance": Kind("mongodb-atlas-cluster", "mongodb", _ATLAS),
    "AWS::DynamoDB::Table": Kind("dynamodb-table", "dynamodb", _set()),
    "AWS::DynamoDB::GlobalTable": Kind("dynamodb-table", "dynamodb", _set()),
}
MEMBERS = {kind.members: kind for kind in STORES.values() if kind.members}
#: Types that have instances as resources of their own.
CLUSTERS = frozenset({CLUSTER, *(name for name, kind in STORES.items() if kind.members)})
#: Types whose address belongs to a store or proxy of its own.
ADDRESSES: dict[str, Kind] = {
    **STORES,
    **{name: Kind(kind.store, kind.engine, _set("Endpoint")) for name, kind in MEMBERS.items()},
    PROXY: Kind("rds-proxy", None, _set("Endpoint")),
    PROXY_ENDPOINT: Kind("rds-proxy", None, _set("Endpoint")),
}


def address_role(resource_type: str, attribute: str) -> Role | None:
    """Which role an attribute is the address of; ``None`` when it is no address."""
    kind = ADDRESSES.get(resource_type)
    if kind is None:
        return None
    if attribute in kind.writer or attribute.lower() in map(str.lower, kind.writer):
        return "writer"
    return "reader" if attribute.lower() in map(str.lower, kind.reader) else None
