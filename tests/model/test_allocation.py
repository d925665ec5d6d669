from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.errors import ConnectError
from constructs_lib.model.allocation import Claim, Errand, Share, WhateverFits, allocate, provable_clients
from constructs_lib.model.waiting import Holders, longest_wait

FITS = WhateverFits()


def errand(hold: float | None = 2, *, transactions: int = 1, other: int = 0, timeout: int | None = 15) -> Errand:
    held = None if hold is None else Fraction(str(hold))
    return Errand(hold_seconds=held, transactions=transactions, other_work_seconds=other, timeout_seconds=timeout)


def test_numbers_first_then_shares_of_the_rest_then_everybody_else_evenly() -> None:
    claims = [Claim("a", 20), Claim("b", Share(0.5)), Claim("c", FITS), Claim("d", FITS)]
    assert allocate(100, claims) == {"a": 20, "b": 40, "c": 20, "d": 20}


def test_the_largest_remainder_gets_what_rounding_leaves_and_ties_go_by_path() -> None:
    assert allocate(10, [Claim("b", FITS), Claim("a", FITS), Claim("c", FITS)]) == {"a": 4, "b": 3, "c": 3}
    assert allocate(10, [Claim("x", Share(0.26)), Claim("y", Share(0.34))]) == {"x": 3, "y": 3}


def test_a_claim_of_several_connections_counts_them() -> None:
    assert allocate(10, [Claim("a", FITS, each=4)]) == {"a": 2}
    assert allocate(10, [Claim("a", 3, each=2), Claim("b", FITS, each=2)]) == {"a": 3, "b": 2}


def test_numbers_beyond_the_room_stay_and_leave_nothing() -> None:
    assert allocate(10, [Claim("a", 80), Claim("b", FITS), Claim("c", Share(1))]) == {"a": 80, "b": 0, "c": 0}


wishes = st.one_of(
    st.integers(0, 60), st.floats(0.01, 1).map(lambda part: Share(round(part, 3))), st.just(WhateverFits())
)


@settings(deadline=None)
@given(st.integers(0, 300), st.lists(st.tuples(wishes, st.integers(1, 4)), max_size=8))
def test_what_is_handed_out_never_exceeds_the_room_that_numbers_leave(
    room: int, wanted: list[tuple[int | Share | WhateverFits, int]]
) -> None:
    claims = [Claim(f"f{index}", wish, each) for index, (wish, each) in enumerate(wanted)]
    granted = allocate(room, claims)
    fixed = sum(claim.wanted * claim.each for claim in claims if isinstance(claim.wanted, int))
    flexible = sum(granted[claim.path] * claim.each for claim in claims if not isinstance(claim.wanted, int))
    assert flexible <= max(0, room - fixed)
    assert granted == allocate(room, list(reversed(claims)))


Wish = int | Share | WhateverFits
parts = st.integers(10, 1000).map(lambda thousandths: Share(thousandths / 1000))
fixed_numbers = st.integers(0, 60)
rooms, sizes = st.integers(0, 300), st.integers(1, 4)
names = st.text("abcdefghij", min_size=1, max_size=3)


def handed_out(room: int, wishes_by_name: dict[str, Wish], each: int = 1) -> dict[str, int]:
    return allocate(room, [Claim(name, wish, each) for name, wish in wishes_by_name.items()])


def flexible(wanted: dict[str, Wish]) -> list[str]:
    return [name for name, wish in wanted.items() if not isinstance(wish, int)]


wanted_by_name = st.dictionaries(names, wishes, max_size=8)


@settings(deadline=None)
@given(rooms, sizes, wanted_by_name, names)
def test_whatever_fits_that_is_added_moves_no_number_and_no_share_and_lets_nobody_grow(
    room: int, each: int, wanted: dict[str, Wish], newcomer: str
) -> None:
    wanted = {name: wish for name, wish in wanted.items() if name != newcomer}
    before, after = handed_out(room, wanted, each), handed_out(room, {**wanted, newcomer: FITS}, each)
    for name, wish in wanted.items():
        if isinstance(wish, WhateverFits):
            assert after[name] <= before[name]
        else:
            assert after[name] == before[name]


@settings(deadline=None)
@given(rooms, sizes, st.dictionaries(names, st.one_of(parts, fixed_numbers, st.just(FITS)), max_size=8), names, parts)
def test_a_share_that_is_added_moves_no_other_by_more_than_one_environment_while_all_stay_within_everything(
    room: int, each: int, wanted: dict[str, Wish], newcomer: str, part: Share
) -> None:
    wanted = {name: wish for name, wish in wanted.items() if name != newcomer}
    before, after = handed_out(room, wanted, each), handed_out(room, {**wanted, newcomer: part}, each)
    shares = [wish.part for wish in [*wanted.values(), part] if isinstance(wish, Share)]
    assert all(after[name] == before[name] for name, wish in wanted.items() if isinstance(wish, int))
    moved = [after[name] - before[name] for name, wish in wanted.items() if isinstance(wish, Share)]
    if sum(shares) <= 1:
        assert all(abs(change) <= 1 for change in moved)
    assert all(change <= 1 for change in moved)


