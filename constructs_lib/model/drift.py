"""What is deployed against what is planned: the numbers of the connection budget that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from constructs_lib.model.fleet import Consumer, Fleet, Pool, Store
from constructs_lib.model.origin import Origin
from constructs_lib.model.quantity import Quantity, total

#: What AWS uses where a plan sets nothing (RDS API reference, ConnectionPoolConfiguration and CreateDBProxy, read 2026-11-21).
PERCENT, BORROW_SECONDS, IDLE_CLIENT_SECONDS = Quantity.exact(100), Quantity.exact(120), Quantity.exact(1800)
NOT_SET, ABSENT = "not set", "not deployed"


@dataclass(frozen=True)
class Drift:
    """One number that differs: the deployed ``subject``, the setting in AWS's words, both values as text, and both places.

    ``certain`` is false when one of the values is unknown, so that nobody can tell whether they differ.
    """

    subject: str
    setting: str
    planned: str
    deployed: str
    certain: bool
    planned_origin: Origin
    deployed_origin: Origin

    def __str__(self) -> str:
        if self.deployed == ABSENT:
            return f"{self.subject}: planned as {self.setting}, not deployed"
        verb = "is" if self.certain else "cannot be compared:"
        return f"{self.subject}: {self.setting} {verb} {self.deployed}, planned {self.planned}"


def drift(planned: Fleet, deployed: Fleet, same: Mapping[str, str]) -> tuple[Drift, ...]:
    """Differences of what is in both, and what is planned but not there; ``same`` maps planned ids to deployed ones."""
    found: list[Drift] = []
    for ours, theirs, settings in (
        (planned.consumer_by_id, deployed.consumer_by_id, _consumer),
        (planned.pool_by_id, deployed.pool_by_id, _pool),
        (planned.store_by_id, deployed.store_by_id, _store),
    ):
        found += _compared(ours, theirs, settings, same)  # type: ignore[arg-type]
    return tuple(found)


Item = Consumer | Pool | Store
Values = dict[str, "Quantity | str | None"]


def _compared(
    planned: Mapping[str, Item],
    deployed: Mapping[str, Item],
    settings: Callable[[Item], Values],
    same: Mapping[str, str],
) -> Iterator[Drift]:
    for name, ours in planned.items():
        if name not in same:
            continue
        theirs = deployed.get(same[name])
        if theirs is None:
            yield Drift(same[name], name, "deployed", ABSENT, True, ours.origin, ours.origin)
            continue
        wanted, there = settings(ours), settings(theirs)
        for setting, value in wanted.items():
            if not _alike(value, there[setting]):
                certain = not (_unknown(value) or _unknown(there[setting]))
                yield Drift(
                    same[name], setting, _text(value), _text(there[setting]), certain, ours.origin, theirs.origin
                )


def _alike(one: Quantity | str | None, other: Quantity | str | None) -> bool:
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        return (one.low, one.high) == (other.low, other.high) and not one.is_unknown
    return one == other


def _unknown(value: Quantity | str | None) -> bool:
    return isinstance(value, Quantity) and not value.is_exact


def _text(value: Quantity | str | None) -> str:
    return NOT_SET if value is None else str(value)


def _consumer(item: Consumer) -> Values:
    return {
        "ReservedConcurrentExecutions": item.reserved_concurrency,
        "ProvisionedConcurrentExecutions": total([one.executions for one in item.provisioned])
        if item.provisioned
        else None,
        "Timeout": item.timeout_seconds,
    }


def _pool(item: Pool) -> Values:
    percent = PERCENT if item.percent is None else item.percent
    borrow = BORROW_SECONDS if item.borrow_timeout_seconds is None else item.borrow_timeout_seconds
    idle = IDLE_CLIENT_SECONDS if item.idle_client_timeout_seconds is None else item.idle_client_timeout_seconds
    return {"MaxConnectionsPercent": percent, "ConnectionBorrowTimeout": borrow, "IdleClientTimeout": idle}


def _store(item: Store) -> Values:
    classes = ", ".join(sorted({one.instance_class or "unknown" for one in item.instances})) or None
    limit = item.max_connections if item.max_connections_expression is None else item.max_connections_expression
    return {
        "max_connections": limit,
        "DBInstanceClass": classes,
        "MinCapacity": item.serverless_min,
        "MaxCapacity": item.serverless_max,
    }
