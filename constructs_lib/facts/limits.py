"""Limits of AWS Lambda, API Gateway and RDS Proxy. Sources and dates in ``data/lambda_limits.csv`` and ``data/rds_proxy_settings.csv``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from constructs_lib.facts._tables import rows


@lru_cache(maxsize=64)
def lambda_limit(name: str) -> int:
    """A limit by its name in the table. Raises ``KeyError`` for a name that is not there."""
    return {row["limit"]: int(row["value"]) for row in rows("lambda_limits")}[name]


@lru_cache(maxsize=64)
def proxy_default(setting: str) -> int:
    """The service default of an RDS Proxy setting. Raises ``KeyError`` for a setting that is not in the table."""
    return {row["setting"]: int(row["default"]) for row in rows("rds_proxy_settings")}[setting]


@lru_cache(maxsize=64)
def proxy_maximum(setting: str) -> int:
    """The largest value AWS allows for an RDS Proxy setting. Raises ``KeyError`` for a setting that is not in the table."""
    return {row["setting"]: int(row["maximum"]) for row in rows("rds_proxy_settings") if row["maximum"].isdigit()}[
        setting
    ]


def least_percent(instance_class: str, *, aurora: bool) -> int:
    """The smallest MaxConnectionsPercent that AWS recommends in front of a class (``data/rds_proxy_least_percent.csv``)."""
    service = "aurora" if aurora else "rds"
    return next(
        int(row["percent"])
        for row in rows("rds_proxy_least_percent")
        if row["service"] == service and fnmatchcase(instance_class, row["class"])
    )
