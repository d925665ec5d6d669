"""The room a pool has: what is added up to it fits, and with equal holds one more does not."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Pool, Store
from constructs_lib.model.headroom import room_for_clients
from constructs_lib.model.pools import PoolBudget, Verdict
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

STORE = Store("Orders", "rds-instance", "postgres", max_connections=Quantity.exact(100))
POOL = Pool("Proxy", "Orders", percent=Quantity.exact(20), borrow_timeout_seconds=Quantity.exact(5))
Client = tuple[int, float, int, int, bool]  # clients, hold, transactions, timeout, pinned


def pool_of(*clients: Client, enforced: bool = True) -> PoolBudget:
    consumers = tuple(
        Consumer(f"F{index}", reserved_concurrency=Quantity.exact(count), timeout_seconds=Quantity.exact(timeout))
        for index, (count, _, _, timeout, _) in enumerate(clients)
    )
    links = tuple(
        Connection(
            f"F{index}",
            "Orders",
            via="proxy",
            pool="Proxy",
            connections_per_environment=Quantity.exact(1),
            hold_seconds=Quantity.exact(hold),
            hold_enforced=enforced,
            transactions_per_invocation=Quantity.exact(transactions),
            pins_session=pinned,
        )
        for index, (_, hold, transactions, _, pinned) in enumerate(clients)
    )
    return judge(Fleet((STORE,), (POOL,), consumers, links), Settings(deploy_overlap=1)).pools[0][1]


clients = st.tuples(
    st.integers(1, 60), st.sampled_from([0.1, 0.25, 1, 2.5]), st.integers(1, 3), st.integers(1, 30), st.booleans()
)


@given(st.lists(clients, min_size=1, max_size=4))
def test_what_is_added_up_to_the_room_fits(there: list[Client]) -> None:
    pool = pool_of(*there)
    assume(pool.verdict is Verdict.FITS and pool.hold.high)
    room = room_for_clients(pool)
    assume(room.low > 0)
    added = (int(room.low), float(pool.hold.high or 0), 1, 10_000, False)
    assert pool_of(*there, added).verdict is Verdict.FITS


@given(st.integers(1, 200), st.sampled_from([0.1, 0.25, 1, 2.5]), st.integers(1, 3), st.integers(1, 30))
def test_with_equal_holds_one_more_does_not_fit(count: int, hold: float, transactions: int, timeout: int) -> None:
    pool = pool_of((count, hold, transactions, timeout, False))
    assume(pool.verdict is Verdict.FITS)
    edge = count + int(room_for_clients(pool).value)
    assert pool_of((edge, hold, transactions, timeout, False)).verdict is Verdict.FITS
    assert pool_of((edge + 1, hold, transactions, timeout, False)).verdict is not Verdict.FITS


def test_a_pool_that_does_not_fit_has_no_room() -> None:
    assert room_for_clients(pool_of((200, 1, 1, 30, False))) == Quantity.exact(0)
    assert room_for_clients(pool_of((5, 3, 1, 2, False))) == Quantity.exact(0)


def test_a_hold_nobody_enforces_leaves_the_pool_itself() -> None:
    assert room_for_clients(pool_of((5, 1, 1, 3, False), enforced=False)) == Quantity.exact(15)


def test_nobody_waits_for_those_who_hold_nothing() -> None:
    assert room_for_clients(pool_of((5, 0, 1, 3, False))).high is None


def test_room_of_an_unknown_pool_is_unknown() -> None:
    token = Pool("Proxy", "Orders", percent=Quantity.unknown("a token"))
    room = room_for_clients(judge(Fleet((STORE,), (token,), (), ()), Settings()).pools[0][1])
    assert room.is_unknown
    assert room.reason == "a token"
