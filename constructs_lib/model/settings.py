"""What a person declares about the account and the app, with AWS's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Ignore(NamedTuple):
    """A finding a person accepts: rule code, subject (``None`` = every subject), and the reason.

    Without a reason it counts for nothing.
    """

    code: str
    reason: str
    subject: str | None = None


@dataclass(frozen=True)
class Settings:
    """Inputs to the arithmetic that no template holds.

    ``account_concurrency``: concurrent executions of the account and region (AWS default 1,000; new accounts less).
    ``operator_reserve``: connections kept free for migrations, people and monitoring.
    ``connections_per_vcpu``: the CPU ceiling κ. ``deploy_overlap``: how many versions of a function's environments hold
    connections during a deploy. ``declared_max_connections``: store id → limit. ``declared_consumers``: store id → (name, connections).
    ``strict``: warnings stop a synth too. ``declared_presets``: store id → name of a service outside AWS whose limits count.
    """

    account_concurrency: int = 1000
    account_concurrency_declared: bool = False
    operator_reserve: int = 5
    connections_per_vcpu: int = 8
    deploy_overlap: int = 2
    declared_max_connections: Mapping[str, int] = field(default_factory=dict)
    declared_consumers: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    strict: bool = False
    declared_presets: Mapping[str, str] = field(default_factory=dict)

    @property
    def unreservable(self) -> int:
        """Executions AWS keeps unreserved: 100, or the whole quota of a smaller account (Lambda guide, reserved concurrency)."""
        return min(100, self.account_concurrency)
