"""The plan of a profiles file: every relational store sized, every other function's concurrency, and the account's sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from constructs_lib.facts import limits
from constructs_lib.model.allocation import Share, WhateverFits
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.obstacles import Obstacle, beyond_account, reservable
from constructs_lib.model.profile import RELATIONAL, REQUEST_TRIGGERS, Profile, StoreProfile
from constructs_lib.model.proposal import joined
from constructs_lib.model.quantity import Number
from constructs_lib.model.settings import Settings
from constructs_lib.model.sizing import Sizing, size
from constructs_lib.model.suitability import Advice, advise
from constructs_lib.model.workload import Workload

#: Seconds for a function whose profile names no timeout and that nobody waits for.
DEFAULT_TIMEOUT = 30
_TRIGGER_LIMITS = {
    "rest-api": "API Gateway integration timeout, REST default",
    "http-api": "API Gateway integration timeout, HTTP API",
}


@dataclass(frozen=True)
class Plan:
    """What is proposed. ``others`` are functions on stores without connections, with the concurrency their peak needs.

    ``obstacles`` are those that no single store has; ``notes`` say what was assumed.
    """

    sizings: tuple[Sizing, ...]
    others: tuple[tuple[Profile, Workload], ...]
    unsized: tuple[Profile, ...]
    notes: tuple[str, ...]
    advice: tuple[Advice, ...]
    settings: Settings

    @cached_property
    def concurrency(self) -> tuple[tuple[str, int], ...]:
        """Reserved executions per function: relational stores in their order, then the others."""
        sized = [
            (workload.name, count)
            for sizing in self.sizings
            for workload, count in zip(sizing.workloads, sizing.concurrency, strict=bool(sizing.concurrency))
        ]
        return (*sized, *((profile.name, workload.concurrency) for profile, workload in self.others))

    @property
    def total_concurrency(self) -> int:
        return sum(count for _, count in self.concurrency)

    @cached_property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Everything that stands in the way, the stores' own first; the account's last."""
        own = [obstacle for sizing in self.sizings for obstacle in sizing.obstacles]
        own += [_without_numbers(profile) for profile in self.unsized]
        alone = any(obstacle.constraint == "account-concurrency" for obstacle in own)
        if self.total_concurrency > reservable(self.settings) and not alone:
            own.append(beyond_account("account", self.total_concurrency, self.settings))
        return tuple(own)

    @cached_property
    def fleet(self) -> Fleet:
        """All stores that could be sized, as one fleet to judge."""
        return joined([fleet for sizing in self.sizings if (fleet := sizing.fleet) is not None])


def plan(profiles: Sequence[Profile], stores: Mapping[str, StoreProfile], settings: Settings) -> Plan:
    """The plan of profiles and their stores. Never raises: what cannot be sized is an obstacle."""
    sizable = [profile for profile in profiles if _has_numbers(profile)]
    relational = [profile for profile in profiles if profile.store == RELATIONAL]
    names = dict.fromkeys(profile.store_name for profile in relational)
    return Plan(
        sizings=tuple(_sized(name, sizable, stores, settings) for name in names if _uses(name, sizable)),
        others=tuple((profile, workload_of(profile)) for profile in sizable if profile.store != RELATIONAL),
        unsized=tuple(profile for profile in relational if not _has_numbers(profile)),
        notes=tuple(note for profile in profiles for note in _notes(profile, stores)),
        advice=advise(tuple(profiles)),
        settings=settings,
    )


def _uses(name: str, profiles: Sequence[Profile]) -> bool:
    return any(profile.store_name == name and profile.store == RELATIONAL for profile in profiles)


def _sized(name: str, profiles: Sequence[Profile], stores: Mapping[str, StoreProfile], settings: Settings) -> Sizing:
    workloads = [workload_of(profile) for profile in profiles if profile.store_name == name]
    return size(stores.get(name) or StoreProfile(name), workloads, settings)


