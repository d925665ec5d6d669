from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Instance, Pool, Store
from constructs_lib.model.openings import surely_asked
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict

exact = Quantity.exact


def fleet(limit: Quantity | None, percents: list[int], direct: int, clients: int = 0) -> Fleet:
    """Pools with that share each, and with a function of that many clients each."""
    pooled = [f"c{i}" for i in range(len(percents))]
    return Fleet(
        stores=(
            Store("db", "rds-instance", "postgres", instances=(Instance("db", "db.t4g.micro"),), max_connections=limit),
        ),
        pools=tuple(Pool(f"p{i}", "db", percent=exact(percent)) for i, percent in enumerate(percents)),
        consumers=(
            Consumer("f", reserved_concurrency=exact(direct)),
            *(Consumer(name, reserved_concurrency=exact(clients)) for name in pooled),
        ),
        connections=(
            Connection("f", "db"),
            *(Connection(name, "db", via="proxy", pool=f"p{i}") for i, name in enumerate(pooled)),
        ),
    )


def verdict(fleet: Fleet) -> Verdict:
    budget = judge(fleet, Settings(deploy_overlap=1)).of("db")
    assert budget is not None
    return budget.verdict


def test_all_of_an_unpinned_limit_never_fits_beside_what_the_engine_keeps() -> None:
    # 79 to 112: 112 clients fill the pool whatever the limit is, 98 do not when it is 112.
    assert verdict(fleet(None, [100], 0, clients=112)) is Verdict.EXCEEDS
    assert verdict(fleet(None, [100], 0, clients=98)) is Verdict.UNDECIDED


def test_a_pool_that_may_open_too_much_is_not_certain_to_do_it() -> None:
    """100 of 100 connections, 86 of them usable: no more are opened than clients come for."""
    assert verdict(fleet(exact(100), [100], 0)) is Verdict.UNDECIDED
    assert verdict(fleet(exact(100), [100], 0, clients=86)) is Verdict.UNDECIDED
    assert verdict(fleet(exact(100), [100], 0, clients=87)) is Verdict.EXCEEDS
    assert verdict(fleet(exact(100), [100], 1, clients=86)) is Verdict.EXCEEDS
    assert verdict(fleet(exact(100), [86], 0, clients=900)) is Verdict.FITS


def test_clients_fill_no_more_than_the_pool_lends() -> None:
    """86.5 of 100: AWS does not say how it rounds, so 87 do not fit for certain and 86 are lent for certain."""
    half = replace(fleet(exact(100), [86], 0, clients=900), pools=(Pool("p0", "db", percent=exact(86.5)),))

    assert verdict(half) is Verdict.UNDECIDED


def test_a_share_of_an_unknown_limit_is_not_decided() -> None:
    unknown = Quantity.unknown("a token")

    assert verdict(fleet(unknown, [100], 0, clients=900)) is Verdict.UNDECIDED
    assert verdict(fleet(unknown, [50], 0)) is Verdict.UNDECIDED


FIFTY = Pool("p", "db", connections=exact(50))


def asked(*clients: tuple[Consumer, Connection], pool: Pool = FIFTY) -> list[object]:
    store = Store("db", "rds-instance", "mysql", max_connections=exact(100))
    drawn = Fleet((store,), (pool,), tuple(item for item, _ in clients), tuple(link for _, link in clients))
    return list(surely_asked(judge(drawn, Settings()).stores[0].pools))


THROUGH = Connection("f", "db", via="proxy", pool="p")
TEN = Consumer("f", reserved_concurrency=exact(10))


@pytest.mark.parametrize(
    ("consumer", "link", "clients"),
    [
        (TEN, THROUGH, 10),
        (TEN, THROUGH._replace(connections_per_environment=exact(3)), 30),
        (TEN, THROUGH._replace(pins_session=True), 20),  # two versions during a deploy
        (TEN, THROUGH._replace(transactions_per_invocation=exact(0)), 0),
        (TEN._replace(reserved_concurrency=Quantity.bounded(4, 10)), THROUGH, 4),
        (TEN._replace(reserved_concurrency=None), THROUGH, 0),
    ],
)
def test_clients_that_surely_come(consumer: Consumer, link: Connection, clients: int) -> None:
    assert asked((consumer, link)) == [clients]


def test_a_pooler_opens_nothing_for_clients_that_it_does_not_admit() -> None:
    assert asked((TEN, THROUGH), pool=Pool("p", "db", connections=exact(50), maximum_clients=exact(7))) == [7]


def test_functions_that_reserve_nothing_share_what_the_account_has_left() -> None:
    """Two queues of 60 each beside 900 reserved: at most 100 run at one moment, and only 60 are counted on."""
    queues = [
        (
            Consumer(name, event_sources=(EventSource(f"q{name}", "sqs", maximum_concurrency=exact(60)),)),
            THROUGH._replace(consumer=name),
        )
        for name in "ab"
    ]
    other = (Consumer("other", reserved_concurrency=exact(900)), Connection("other", "db", via="http"))

    assert asked(*queues, other) == [60]


def test_half_of_an_unpinned_limit_leaves_the_other_half_at_its_lowest() -> None:
    # 79 at least: 40 for the pool, 14 kept back, 25 left.
    assert verdict(fleet(None, [50], 25)) is Verdict.FITS
    assert verdict(fleet(None, [50], 26)) is Verdict.UNDECIDED


@given(
    low=st.integers(1, 120),
    width=st.integers(0, 60),
    percents=st.lists(st.integers(1, 120), min_size=0, max_size=3),
    direct=st.integers(0, 60),
    clients=st.integers(0, 200),
)
def test_a_verdict_over_bounds_holds_at_every_limit_inside(
    low: int, width: int, percents: list[int], direct: int, clients: int
) -> None:
    judged = verdict(fleet(Quantity.bounded(low, low + width), percents, direct, clients))
    kept = 14
    fits = [
        sum(math.ceil(limit * percent / 100) for percent in percents) + direct <= limit - kept
        for limit in range(low, low + width + 1)
    ]

    if judged is Verdict.FITS:
        assert all(fits)
    if judged is Verdict.EXCEEDS:
        assert not any(fits)
        assert all(
            sum(min(limit * percent // 100, clients) for percent in percents) + direct > limit - kept
            for limit in range(low, low + width + 1)
        )
    if width == 0 or len(percents) <= 1:
        # With one pool the comparison is complete where everything fits.
        assert (judged is Verdict.FITS) == all(fits)
