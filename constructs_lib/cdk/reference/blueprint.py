"""The profiles that the reference stack needs, and what each of them must say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from constructs import Node

from constructs_lib.cdk.context import PREFIX
from constructs_lib.cdk.profiles import FunctionProfiles
from constructs_lib.errors import InputError, Problem
from constructs_lib.model.allocation import Concurrency
from constructs_lib.model.profile import Profile

ORDER_API, IDEMPOTENCY_CHECK, PROJECT_CATALOG = "order-api", "idempotency-check", "project-catalog"
SALES_PROJECTOR = "sales-dashboard-projector"

_STORES = {
    ORDER_API: "relational",
    IDEMPOTENCY_CHECK: "key-value",
    PROJECT_CATALOG: "key-value",
    SALES_PROJECTOR: "analytical",
}
_INTERVAL_HOURS = {"hourly-batch": 1, "daily-batch": 24}
_LOCAL_CONCURRENCY = 20
"""Warm Python processes that one small machine carries beside a database, a pooler and their clients."""


@dataclass(frozen=True)
class Blueprint:
    """Profiles that have been found complete, and the concurrency of the order API in this stage."""

    profiles: FunctionProfiles
    order_concurrency: Concurrency | None

    def fixed(self, name: str) -> int:
        """Concurrent executions of a function without a database to share."""
        limit = self.profiles[name].concurrency
        return limit if isinstance(limit, int) else 0

    def seconds_per_request(self, name: str) -> float:
        """Usual duration of one request; a quarter of a second where the profile is silent."""
        return float(self.profiles[name].duration_seconds or 0.25)

    @property
    def projection_interval(self) -> cdk.Duration:
        """How often the sales are projected."""
        return cdk.Duration.hours(_INTERVAL_HOURS[self.profiles[SALES_PROJECTOR].trigger or ""])


def read_blueprint(node: Node, default: Path, *, local: bool) -> Blueprint:
    """Read the profiles file, or the one that context ``poolproof:profiles`` names.

    Context ``poolproof:order_api_concurrency`` replaces the order API's limit. Raises ``InputError`` with every problem together.
    """
    file = node.try_get_context(f"{PREFIX}profiles") or default
    profiles = FunctionProfiles.from_file(file)
    problems = [problem for name in _STORES for problem in _problems(profiles, name, str(file))]
    if problems:
        raise InputError(problems)
    asked = _asked(node)
    return Blueprint(profiles, asked or _order_concurrency(profiles[ORDER_API].concurrency, local=local))


def _order_concurrency(limit: Concurrency | None, *, local: bool) -> Concurrency | None:
    return min(limit, _LOCAL_CONCURRENCY) if local and isinstance(limit, int) else limit


def _asked(node: Node) -> int | None:
    key = f"{PREFIX}order_api_concurrency"
    value = node.try_get_context(key)
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdigit() or int(value) < 1:
        raise InputError([Problem(f"context '{key}' must be a whole number from 1, got {value!r}")])
    return int(value)


def _problems(profiles: FunctionProfiles, name: str, file: str) -> list[Problem]:
    if name not in {profile.name for profile in profiles}:
        return [Problem(f"the reference stack needs a profile '{name}' on the {_STORES[name]} store", file)]
    profile = profiles[name]
    return [Problem(message, file, profile.line) for message in _faults(profile)]


def _faults(profile: Profile) -> list[str]:
    wanted, faults = _STORES[profile.name], []
    if profile.store != wanted:
        faults.append(f"'{profile.name}' is built on the {wanted} store, got '{profile.store}'")
    if wanted == "key-value" and not isinstance(profile.concurrency, int):
        faults.append(f"concurrency_limit of '{profile.name}' must be a number: a table has no connections to share")
    if wanted == "analytical" and profile.trigger not in _INTERVAL_HOURS:
        faults.append(
            f"trigger of '{profile.name}' must be one of {', '.join(_INTERVAL_HOURS)}, got {profile.trigger!r}"
        )
    return faults