@settings(deadline=None)
@given(rooms, sizes, wanted_by_name, names, fixed_numbers)
def test_a_number_that_is_added_lets_nobody_grow_by_more_than_one_environment(
    room: int, each: int, wanted: dict[str, Wish], newcomer: str, number: int
) -> None:
    wanted = {name: wish for name, wish in wanted.items() if name != newcomer}
    before, after = handed_out(room, wanted, each), handed_out(room, {**wanted, newcomer: number}, each)
    assert all(after[name] == before[name] for name, wish in wanted.items() if isinstance(wish, int))
    assert all(after[name] <= before[name] + 1 for name in flexible(wanted))


@settings(deadline=None)
@given(rooms, sizes, wanted_by_name)
def test_everybody_gets_the_whole_part_of_the_ideal_number_or_one_more(
    room: int, each: int, wanted: dict[str, Wish]
) -> None:
    granted = handed_out(room, wanted, each)
    left = max(0, room - sum(wish * each for wish in wanted.values() if isinstance(wish, int)))
    shares = {name: Fraction(str(wish.part)) for name, wish in wanted.items() if isinstance(wish, Share)}
    whole = max(Fraction(1), sum(shares.values(), Fraction(0)))
    for name, part in shares.items():
        assert math.floor(part * left / whole / each) <= granted[name] <= math.floor(part * left / whole / each) + 1
    open_names = [name for name, wish in wanted.items() if isinstance(wish, WhateverFits)]
    rest = left - sum(granted[name] for name in shares) * each
    for name in open_names:
        assert (
            math.floor(Fraction(rest, len(open_names) * each)) <= granted[name] <= rest // (len(open_names) * each) + 1
        )
    if open_names:
        # Nothing is held back: less than one environment of the room is left.
        assert 0 <= rest - sum(granted[name] for name in open_names) * each < each


@settings(deadline=None)
@given(rooms, wanted_by_name, st.randoms())
def test_the_order_of_the_functions_changes_nothing(room: int, wanted: dict[str, Wish], rng: random.Random) -> None:
    shuffled = list(wanted.items())
    rng.shuffle(shuffled)
    assert handed_out(room, dict(shuffled)) == handed_out(room, wanted)


@pytest.mark.parametrize("part", [0, -0.1, 1.5, True, "half"])
def test_a_share_is_above_nothing_and_at_most_everything(part: float) -> None:
    with pytest.raises(ConnectError, match="a share must be above 0 and at most 1"):
        Share(part)


def test_enforced_holds_let_more_clients_wait_than_the_pool_has_connections() -> None:
    # 13 × ceil(10/2) = 65: the 65th waits 4 rounds of 2 s, the 66th would wait 10 s, as long as the borrow timeout.
    assert provable_clients(13, 10, [errand()]) == 65
    assert longest_wait([Holders(65, 2)], 13) == 8
    assert longest_wait([Holders(66, 2)], 13) == 10


def test_the_functions_own_timeout_bounds_the_wait_too() -> None:
    assert provable_clients(10, 60, [errand(2, timeout=7)]) == 30
    assert provable_clients(10, 60, [errand(2, transactions=2, other=1, timeout=9)]) == 20
    assert provable_clients(10, 60, [errand(2, timeout=1)]) == 10


@pytest.mark.parametrize("errands", [[errand(None)], [errand(), errand(None)], [errand(timeout=None)], []], ids=str)
def test_without_proof_of_the_wait_nobody_may_wait(errands: list[Errand]) -> None:
    assert provable_clients(13, 10, errands) == 13
    assert provable_clients(0, 10, errands) == 0
    assert provable_clients(13, None, [errand()]) == 13


@settings(deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 60),
    st.lists(
        st.tuples(st.sampled_from([0.05, 0.2, 1, 3]), st.integers(1, 3), st.integers(1, 60)), min_size=1, max_size=4
    ),
)
def test_the_models_own_bound_agrees_for_every_split_of_the_clients(
    pool: int, borrow: int, functions: list[tuple[float, int, int]]
) -> None:
    errands = [errand(hold, transactions=count, timeout=timeout) for hold, count, timeout in functions]
    clients = provable_clients(pool, borrow, errands)
    assert clients >= pool
    each, rest = divmod(clients, len(errands))
    groups = [Holders(each + (index < rest), item.hold_seconds or 0) for index, item in enumerate(errands)]
    wait = longest_wait(groups, pool)
    assert wait is not None
    if clients > pool:
        assert wait < borrow
        assert all(
            item.transactions * (wait + (item.hold_seconds or 0)) <= (item.timeout_seconds or 0) for item in errands
        )
