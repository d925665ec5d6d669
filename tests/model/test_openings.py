from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Instance, Pool, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict

exact = Quantity.exact


def fleet(limit: Quantity | None, percents: list[int], direct: int, engine: str = "postgres") -> Fleet:
    return Fleet(
        stores=(
            Store("db", "rds-instance", engine, instances=(Instance("db", "db.t4g.micro"),), max_connections=limit),
        ),
        pools=tuple(Pool(f"p{i}", "db", percent=exact(percent)) for i, percent in enumerate(percents)),
        consumers=(Consumer("f", reserved_concurrency=exact(direct)),),
        connections=(Connection("f", "db"),),
    )


def verdict(fleet: Fleet) -> Verdict:
    budget = judge(fleet, Settings(deploy_overlap=1)).of("db")
    assert budget is not None
    return budget.verdict


def test_all_of_an_unpinned_limit_never_fits_beside_what_the_engine_keeps() -> None:
    assert verdict(fleet(None, [100], 0)) is Verdict.EXCEEDS


def test_all_of_an_unknown_limit_exceeds_and_half_of_it_is_not_decided() -> None:
    unknown = Quantity.unknown("a token")

    assert verdict(fleet(unknown, [100], 0)) is Verdict.EXCEEDS
    assert verdict(fleet(unknown, [50], 0)) is Verdict.UNDECIDED


def test_half_of_an_unpinned_limit_leaves_the_other_half_at_its_lowest() -> None:
    # 79 at least: 40 for the pool, 14 kept back, 25 left.
    assert verdict(fleet(None, [50], 25)) is Verdict.FITS
    assert verdict(fleet(None, [50], 26)) is Verdict.UNDECIDED


@given(
    low=st.integers(1, 120),
    width=st.integers(0, 60),
    percents=st.lists(st.integers(1, 120), min_size=0, max_size=3),
    direct=st.integers(0, 60),
)
def test_a_verdict_over_bounds_holds_at_every_limit_inside(
    low: int, width: int, percents: list[int], direct: int
) -> None:
    judged = verdict(fleet(Quantity.bounded(low, low + width), percents, direct))
    kept = 14
    fits = [
        sum(math.ceil(limit * percent / 100) for percent in percents) + direct <= limit - kept
        for limit in range(low, low + width + 1)
    ]

    if judged is Verdict.FITS:
        assert all(fits)
    if judged is Verdict.EXCEEDS:
        assert not any(fits)
    if width == 0 or len(percents) <= 1:
        # With one pool the comparison is complete where everything fits.
        assert (judged is Verdict.FITS) == all(fits)
