"""Host names that only databases have, by the service that gives them out."""

from __future__ import annotations

import re

_BY_HOST: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (re.compile(r"\.rds\.amazonaws\.com(\.cn)?$"), None),
    (re.compile(r"\.docdb\.amazonaws\.com$"), "docdb"),
    (re.compile(r"\.docdb-elastic\.amazonaws\.com$"), "docdb"),
    (re.compile(r"\.neptune\.amazonaws\.com$"), "neptune"),
    (re.compile(r"\.cache\.amazonaws\.com$"), "redis"),
    (re.compile(r"\.memorydb\.[a-z0-9-]+\.amazonaws\.com$"), "redis"),
    (re.compile(r"\.dsql\.[a-z0-9-]+\.on\.aws$"), "aurora-dsql"),
    (re.compile(r"\.redshift(-serverless)?\.amazonaws\.com$"), "redshift"),
    (re.compile(r"\.neon\.tech$"), "postgres"),
    (re.compile(r"\.supabase\.(co|com)$"), "postgres"),
    (re.compile(r"\.psdb\.cloud$"), "mysql"),
    (re.compile(r"\.mongodb\.net$"), "mongodb"),
    (re.compile(r"\.cockroachlabs\.cloud$"), "postgres"),
    (re.compile(r"\.upstash\.io$"), "redis"),
    (re.compile(r"\.turso\.io$"), "sqlite"),
    (re.compile(r"\.cloud\.couchbase\.com$"), "couchbase"),
    (re.compile(r"\.databases\.neo4j\.io$"), "neo4j"),
    (re.compile(r"\.database\.windows\.net$"), "sqlserver"),
    (re.compile(r"\.redis(?:labs|-cloud)\.com$"), "redis"),
    (re.compile(r"\.db\.ondigitalocean\.com$"), None),
    (re.compile(r"\.aivencloud\.com$"), None),
)


#: Addresses that AWS gives to what is no database; load balancers and machines may stand in front of one.
_OF_AWS = re.compile(r"\.amazonaws\.com(?:\.cn)?$|\.on\.aws$|\.cloudfront\.net$")
_IN_FRONT = re.compile(r"\.elb\.|\.compute(?:-\d)?\.|\.vpce\.")


def is_other_service(host: str) -> bool:
    """Whether an address of AWS is surely that of no database: a bucket, a queue, an API."""
    host = host.lower()
    return bool(_OF_AWS.search(host)) and not is_database_host(host) and not _IN_FRONT.search(host)


def is_database_host(host: str) -> bool:
    """Whether only a database has such an address."""
    return any(pattern.search(host.lower()) for pattern, _ in _BY_HOST)


def likely_engine(host: str) -> str | None:
    """The engine behind a host, where its name tells."""
    return next((engine for pattern, engine in _BY_HOST if pattern.search(host.lower())), None)
