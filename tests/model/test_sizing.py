"""What sizing proposes must pass the very check it is meant for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Instance, Pool, Store
from constructs_lib.model.pools import Verdict
from constructs_lib.model.quantity import Quantity, to_number
from constructs_lib.model.settings import Settings
from constructs_lib.model.sizing import Sizing, Workload, size

WORKLOADS = st.builds(
    Workload,
    name=st.sampled_from("abcdefgh"),
    peak_requests_per_second=st.integers(1, 400),
    duration_seconds=st.sampled_from([to_number(text) for text in (0.05, 0.2, 1, 2)]),
    hold_seconds=st.sampled_from([to_number(text) for text in (0.005, 0.02, 0.05)]),
    transactions=st.integers(1, 3),
    timeout_seconds=st.sampled_from([3, 10, 29]),
)


def fleet_of(workloads: list[Workload], sizing: Sizing, borrow_timeout: int) -> Fleet:
    exact = Quantity.exact
    return Fleet(
        stores=(
            Store(
                "Db",
                "rds-instance",
                "postgres",
                instances=(Instance("Db", sizing.instance_class),),
                max_connections=exact(sizing.max_connections),
            ),
        ),
        pools=(Pool("Proxy", "Db", percent=exact(sizing.percent), borrow_timeout_seconds=exact(borrow_timeout)),),
        consumers=tuple(
            Consumer(w.name, reserved_concurrency=exact(reserved), timeout_seconds=exact(w.timeout_seconds))
            for w, (_, reserved) in zip(workloads, sizing.concurrency, strict=True)
        ),
        connections=tuple(
            Connection(
                w.name,
                "Db",
                "proxy",
                "Proxy",
                connections_per_environment=exact(1),
                hold_seconds=exact(w.hold_seconds),
                hold_enforced=True,
                transactions_per_invocation=exact(w.transactions),
                other_work_seconds=exact(max(0, w.duration_seconds - w.transactions * w.hold_seconds)),
            )
            for w in workloads
        ),
    )


@given(st.lists(WORKLOADS, min_size=1, max_size=5, unique_by=lambda w: w.name), st.integers(1, 30))
def test_a_proposed_size_is_proven_by_the_check(workloads: list[Workload], borrow_timeout: int) -> None:
    sizing = size(workloads, borrow_timeout_seconds=borrow_timeout)
    budget = judge(fleet_of(workloads, sizing, borrow_timeout), Settings()).stores[0]
    assert budget.verdict is Verdict.FITS
    assert budget.pools[0].verdict is Verdict.FITS
    assert budget.pools[0].connections == Quantity.exact(sizing.pool) or budget.pools[0].connections.low > sizing.pool


@given(st.lists(WORKLOADS, min_size=1, max_size=4, unique_by=lambda w: w.name))
def test_more_requests_never_need_fewer_connections(workloads: list[Workload]) -> None:
    busier = [
        Workload(
            w.name,
            w.peak_requests_per_second + 50,
            w.duration_seconds,
            w.hold_seconds,
            w.transactions,
            w.timeout_seconds,
        )
        for w in workloads
    ]
    assert size(busier).pool >= size(workloads).pool


def test_every_number_is_explained() -> None:
    sizing = size([Workload("orders", 100, to_number(0.2), to_number(0.05), 1, 10)])
    assert sizing.concurrency == (("orders", 20),)
    assert sizing.pool == 8
    assert sizing.max_connections - sizing.pool >= 14
    assert sizing.instance_class is not None
    assert any("100 requests/s × 0.2 s = 20" in line for line in sizing.why)


def test_a_load_no_class_carries_says_so() -> None:
    sizing = size([Workload("flood", 100_000, 1, to_number(0.5), 1, 29)])
    assert sizing.instance_class is None
    assert "no listed class" in sizing.why[-1]


@pytest.mark.parametrize(
    "workload",
    [Workload("slow", 1, 5, 4, 2, 3), Workload("empty", 1, 1, 0), Workload("instant", 1, 0, to_number(0.1))],
)
def test_what_cannot_end_in_time_is_refused_by_name(workload: Workload) -> None:
    with pytest.raises(ValueError, match=workload.name):
        size([workload])


def test_nothing_to_size_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        size([])
