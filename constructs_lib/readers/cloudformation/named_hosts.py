"""Host names that only databases have, by the service that gives them out."""

from __future__ import annotations

from constructs_lib.regex import regex

#: Engines by what stands before ``amazonaws.com``; ``None`` where it tells none.
_OF_AWS = {
    "rds": None, "docdb": "docdb", "docdb-elastic": "docdb", "neptune": "neptune", "cache": "redis", "redshift": "redshift",
    "redshift-serverless": "redshift",
}  # fmt: skip
#: Engines by the end of the host.
_ENDS: dict[str, str | None] = {
    **{f".{service}.amazonaws.com{country}": engine for service, engine in _OF_AWS.items() for country in ("", ".cn")},
    ".neon.tech": "postgres", ".supabase.co": "postgres", ".supabase.com": "postgres", ".psdb.cloud": "mysql",
    ".mongodb.net": "mongodb", ".cockroachlabs.cloud": "postgres", ".upstash.io": "redis", ".turso.io": "sqlite",
    ".cloud.couchbase.com": "couchbase", ".databases.neo4j.io": "neo4j", ".database.windows.net": "sqlserver",
    ".redislabs.com": "redis", ".redis-cloud.com": "redis", ".db.ondigitalocean.com": None, ".aivencloud.com": None,
}  # fmt: skip
_EVERY_END = tuple(_ENDS)
#: Addresses that end in the region behind the service.
_BEFORE_REGION = regex(r"\.(?:(?P<memorydb>memorydb\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)|dsql\.[a-z0-9-]+\.on\.aws)$")
#: Addresses that AWS gives to what is no database; load balancers and machines may stand in front of one.
_GIVEN_BY_AWS = regex(r"\.amazonaws\.com(?:\.cn)?$|\.on\.aws$|\.cloudfront\.net$")
#: Prisma Accelerate and Turso (their documentation of connection strings, read 2026-11-22).
_OVER_HTTP = regex(r"(?:^|\.)(?:prisma-data\.net|turso\.io)$")
_IN_FRONT = regex(r"\.elb\.|\.compute(?:-\d)?\.|\.vpce\.")


def is_other_service(host: str) -> bool:
    """Whether an address of AWS is surely that of no database: a bucket, a queue, an API."""
    host = host.lower()
    return bool(_GIVEN_BY_AWS.search(host)) and not is_database_host(host) and not _IN_FRONT.search(host)


def is_asked_over_http(host: str) -> bool:
    """Whether a service answers SQL at a host over HTTP, and holds the connections itself."""
    return _OVER_HTTP.search(host) is not None


def is_database_host(host: str) -> bool:
    """Whether only a database has such an address."""
    host = host.lower()
    return host.endswith(_EVERY_END) or _BEFORE_REGION.search(host) is not None


def likely_engine(host: str) -> str | None:
    """The engine behind a host, where its name tells."""
    host = host.lower()
    regional = _BEFORE_REGION.search(host)
    if regional is not None:
        return "redis" if regional["memorydb"] else "aurora-dsql"
    return next((engine for end, engine in _ENDS.items() if host.endswith(end)), None)
