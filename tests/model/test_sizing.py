"""What sizing proposes must pass the very check it is meant for, and one size smaller must not."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib.check import check
from constructs_lib.facts import classes, limits
from constructs_lib.model.budget import judge
from constructs_lib.model.finding import Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.hosting import Need, Pin, candidates, memory_connections
from constructs_lib.model.pool_search import concurrency_at, least_pool
from constructs_lib.model.profile import AURORA_ENGINES, ENGINES, StoreProfile
from constructs_lib.model.proposal import fleet_of, pool_of, roomy
from constructs_lib.model.quantity import Quantity, to_number
from constructs_lib.model.settings import Settings
from constructs_lib.model.sizing import Sizing, size
from constructs_lib.model.verdict import Verdict
from constructs_lib.model.workload import Workload

LARGE_ACCOUNT = Settings(account_concurrency=5_000)
MILLISECONDS = [to_number(text) for text in (0.005, 0.02, 0.05, 0.2)]
WORKLOADS = st.builds(
    Workload,
    name=st.sampled_from("abcdefgh"),
    peak_requests_per_second=st.integers(1, 400),
    duration_seconds=st.sampled_from([to_number(text) for text in (0.05, 0.2, 1, 2)]),
    hold_seconds=st.sampled_from([None, *MILLISECONDS, 1, 2]),
    transactions=st.integers(1, 3),
    timeout_seconds=st.sampled_from([10, 20, 29]),
    average_hold_seconds=st.sampled_from([None, *MILLISECONDS]),
)
STORES = st.builds(
    StoreProfile,
    name=st.just("db"),
    engine=st.sampled_from(ENGINES),
    via=st.sampled_from(["proxy", "proxy", "proxy", "direct"]),
    borrow_timeout_seconds=st.sampled_from([None, None, 1, 3, 9]),
    utilisation_percent=st.sampled_from([50, 70, 95]),
    other_connections=st.sampled_from([0, 0, 7]),
).flatmap(
    lambda store: (
        st.just(store)
        if store.engine not in AURORA_ENGINES
        else st.booleans().map(lambda serverless: replace(store, serverless=serverless))
    )
)
FUNCTIONS = st.lists(WORKLOADS, min_size=1, max_size=5, unique_by=lambda workload: workload.name)


def one(rate: int = 100, **more: object) -> list[Workload]:
    given = {"duration_seconds": to_number(0.2), "hold_seconds": to_number(0.05), "timeout_seconds": 10, **more}
    return [Workload("orders", rate, **given)]  # type: ignore[arg-type]


def verdict_of_pool(sizing: Sizing, pool: int) -> Verdict:
    front = pool_of(sizing.store, sizing.borrow_timeout_seconds, connections=pool)
    counts = concurrency_at(sizing.workloads, pool)  # the average wait at the pool adds to them
    fleet = fleet_of(roomy(sizing.store), front, sizing.workloads, counts)
    return judge(fleet, LARGE_ACCOUNT).stores[0].pools[0].verdict


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(STORES, FUNCTIONS)
def test_what_is_proposed_passes_the_check_with_both_proofs(store: StoreProfile, workloads: list[Workload]) -> None:
    sizing = size(store, workloads, LARGE_ACCOUNT)
    fleet = sizing.fleet
    if fleet is None:
        assert sizing.obstacles
        return
    report = check(fleet, LARGE_ACCOUNT)
    (budget,) = report.budget.stores
    assert budget.verdict is Verdict.FITS
    assert [pool.verdict for pool in budget.pools] == ([Verdict.FITS] if store.via == "proxy" else [])
    assert report.at_or_above(Severity.ERROR) == ()
    assert not [finding for finding in report.findings if finding.code in {"PP103", "PP104"}]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(STORES.map(lambda store: replace(store, via="proxy")), FUNCTIONS)
def test_one_connection_fewer_is_too_busy_or_not_proven(store: StoreProfile, workloads: list[Workload]) -> None:
    sizing = size(store, workloads, LARGE_ACCOUNT)
    if sizing.host is None:
        return
    wanted = min(least_pool(workloads, store.utilisation_percent), sum(item.concurrency for item in workloads))
    assert sizing.pool >= wanted
    assert verdict_of_pool(sizing, sizing.pool) is Verdict.FITS
    if sizing.pool > wanted:
        assert verdict_of_pool(sizing, sizing.pool - 1) is not Verdict.FITS


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(0, 40), st.sampled_from([20, 30, 35, 55]))
def test_the_pinned_limit_is_the_smallest_whose_whole_percentage_fits(pool: int, slots: int, least: int) -> None:
    pin = Need(pool, 0, 0, slots).pin(least)
    assert pin is not None
    assert pin.pool >= pool
    assert pin.opening + slots <= pin.max_connections
    assert least <= pin.percent <= 100
    smaller = [Pin(pin.max_connections - 1, percent) for percent in range(least, 101)]
    assert not [other for other in smaller if other.pool >= pool and other.opening + slots <= other.max_connections]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(STORES.map(lambda store: replace(store, serverless=False)), FUNCTIONS)
def test_no_smaller_class_that_is_proposed_carries_it(store: StoreProfile, workloads: list[Workload]) -> None:
    sizing = size(store, workloads, LARGE_ACCOUNT)
    if sizing.host is None:
        return
    names = candidates(store)
    at_work = sizing.clients if store.via == "direct" else sizing.pool
    for name in names[: names.index(sizing.host.instance_class)]:
        carried, vcpus = memory_connections(store, name), classes.vcpus(name)
        needed = Need(sizing.pool, 0 if sizing.pool else 2 * sizing.clients, 0, sizing.slots).pin(
            limits.least_percent(name, aurora=store.engine in AURORA_ENGINES)
        )
        too_small = carried is None or needed is None or carried < needed.max_connections
        assert too_small or max(at_work, needed.opening if needed else 0) > 8 * (vcpus or 0)


@settings(deadline=None)
@given(FUNCTIONS)
def test_concurrency_carries_the_peak_waits_included_and_not_one_more(workloads: list[Workload]) -> None:
    sizing = size(StoreProfile("db"), workloads, LARGE_ACCOUNT)
    for item, count in zip(sizing.workloads, sizing.concurrency, strict=bool(sizing.concurrency)):
        assert count >= item.rate * item.duration_seconds
        if sizing.averages is not None:
            # A microsecond of wait is the noise that is left out.
            assert count <= max(
                1, item.needed_concurrency(to_number(sizing.averages.wait_seconds) + Fraction(1, 10**6))
            )


@settings(deadline=None)
@given(FUNCTIONS)
def test_more_requests_never_need_fewer_connections(workloads: list[Workload]) -> None:
    busier = [replace(item, peak_requests_per_second=item.rate + 50) for item in workloads]
    less, more = (size(StoreProfile("db"), items, LARGE_ACCOUNT) for items in (workloads, busier))
    assert not more.host or not less.host or more.least_pool >= less.least_pool


def test_every_number_of_a_small_service() -> None:
    sizing = size(StoreProfile("db", engine_version="17.5"), one())
    assert sizing.host is not None
    assert (sizing.pool, sizing.host.pin, sizing.host.instance_class) == (8, Pin(23, 35), "db.t4g.micro")
    assert sizing.concurrency == (21,)  # 20 executions, and what waiting 1 ms on average adds
    assert sizing.slots == 14
    assert sizing.longest_wait_seconds == Fraction(1, 10)
    assert [host.instance_class for host in sizing.hosts[1:4]] == ["db.t3.micro", "db.t4g.small", "db.t4g.medium"]


def test_no_previous_generation_and_no_class_of_other_engines_is_proposed() -> None:
    families = {classes.family(name) for aurora in (True, False) for name in classes.offered(aurora=aurora)}
    assert not families & {"t2", "m3", "m4", "r3", "r4", "x1", "x1e", "z1d", "c6gd", "m6gd", "r6gd", "m5d", "r5d"}
    assert {"t4g", "m6g", "m8g", "r8g"} <= families


def test_a_class_that_was_asked_for_is_kept_and_judged() -> None:
    fits = size(StoreProfile("db", instance_class="db.m4.large"), one())
    assert [host.instance_class for host in fits.hosts] == ["db.m4.large"]
    small = size(StoreProfile("db", instance_class="db.t4g.medium"), one(1000, duration_seconds=to_number(0.1)))
    assert [item.constraint for item in small.obstacles] == ["vcpu"]
    assert "serves 16 connections at work (2 vCPUs × 8), but 73 are needed" in small.obstacles[0].message
    unknown = size(StoreProfile("db", instance_class="db.q9.large"), one())
    assert [item.constraint for item in unknown.obstacles] == ["class"]


@pytest.mark.parametrize(
    ("engine", "rate", "minimum", "maximum"),
    [
        ("aurora-postgresql", 10, Fraction(1, 2), 1),
        (
            "aurora-postgresql",
            1500,
            1,
            16,
        ),  # 2,143 busy connections: more than the 2,000 that a minimum of 0.5 ACU allows
        ("aurora-mysql", 20, Fraction(1, 2), 1),
        ("aurora-mysql", 65, Fraction(1, 2), 4),
    ],
)
def test_serverless_v2_gets_the_smallest_units_that_carry_the_limit(
    engine: str, rate: int, minimum: Fraction, maximum: int
) -> None:
    workloads = [Workload(name, Fraction(rate, 2), 1, 1, 1, 29, reserved=2 * rate) for name in ("orders", "invoices")]
    sizing = size(StoreProfile("db", engine=engine, serverless=True), workloads, Settings(account_concurrency=20_000))
    assert sizing.host is not None
    assert sizing.pool == math.ceil(Fraction(rate * 10, 7))
    assert (sizing.host.minimum_acu, sizing.host.maximum_acu) == (minimum, maximum)
    assert sizing.host.memory_connections >= sizing.host.pin.max_connections


@pytest.mark.parametrize(
    ("store", "workloads", "constraint", "words"),
    [
        (StoreProfile("db"), one(100_000, duration_seconds=1), "account-concurrency", "99,100 more than the 900"),
        (
            StoreProfile("db"),
            one(1, duration_seconds=5, hold_seconds=4, transactions=2, timeout_seconds=3),
            "timeout",
            "2 × 4 s",
        ),
        (StoreProfile("db", borrow_timeout_seconds=10), one(), "borrow-timeout", "a borrow timeout of 10 s"),
        (StoreProfile("db"), one(reserved=19), "concurrency-limit", "needs 21"),
        (StoreProfile("db"), [], "nothing-to-size", "no function uses 'db'"),
        (StoreProfile("db", engine="oracle-ee"), one(), "class", "not listed for oracle-ee"),
    ],
)
def test_what_binds_is_named(store: StoreProfile, workloads: list[Workload], constraint: str, words: str) -> None:
    sizing = size(store, workloads)
    assert [item.constraint for item in sizing.obstacles] == [constraint]
    assert words in sizing.obstacles[0].message
    assert sizing.fleet is None


def test_a_load_beyond_every_class_names_memory() -> None:
    sizing = size(
        StoreProfile("db"), one(20_000, duration_seconds=1, hold_seconds=1), Settings(account_concurrency=50_000)
    )
    assert [item.constraint for item in sizing.obstacles] == ["memory"]
    assert "surely carries 5,000 connections by its memory" in sizing.obstacles[0].message


def test_without_a_proxy_a_deploy_counts_twice() -> None:
    sizing = size(StoreProfile("db", via="direct"), one())
    assert sizing.host is not None
    assert sizing.host.pin == Pin(2 * 20 + sizing.slots, 0)
    fleet = sizing.fleet
    assert fleet is not None
    assert judge(fleet, Settings()).stores[0].verdict is Verdict.FITS
    assert judge(_smaller(fleet), Settings()).stores[0].verdict is not Verdict.FITS


def _smaller(fleet: Fleet) -> Fleet:
    (store,) = fleet.stores
    limit = store.max_connections
    assert limit is not None
    return replace(fleet, stores=(store._replace(max_connections=Quantity.exact(limit.value - 1)),))
