"""IP addresses: what a subnet has, and what RDS Proxy should find free. Sources and dates in ``data/rds_proxy_ip.csv``."""

from __future__ import annotations

from constructs_lib.facts._tables import rows
from constructs_lib.regex import regex

#: Addresses of every subnet that AWS keeps: the first four and the last (VPC guide, subnet sizing, read 2026-11-21).
RESERVED_PER_SUBNET = 5
_SIZE = regex(r"(?:(\d+)x)?(large|xlarge|medium|small|micro|nano|metal)")


def subnet_addresses(prefix_length: int) -> int:
    """Usable IPv4 addresses of a subnet: ``/28`` has 11."""
    return max(0, int(2 ** (32 - prefix_length)) - RESERVED_PER_SUBNET)


def proxy_addresses(instance_class: str | None) -> int | None:
    """Free addresses that RDS Proxy should find for one instance of a class; ``None`` for a class without a size in its name."""
    match = _SIZE.fullmatch((instance_class or "").rpartition(".")[2])
    if match is None or match.group(2) == "metal":
        return None
    return _at("instance", int(match.group(1) or 1))


def proxy_addresses_serverless(maximum_capacity: float) -> int:
    """The same for an Aurora Serverless v2 instance, by its maximum in ACU."""
    return _at("serverless", maximum_capacity)


def proxy_addresses_per_endpoint() -> int:
    """For each further endpoint of a proxy."""
    return _at("endpoint", 0)


def proxy_addresses_cap() -> int:
    """The most that one proxy uses in a VPC."""
    return _at("cap", 0)


def _at(kind: str, size: float) -> int:
    """The row with the largest size that is not above the one asked for."""
    fitting = [row for row in rows("rds_proxy_ip") if row["kind"] == kind and float(row["from_size"]) <= size]
    return int(max(fitting, key=lambda row: float(row["from_size"]))["addresses"])
