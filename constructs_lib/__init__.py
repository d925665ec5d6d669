"""Constructs and a checker that prove at synth time that functions fit their database's connections.

Importing this starts neither Node nor boto3: every public name is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module

from constructs_lib._version import __version__

TYPE_CHECKING = (
    False  # type checkers take it for true by its name; importing typing would cost half of this import's time
)
if TYPE_CHECKING:
    from typing import Any

    from constructs_lib.cdk.analytical import AnalyticalStore
    from constructs_lib.cdk.analytical_grants import LakeAccess
    from constructs_lib.cdk.connect import Role, Via
    from constructs_lib.cdk.dashboard import ConnectionDashboard
    from constructs_lib.cdk.function import StoreFunction
    from constructs_lib.cdk.plugin import ConnectionBudgetChecks
    from constructs_lib.cdk.profiles import FunctionProfiles
    from constructs_lib.cdk.projector import AnalyticalProjector
    from constructs_lib.cdk.proxy_pool import PoolOptions
    from constructs_lib.cdk.relational import RelationalStore
    from constructs_lib.cdk.relational_cluster import ProvisionedCluster, ServerlessCluster
    from constructs_lib.cdk.relational_instance import SingleInstance
    from constructs_lib.cdk.reservation import Connected
    from constructs_lib.cdk.single_table import SingleTableStore
    from constructs_lib.cdk.single_table_grants import TableAccess
    from constructs_lib.model.allocation import Share, WhateverFits

__all__ = [
    "AnalyticalProjector",
    "AnalyticalStore",
    "Connected",
    "ConnectionBudgetChecks",
    "ConnectionDashboard",
    "FunctionProfiles",
    "LakeAccess",
    "PoolOptions",
    "ProvisionedCluster",
    "RelationalStore",
    "Role",
    "ServerlessCluster",
    "Share",
    "SingleInstance",
    "SingleTableStore",
    "StoreFunction",
    "TableAccess",
    "Via",
    "WhateverFits",
    "__version__",
]

_HOMES = {
    "AnalyticalProjector": "projector",
    "AnalyticalStore": "analytical",
    "Connected": "reservation",
    "ConnectionBudgetChecks": "plugin",
    "ConnectionDashboard": "dashboard",
    "FunctionProfiles": "profiles",
    "LakeAccess": "analytical_grants",
    "PoolOptions": "proxy_pool",
    "ProvisionedCluster": "relational_cluster",
    "RelationalStore": "relational",
    "Role": "connect",
    "ServerlessCluster": "relational_cluster",
    "Share": "model.allocation",
    "SingleInstance": "relational_instance",
    "SingleTableStore": "single_table",
    "StoreFunction": "function",
    "TableAccess": "single_table_grants",
    "Via": "connect",
    "WhateverFits": "model.allocation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    home = _HOMES[name]
    value = getattr(import_module(f"constructs_lib.{home if '.' in home else f'cdk.{home}'}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
