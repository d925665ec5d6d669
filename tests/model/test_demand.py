"""What consumers can open, by how their concurrency is limited."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.demand import Demand, demand_of, environments_of, reserved_total
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

TWENTY = Consumer("Api", reserved_concurrency=Quantity.exact(20))


def demand(consumer: Consumer, connection: Connection | None = None, settings: Settings | None = None) -> Demand:
    link = connection or Connection(consumer.id, "Orders", connections_per_environment=Quantity.exact(1))
    return demand_of(link, Fleet(consumers=(consumer,), connections=(link,)), settings or Settings())


def test_a_direct_connection_counts_both_versions_of_a_deploy() -> None:
    assert demand(TWENTY).connections == Quantity.exact(40)
    assert demand(TWENTY).once == Quantity.exact(20)
    assert demand(TWENTY, settings=Settings(deploy_overlap=1)).connections == Quantity.exact(20)


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        (Connection("Api", "Orders", via="proxy", pool="Proxy"), 20),
        (Connection("Api", "Orders", via="proxy", pool="Proxy", pins_session=True), 40),
        (Connection("Api", "Orders", via="data-api"), 0),
        (Connection("Api", "Orders", via="http", connections_per_environment=Quantity.exact(4)), 0),
        (Connection("Api", "Orders", connections_per_environment=Quantity.exact(3)), 120),
    ],
)
def test_how_a_function_connects_decides_what_it_holds(connection: Connection, expected: int) -> None:
    assert demand(TWENTY, connection).connections == Quantity.exact(expected)


def test_one_connection_is_assumed_and_said_so() -> None:
    assumed = demand(TWENTY, Connection("Api", "Orders"))
    assert assumed.assumed
    assert "1 connection (assumed)" in str(assumed.term)
    assert not demand(TWENTY).assumed


def test_an_unreserved_function_may_take_the_rest_of_the_account() -> None:
    free = Consumer("Free")
    fleet = Fleet(consumers=(free, TWENTY))
    environments, bounded = environments_of(free, fleet, Settings(account_concurrency=200))
    assert (environments.low, environments.high, bounded) == (0, 180, False)
    assert "reserves no concurrency" in environments.reason


def test_tenant_isolation_multiplies_environments() -> None:
    assert demand(
        TWENTY._replace(reserved_concurrency=Quantity.exact(5), tenant_isolation=True)
    ).once == Quantity.exact(13)


def test_managed_instances_count_environments_times_concurrency() -> None:
    managed = Consumer("Managed", managed_instances=True, maximum_environments=Quantity.exact(4))
    assert demand(managed._replace(concurrency_per_environment=Quantity.exact(16))).once == Quantity.exact(64)
    assert demand(managed).once.high is None
    assert demand(managed._replace(maximum_environments=None)).once.is_unknown
    token = managed._replace(
        maximum_environments=Quantity.unknown("a token"), concurrency_per_environment=Quantity.exact(1)
    )
    assert not demand(token).bounded


@pytest.mark.parametrize(
    ("reserved", "caps", "expected"),
    [(20, [8], 8), (5, [8], 5), (None, [8, 2], 10), (20, [8, None], 20), (None, [None], None), (20, [], 20)],
)
def test_event_sources_that_all_cap_themselves_bound_a_function(
    reserved: int | None, caps: list[int | None], expected: int | None
) -> None:
    sources = tuple(
        EventSource(f"Queue{index}", "sqs", maximum_concurrency=None if cap is None else Quantity.exact(cap))
        for index, cap in enumerate(caps)
    )
    concurrency = None if reserved is None else Quantity.exact(reserved)
    fed = demand(Consumer("Worker", reserved_concurrency=concurrency, event_sources=sources))
    assert fed.bounded is (expected is not None)
    assert expected is None or fed.once == Quantity.exact(expected)


def test_a_source_that_is_off_neither_bounds_nor_feeds() -> None:
    off = EventSource("Queue", "sqs", maximum_concurrency=Quantity.exact(2), enabled=False)
    assert demand(TWENTY._replace(event_sources=(off,))).once == Quantity.exact(20)


def test_a_function_that_only_runs_during_a_deploy_has_no_old_version() -> None:
    assert demand(TWENTY._replace(deploy_time=True)).connections == Quantity.exact(20)


def test_a_token_stays_unknown_all_the_way() -> None:
    token = demand(TWENTY._replace(reserved_concurrency=Quantity.unknown("a token")))
    assert token.connections.is_unknown
    assert "a token" in token.connections.reason
    assert not token.bounded


def test_reserved_concurrency_is_summed_over_the_functions_that_reserve() -> None:
    assert reserved_total(Fleet(consumers=(TWENTY, TWENTY._replace(id="B"), Consumer("Free")))) == Quantity.exact(40)


reserved = st.integers(0, 900).map(Quantity.exact) | st.tuples(st.integers(0, 400), st.integers(400, 900)).map(
    lambda ends: Quantity.bounded(*ends)
)
# partial: of a class with fields, Hypothesis would make up those that have defaults too
links = st.builds(
    partial(Connection),
    st.just("Api"),
    st.just("Orders"),
    via=st.sampled_from(["direct", "proxy", "data-api", "http"]),
    connections_per_environment=st.none() | st.integers(0, 20).map(Quantity.exact),
    pins_session=st.booleans(),
)


@given(reserved, st.integers(0, 100), links, st.booleans())
def test_more_concurrency_never_lowers_demand(
    concurrency: Quantity, more: int, link: Connection, isolates_tenants: bool
) -> None:
    base = demand(Consumer("Api", reserved_concurrency=concurrency, tenant_isolation=isolates_tenants), link)
    raised = concurrency + Quantity.exact(more)
    grown = demand(Consumer("Api", reserved_concurrency=raised, tenant_isolation=isolates_tenants), link)
    assert grown.connections.low >= base.connections.low
    assert grown.connections.high is not None
    assert base.connections.high is not None
    assert grown.connections.high >= base.connections.high
