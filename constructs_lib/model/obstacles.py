"""What stands in the way of a size: which constraint binds, on whom, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from constructs_lib.model.profile import StoreProfile
from constructs_lib.model.quantity import Number
from constructs_lib.model.settings import Settings
from constructs_lib.model.workload import Workload

Constraint = Literal[
    "nothing-to-size",
    "timeout",
    "borrow-timeout",
    "hold",
    "concurrency-limit",
    "account-concurrency",
    "class",
    "memory",
    "vcpu",
]


@dataclass(frozen=True)
class Obstacle:
    """Why no size fits: which constraint binds, on whom, and what would change it."""

    constraint: Constraint
    subject: str
    message: str


def obstacles_before(store: StoreProfile, workloads: Sequence[Workload], settings: Settings) -> tuple[Obstacle, ...]:
    """What no pool and no class could change."""
    return (*_hopeless(workloads), *_impatient(store, workloads), *_beyond_account(store, workloads, settings))


def _hopeless(workloads: Sequence[Workload]) -> list[Obstacle]:
    return [
        Obstacle(
            "timeout",
            item.name,
            f"'{item.name}' cannot end in time even without waiting: {_spent(item)} exceed its timeout of "
            f"{seconds(item.timeout_seconds)} s; raise the timeout, or shorten the transactions",
        )
        for item in workloads
        if item.patience_seconds < 0
    ]


def _spent(item: Workload) -> str:
    hold = item.usual_hold_seconds if item.hold_seconds is None else item.hold_seconds
    return f"{item.transactions} × {seconds(hold)} s of transactions and {seconds(item.other_work_seconds)} s of other work"


def _impatient(store: StoreProfile, workloads: Sequence[Workload]) -> list[Obstacle]:
    """A borrow timeout must be shorter than every function's own: whoever is ended while it waits tells nobody why."""
    borrow = store.borrow_timeout_seconds or 1
    if store.via != "proxy":
        return []
    return [
        Obstacle(
            "borrow-timeout",
            item.name,
            f"'{item.name}' ends after {seconds(item.timeout_seconds)} s, before a borrow timeout of {borrow} s does; "
            f"lower borrow_timeout of '{store.name}', or raise the function's timeout",
        )
        for item in workloads
        if item.timeout_seconds <= borrow
    ]


def _beyond_account(store: StoreProfile, workloads: Sequence[Workload], settings: Settings) -> list[Obstacle]:
    needed, limit = sum(item.concurrency for item in workloads), reservable(settings)
    if not workloads:
        return [Obstacle("nothing-to-size", store.name, f"no function uses '{store.name}'")]
    if needed <= limit:
        return []
    return [beyond_account(store.name, needed, settings)]


def beyond_account(subject: str, needed: int, settings: Settings) -> Obstacle:
    """What to say when functions need more concurrency than the account lets anybody reserve."""
    return Obstacle(
        "account-concurrency",
        subject,
        f"the peak needs {needed:,} concurrent executions, {needed - reservable(settings):,} more than the {reservable(settings):,} that "
        f"an account of {settings.account_concurrency:,} may reserve; shorten the functions, or ask AWS for a higher quota and set "
        "account_concurrency",
    )


def reservable(settings: Settings) -> int:
    """Concurrent executions that the account may reserve together."""
    return max(0, settings.account_concurrency - settings.unreservable)


def too_low(workloads: Sequence[Workload], wait_seconds: Number) -> tuple[Obstacle, ...]:
    """Functions whose fixed concurrency does not carry their peak."""
    return tuple(
        Obstacle(
            "concurrency-limit",
            item.name,
            f"'{item.name}' may run {item.reserved:,} times at once, but its peak of {seconds(item.rate)} requests/s needs "
            f"{item.needed_concurrency(wait_seconds):,}; raise concurrency_limit, or shorten the function",
        )
        for item in workloads
        if item.reserved is not None and item.needed_concurrency(wait_seconds) > item.reserved
    )


def seconds(value: Number) -> str:
    """A number of seconds, or a rate, as messages show it."""
    return f"{float(value):,.3f}".rstrip("0").rstrip(".")
