"""How a function's next version takes over, and how many versions of it hold connections meanwhile.

All at once (also: whoever updates ``$LATEST``): the old version's environments are frozen with their sockets open while the new version
opens its own. How many versions that makes at worst is the setting ``deploy_overlap``.

Linear and canary: an alias sends part of the traffic to the new version for minutes or hours. Both versions share the reserved
concurrency, so together they never *run* more than it, and clients that wait at a proxy stay as many as before. But the old version's
environments, as many as the reservation, are kept alive by the traffic that still reaches them, and the new version comes to as many:
sockets are held twice however soon a frozen environment would be gone. A rollback returns to environments that are counted already.
Provisioned concurrency of both versions lies inside the reservation. So two versions are the least here, whatever the setting says.

An unknown style may be any of them: the larger count is the safe one.
"""

from __future__ import annotations

from typing import Literal

DeploymentStyle = Literal["all-at-once", "linear", "canary", "unknown"]
#: Versions of an alias that CodeDeploy, or the alias's own weights, let serve at once (Lambda guide, weighted aliases).
SHIFTED_VERSIONS = 2


def versions_alive(style: DeploymentStyle, deploy_overlap: int) -> int:
    """Versions whose environments may hold connections at one moment of a deploy."""
    return deploy_overlap if style == "all-at-once" else max(SHIFTED_VERSIONS, deploy_overlap)


def during(style: DeploymentStyle) -> str:
    """When that is, in words."""
    return "during a deploy" if style in ("all-at-once", "unknown") else f"during a {style} deploy"
