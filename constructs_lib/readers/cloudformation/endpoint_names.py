"""The name of a store inside the address that AWS gives it: ``orders`` of ``orders.cluster-abc.eu-west-1.rds.amazonaws.com``."""

from __future__ import annotations

from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE, PROXY, PROXY_ENDPOINT
from constructs_lib.regex import regex

_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn")
_SERVERLESS_CACHE = "AWS::ElastiCache::ServerlessCache"
#: Whose address it is, by the label of the service; ``rds`` says more by the label after the name.
_TYPES = {
    "rds": (CLUSTER, INSTANCE),
    "docdb": ("AWS::DocDB::DBCluster", "AWS::DocDB::DBInstance"),
    "neptune": ("AWS::Neptune::DBCluster", "AWS::Neptune::DBInstance"),
    "cache": ("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster"),
    "memorydb": ("AWS::MemoryDB::Cluster",),
    "redshift": ("AWS::Redshift::Cluster",),
    "redshift-serverless": ("AWS::RedshiftServerless::Workgroup",),
}
#: Labels that stand before the name in addresses of caches.
_PARTS = frozenset({"master", "replica", "clustercfg"})
#: What ElastiCache adds to the name of a serverless cache.
_SUFFIX = regex(r"-[a-z0-9]{5,6}\Z")


def named_by(host: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Names that the store of an address may have, the likeliest first, and its resource types; nothing for other hosts."""
    host = host.lower()
    if not host.endswith(_OF_AWS):
        return (), frozenset()
    labels = host.split(".")
    service = next((label for label in labels[2:] if label in _TYPES), None)
    if service is None:
        return (), frozenset()
    if labels[0] in _PARTS and service in ("cache", "memorydb"):
        del labels[0]
    name, then = labels[0], labels[1]
    if service == "cache" and then == "serverless":
        return tuple(dict.fromkeys((_SUFFIX.sub("", name), name))), frozenset((_SERVERLESS_CACHE,))
    return (name,), frozenset(_of_rds(then) if service == "rds" else _TYPES[service])


def _of_rds(then: str) -> tuple[str, ...]:
    if then == "endpoint":
        return (PROXY_ENDPOINT,)
    if then.startswith("proxy-"):
        return (PROXY,)
    return (CLUSTER,) if then.startswith("cluster-") else _TYPES["rds"]
