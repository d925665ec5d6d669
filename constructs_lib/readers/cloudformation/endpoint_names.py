"""The name of a store inside the address that AWS gives it: ``orders`` of ``orders.cluster-abc.eu-west-1.rds.amazonaws.com``."""

from __future__ import annotations

import re

from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE, PROXY, PROXY_ENDPOINT

_NAME = r"(?P<name>[a-z0-9][a-z0-9-]*)"
_AWS = r"\.amazonaws\.com(?:\.cn)?\Z"
#: Whose address it is, by its form; the first that fits counts.
_FORMS = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(types))
    for pattern, types in (
        (rf"{_NAME}\.endpoint\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds{_AWS}", (PROXY_ENDPOINT,)),
        (rf"{_NAME}\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds{_AWS}", (PROXY,)),
        (rf"{_NAME}\.cluster-(?:ro-)?[a-z0-9]+\.[a-z0-9-]+\.rds{_AWS}", (CLUSTER,)),
        (rf"{_NAME}\.[a-z0-9.-]+\.rds{_AWS}", (CLUSTER, INSTANCE)),
        (rf"{_NAME}\.[a-z0-9.-]+\.docdb{_AWS}", ("AWS::DocDB::DBCluster", "AWS::DocDB::DBInstance")),
        (rf"{_NAME}\.[a-z0-9.-]+\.neptune{_AWS}", ("AWS::Neptune::DBCluster", "AWS::Neptune::DBInstance")),
        (rf"{_NAME}\.serverless\.[a-z0-9]+\.cache{_AWS}", ("AWS::ElastiCache::ServerlessCache",)),
        (
            rf"(?:(?:master|replica|clustercfg)\.)?{_NAME}\.[a-z0-9.-]+\.cache{_AWS}",
            ("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster"),
        ),
        (rf"(?:clustercfg\.)?{_NAME}\.[a-z0-9-]+\.memorydb\.[a-z0-9-]+{_AWS}", ("AWS::MemoryDB::Cluster",)),
        (rf"{_NAME}\.[a-z0-9-]+\.[a-z0-9-]+\.redshift-serverless{_AWS}", ("AWS::RedshiftServerless::Workgroup",)),
        (rf"{_NAME}\.[a-z0-9-]+\.[a-z0-9-]+\.redshift{_AWS}", ("AWS::Redshift::Cluster",)),
    )
)
#: What ElastiCache adds to the name of a serverless cache.
_SUFFIX = re.compile(r"-[a-z0-9]{5,6}\Z")


def named_by(host: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Names that the store of an address may have, the likeliest first, and its resource types; nothing for other hosts."""
    if not host.lower().endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return (), frozenset()
    for form, types in _FORMS:
        match = form.match(host)
        if match is not None:
            name = match["name"]
            shorter = _SUFFIX.sub("", name) if ".serverless." in host else name
            return tuple(dict.fromkeys((shorter, name))), types
    return (), frozenset()
