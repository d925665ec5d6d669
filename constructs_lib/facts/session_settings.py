"""Session settings that RDS Proxy follows instead of pinning. Source and date in ``data/rds_proxy_tracked_settings.csv``."""

from __future__ import annotations

from functools import cache

from constructs_lib.facts._tables import rows


@cache
def tracked_settings(engine_family: str) -> frozenset[str]:
    """Names in capitals, with ``_`` for spaces, that do not pin when a session sets them; none for PostgreSQL, where every SET pins."""
    return frozenset(
        row["setting"] for row in rows("rds_proxy_tracked_settings") if row["engine_family"] == engine_family
    )
