"""Three small fleets, built in code: one that fits, one with findings of every kind, one that nobody can decide."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from constructs_lib.check import Report
from constructs_lib.model.budget import judge
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Gap, Instance, Pool, Store
from constructs_lib.model.origin import Origin
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Ignore, Settings
from constructs_lib.readers.reading import Unread

SNAPSHOTS = Path(__file__).parent / "snapshots"


def at(line: int, logical_id: str) -> Origin:
    return Origin("orders.template.json", line, logical_id, f"Orders/{logical_id}")


def report(
    fleet: Fleet, findings: Sequence[Finding] = (), gaps: Sequence[Gap] = (), settings: Settings | None = None
) -> Report:
    settings = settings or Settings()
    unused = tuple(settings.ignores)
    return Report(fleet, settings, judge(fleet, settings), tuple(findings), tuple(gaps), unused)


def clean() -> tuple[Report, tuple[Unread, ...]]:
    store = Store(
        "Database",
        "rds-instance",
        "postgres",
        engine_version="16.8",
        instances=(Instance("Database", "db.t4g.medium", origin=at(3, "Database")),),
        max_connections=Quantity.exact(100),
        max_connections_origin=at(14, "Parameters"),
        origin=at(3, "Database"),
    )
    proxy = Pool(
        "Proxy",
        "Database",
        percent=Quantity.exact(20),
        borrow_timeout_seconds=Quantity.exact(5),
        origin=at(20, "Proxy"),
    )
    api = Consumer(
        "Api",
        reserved_concurrency=Quantity.exact(50),
        timeout_seconds=Quantity.exact(10),
        event_sources=(EventSource("HttpApi", "http-api"),),
        origin=at(40, "Api"),
    )
    link = Connection(
        "Api",
        "Database",
        via="proxy",
        pool="Proxy",
        connections_per_environment=Quantity.exact(1),
        hold_seconds=Quantity.exact(0.2),
        hold_enforced=True,
        evidence=("declared by poolproof:connections",),
    )
    return report(Fleet((store,), (proxy,), (api,), (link,))), ()


def mixed() -> tuple[Report, tuple[Unread, ...]]:
    micro = Store(
        "Orders",
        "rds-instance",
        "postgres",
        engine_version="17.2",
        instances=(Instance("Orders", "db.t4g.micro"),),
        other_connections=(("reports", Quantity.exact(4)),),
        origin=at(3, "Orders"),
    )
    table = Store("Projects", "dynamodb-table", "dynamodb", origin=at(90, "Projects"))
    proxy = Pool("Proxy", "Orders", percent=Quantity.exact(50), origin=at(20, "Proxy"))
    api = Consumer(
        "Api", reserved_concurrency=Quantity.exact(80), timeout_seconds=Quantity.exact(10), origin=at(40, "Api")
    )
    free = Consumer("Free", origin=at(60, "Free"))
    migration = Consumer("Migration", deploy_time=True, generated=True, origin=at(70, "Migration"))
    links = (
        Connection("Api", "Orders", evidence=("environment variable DATABASE_HOST",)),
        Connection("Free", "Orders", via="proxy", pool="Proxy", certainty="likely"),
        Connection("Migration", "Orders", connections_per_environment=Quantity.exact(1)),
        Connection("Api", "Projects", via="http"),
    )
    fleet = Fleet((micro, table), (proxy,), (free, api, migration), links)
    findings = [
        Finding(
            "PP101",
            "connections-over-budget",
            Severity.ERROR,
            Confidence.CERTAIN,
            "Orders",
            "Orders: functions may open 160 connections; at most 94 are usable",
            arithmetic=(
                "max_connections, engine default: 79 to 112  [orders.template.json:3]",
                "operator reserve: 5",
                "Api (80 environments × 1 connection (assumed)): 160  [orders.template.json:40 (Orders/Api)]",
                "the proxy's pool comes on top",
            ),
            fix="reserve at most 21 for Api, or connect it through the proxy",
            origin=at(3, "Orders"),
        ),
        Finding(
            "PP102",
            "unbounded-database-function",
            Severity.WARNING,
            Confidence.LIKELY,
            "Free",
            "Free reserves no concurrency",
            fix="reserve some",
            origin=at(60, "Free"),
        ),
        Finding("PP901", "relation-not-decided", Severity.INFO, Confidence.CERTAIN, "Api", "an import hides a table"),
        Finding(
            "PP105",
            "max-connections-not-pinned",
            Severity.WARNING,
            Confidence.CERTAIN,
            "Orders",
            "capacity rests on a default formula",
            acknowledged="pinned with the next class | change",
        ),
    ]
    settings = Settings(ignores=(Ignore("PP401", "", None), Ignore("PP402", "maintenance", "Api")))
    unread = (
        Unread("legacy.yaml", 7, "mapping values are not allowed here"),
        Unread("gone.json", None, "no such file"),
    )
    return report(fleet, findings, settings=settings), unread


def undecided() -> tuple[Report, tuple[Unread, ...]]:
    store = Store(
        "Ledger",
        "aurora-cluster",
        "aurora-postgresql",
        instances=(
            Instance("Writer", "db.r9x.large"),
            Instance("Reader", None, "reader", class_reason="instance class of 'Reader' is the parameter 'Class'"),
        ),
        origin=Origin("ledger.yaml", 4, "Ledger"),
    )
    pooler = Pool("Pooler", "Ledger", "pgbouncer", connections=Quantity.unknown("a token"), has_reader_endpoint=True)
    lost = Pool("Lost", "Elsewhere")
    job = Consumer(
        "Job\x1b[31m|`x`",
        reserved_concurrency=Quantity.unknown("the parameter 'Concurrency' has no default"),
        origin=Origin("ledger.yaml", 30, "Job"),
    )
    report_reader = Consumer("Reports", reserved_concurrency=Quantity.bounded(2, 6, "one of two mapped values"))
    links = (
        Connection(job.id, "Ledger", via="proxy", pool="Pooler"),
        Connection("Reports", "Ledger", role="reader"),
        Connection("Nobody", "Ledger", certainty="possible"),
    )
    gaps = (
        Gap("Ledger", "unknown instance class 'db.r9x.large'", "declare max_connections of 'Ledger'", store.origin),
        Gap(job.id, "reserved concurrency is a parameter without default", "--parameters Concurrency=…"),
        *(
            Gap(name, "parameter 'Host' has no default", "--parameters Host=…", Origin("ledger.yaml", line, name))
            for name, line in (("Reports", 40), ("Exports", 50))
        ),
        Gap("Nobody", "parameter 'Host' has no default", "--parameters Host=…", Origin("nobody.yaml", 7, "Nobody")),
    )
    restated = [
        Finding(
            "PP901",
            "relation-not-decided",
            Severity.INFO,
            Confidence.CERTAIN,
            gap.subject,
            gap.sentence,
            fix=gap.declare,
            origin=gap.origin,
        )
        for gap in gaps[1:]
    ]
    fleet = Fleet((store,), (pooler, lost), (job, report_reader), links)
    return report(fleet, restated, gaps), ()


FLEETS = {"clean": clean, "mixed": mixed, "undecided": undecided}


@pytest.fixture(params=sorted(FLEETS))
def sample(request: pytest.FixtureRequest) -> tuple[str, Report, tuple[Unread, ...]]:
    """Name, report and unread inputs of one of the three fleets."""
    built, unread = FLEETS[request.param]()
    return request.param, built, unread


@pytest.fixture
def snapshot() -> Callable[[str, str], None]:
    """Compares text with ``snapshots/<name>``; with UPDATE_SNAPSHOTS=1 it is written instead, for a reviewer to read."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / name
        if os.environ.get("UPDATE_SNAPSHOTS") == "1":
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return compare