def workload_of(profile: Profile) -> Workload:
    """What a profile says about its peak, with the defaults that ``notes`` name."""
    return Workload(
        name=profile.name,
        peak_requests_per_second=profile.peak_requests_per_second,
        duration_seconds=_duration(profile) or 1,
        hold_seconds=profile.hold_seconds,
        transactions=profile.transactions,
        timeout_seconds=timeout_of(profile),
        average_hold_seconds=profile.average_hold_seconds,
        reserved=profile.concurrency if isinstance(profile.concurrency, int) else None,
    )


def timeout_of(profile: Profile) -> int:
    """The function's timeout: declared or the default, never longer than its trigger waits."""
    trigger = _TRIGGER_LIMITS.get(profile.trigger or "")
    most = 900 if trigger is None else limits.lambda_limit(trigger)
    # REST's limit is the tightest of the three: a function that keeps it may stand behind any of them.
    usual = limits.lambda_limit(_TRIGGER_LIMITS["rest-api"]) if profile.trigger in REQUEST_TRIGGERS else DEFAULT_TIMEOUT
    return min(profile.timeout_seconds or usual, most)


def _duration(profile: Profile) -> Number | None:
    hold = profile.average_hold_seconds or profile.hold_seconds
    return profile.duration_seconds or (None if hold is None else profile.transactions * hold)


def _has_numbers(profile: Profile) -> bool:
    """Whether concurrency follows from what the profile says: from a rate and a duration, or because it is fixed."""
    fixed = isinstance(profile.concurrency, int)
    rated = profile.peak_requests_per_second is not None and _duration(profile) is not None
    return rated or (fixed and (_duration(profile) is not None or profile.store != RELATIONAL))


def _without_numbers(profile: Profile) -> Obstacle:
    asked = {Share: "a share", WhateverFits: "whatever fits"}.get(type(profile.concurrency))
    start = (
        f"'{profile.name}' asks for {asked}, which depends on a pool that is yet to be sized"
        if asked
        else f"'{profile.name}'"
    )
    middle = "; it" if asked else ""
    return Obstacle(
        "nothing-to-size",
        profile.name,
        f"{start}{middle} has no peak to size for: give duration and peak_requests_per_second (or a number as concurrency_limit)",
    )


def _ends_transactions(store: StoreProfile) -> bool:
    """Whether the database itself ends a transaction that takes too long: PostgreSQL from 17 on, which is also what a new store gets."""
    major = (store.engine_version or "17").split(".")[0]
    return store.engine in ("postgres", "aurora-postgresql") and major.isdigit() and int(major) >= 17


def _notes(profile: Profile, stores: Mapping[str, StoreProfile]) -> list[str]:
    notes = []
    timeout = timeout_of(profile)
    if profile.timeout_seconds is None and profile.store == RELATIONAL:
        notes.append(f"'{profile.name}' names no timeout: {timeout} s are proposed")
    elif profile.timeout_seconds is not None and profile.timeout_seconds > timeout:
        notes.append(
            f"timeout of '{profile.name}' lowered from {profile.timeout_seconds} to {timeout} s: {profile.trigger} waits no longer"
        )
    store = stores.get(profile.store_name)
    if profile.store == RELATIONAL and profile.hold_seconds is None and (store is None or store.via == "proxy"):
        notes.append(
            f"'{profile.name}' names no hold, the longest that the database lets a transaction last: nobody may wait then, "
            "so the pool must have a connection for every environment"
        )
    if (
        profile.store == RELATIONAL
        and profile.hold_seconds is not None
        and store is not None
        and not _ends_transactions(store)
    ):
        notes.append(
            f"the hold of '{profile.name}' is as good as what ends its transactions: {store.engine} {store.engine_version or ''}".rstrip()
            + " has no transaction_timeout, so bound its statements and idle transactions"
        )
    if _has_numbers(profile) and profile.duration_seconds is None and _duration(profile) is not None:
        notes.append(f"'{profile.name}' names no duration: its transactions alone are taken for it")
    return notes
