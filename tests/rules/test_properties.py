"""What holds for every fleet, not only for the cases somebody thought of."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.check import Report, check
from constructs_lib.model.finding import Confidence, Finding
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Instance, Pool, Provisioned, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

exact = Quantity.exact


def numbers(low: int, high: int) -> st.SearchStrategy[Quantity]:
    return st.one_of(
        st.integers(low, high).map(exact),
        st.tuples(st.integers(low, high), st.integers(low, high)).map(
            lambda pair: Quantity.bounded(min(pair), max(pair), "a range")
        ),
        st.just(Quantity.unknown("a parameter")),
    )


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """One database, a pool or none, and up to four functions with every kind of number."""
    store = Store(
        "db",
        "rds-instance",
        draw(st.sampled_from(["postgres", "mysql"])),
        instances=(
            Instance("db", draw(st.sampled_from(["db.t4g.micro", "db.r6g.large", "db.m6g.4xlarge", "db.no.such"]))),
        ),
        max_connections=draw(st.none() | numbers(1, 300)),
        other_connections=draw(st.sampled_from([(), (("bi", exact(20)),)])),
    )
    pools = draw(
        st.lists(
            # partial: of a class with fields, Hypothesis would make up those that have defaults too
            st.builds(
                partial(Pool),
                id=st.just("proxy"),
                store=st.just("db"),
                percent=st.none() | numbers(1, 100),
                borrow_timeout_seconds=st.none() | numbers(1, 40),
            ),
            max_size=1,
        )
    )
    consumers, connections = [], []
    for index in range(draw(st.integers(0, 4))):
        queue = st.builds(
            partial(EventSource), id=st.just("q"), kind=st.just("sqs"), maximum_concurrency=st.none() | numbers(2, 50)
        )
        consumers.append(
            Consumer(
                f"f{index}",
                reserved_concurrency=draw(st.none() | numbers(0, 400)),
                timeout_seconds=draw(numbers(1, 30)),
                event_sources=tuple(draw(st.lists(queue, max_size=1))),
                provisioned=tuple(
                    draw(st.lists(st.builds(Provisioned, id=st.just("live"), executions=numbers(1, 50)), max_size=1))
                ),
                deploy_time=draw(st.booleans()),
                generated=draw(st.booleans()),
                tenant_isolation=draw(st.booleans()),
                managed_instances=draw(st.sampled_from([False, False, False, True])),
            )
        )
        pooled = bool(pools) and draw(st.booleans())
        connections.append(
            Connection(
                f"f{index}",
                "db",
                via="proxy" if pooled else "direct",
                pool="proxy" if pooled else None,
                connections_per_environment=draw(st.none() | numbers(1, 3)),
                hold_seconds=draw(st.none() | numbers(1, 4)),
                hold_enforced=draw(st.booleans()),
                transactions_per_invocation=draw(st.none() | numbers(1, 3)),
                pins_session=draw(st.booleans()),
                certainty=draw(st.sampled_from(["certain", "certain", "likely", "possible"])),
            )
        )
    return Fleet((store,), tuple(pools), tuple(consumers), tuple(connections))


def coded(report: Report, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


def direct_fleet(limit: int, reserved: list[int]) -> Fleet:
    store = Store(
        "db", "rds-instance", "postgres", instances=(Instance("db", "db.m6g.4xlarge"),), max_connections=exact(limit)
    )
    consumers = tuple(Consumer(f"f{index}", reserved_concurrency=exact(count)) for index, count in enumerate(reserved))
    return Fleet((store,), (), consumers, tuple(Connection(consumer.id, "db") for consumer in consumers))


@given(fleets())
def test_every_finding_can_be_acted_on(fleet: Fleet) -> None:
    for finding in check(fleet).findings:
        assert finding.fix
        assert finding.subject
        assert not finding.message.endswith(".")
        assert not finding.fix.endswith(".")
        assert "None" not in " ".join((finding.message, finding.fix, *finding.arithmetic))
        assert finding.arithmetic or finding.code == "PP901"


@given(fleets())
def test_nothing_that_connects_passes_in_silence(fleet: Fleet) -> None:
    """A verdict that is not "fits" always leaves a finding: a violation, or what is missing for a decision."""
    report = check(fleet)
    said = [
        finding
        for finding in report.findings
        if finding.code[:3] in {"PP1", "PP2", "PP9"} and finding.code not in {"PP104", "PP105"}
    ]

    used = [item for item in report.budget.stores if item.demands or item.pools]
    verdicts = [item.verdict.value for item in used] + [pool.verdict.value for _, pool in report.budget.pools]
    if set(verdicts) - {"fits"}:
        assert said


@given(limit=st.integers(1, 300), reserved=st.lists(st.integers(0, 120), min_size=1, max_size=4))
def test_over_budget_is_found_exactly_when_the_sum_exceeds(limit: int, reserved: list[int]) -> None:
    usable = max(0, limit - 9 - 5)
    report = check(direct_fleet(limit, reserved))

    assert bool(coded(report, "PP101")) == (sum(reserved) > usable)
    assert bool(coded(report, "PP107")) == (sum(reserved) <= usable < 2 * sum(reserved))
    assert all(finding.confidence is Confidence.CERTAIN for finding in coded(report, "PP101"))


@given(limit=st.integers(20, 300), reserved=st.lists(st.integers(1, 120), min_size=1, max_size=4))
def test_what_the_fix_proposes_fits_and_one_more_does_not(limit: int, reserved: list[int]) -> None:
    for finding in check(direct_fleet(limit, reserved)).findings:
        proposed = {name: int(count) for count, name in re.findall(r"([\d]+) for (f\d)", finding.fix)}
        if finding.code not in {"PP101", "PP107"} or not proposed:
            continue
        given_back = [proposed.get(f"f{index}", 0) for index in range(len(reserved))]

        assert not {f.code for f in check(direct_fleet(limit, given_back)).findings} & {"PP101", "PP107"}
        more = [given_back[0] + 1, *given_back[1:]]
        assert {f.code for f in check(direct_fleet(limit, more)).findings} & {"PP101", "PP107"}


@given(fleets(), st.integers(0, 3), st.integers(1, 50))
def test_more_reserved_concurrency_never_removes_a_finding_about_connections(
    fleet: Fleet, index: int, more: int
) -> None:
    grown = [
        consumer._replace(reserved_concurrency=consumer.reserved_concurrency + exact(more))
        if position == index and consumer.reserved_concurrency is not None
        else consumer
        for position, consumer in enumerate(fleet.consumers)
    ]
    # Other functions that reserve nothing share what is left of the account: a quota far away keeps that part equal.
    settings = Settings(account_concurrency=1_000_000)

    before = check(fleet, settings)
    after = check(replace(fleet, consumers=tuple(grown)), settings)

    for code in ("PP101", "PP104", "PP204"):
        assert {f.subject for f in coded(before, code)} <= {f.subject for f in coded(after, code)}


@given(fleets())
def test_the_arithmetic_of_a_budget_adds_up(fleet: Fleet) -> None:
    """Lines before "usable" give it, lines after it give what may be opened."""
    for finding in coded(check(fleet), "PP101"):
        values = [(line.rpartition("  [")[0] or line).rpartition(": ") for line in finding.arithmetic]
        if not all(re.fullmatch(r"[\d,]+", value) for _, _, value in values):
            continue
        named = [(label, int(value.replace(",", ""))) for label, _, value in values]
        split = next(position for position, (label, _) in enumerate(named) if label == "usable")

        assert named[split][1] == max(0, named[0][1] - sum(value for _, value in named[1:split]))
        assert named[-1][0] == "may be opened"
        assert named[-1][1] == sum(value for _, value in named[split + 1 : -1])
        assert named[-1][1] > named[split][1]
