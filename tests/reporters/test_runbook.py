"""The runbook: every store, pool and function is in it, and what to do about each."""

from __future__ import annotations

from dataclasses import replace

from constructs_lib.check import Report, check
from constructs_lib.model.fleet import Fleet, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import runbook
from constructs_lib.reporters.unsettled import outspoken

Sample = tuple[str, Report, tuple[Unread, ...]]


def test_everything_that_counts_is_in_it(sample: Sample) -> None:
    _, report, _ = sample
    page = runbook.render(report)
    for item in report.budget.stores:
        assert f"## {item.store.id}" in page
        assert all(f"### Pool {pool.pool.id}" in page for pool in item.pools)
    for gap in report.not_decided:
        assert gap.missing in page
        assert gap.declare in page
    for finding in report.findings:
        assert finding.code in page
    for finding in outspoken(report):
        assert f"{finding.code} {finding.name}" in page


def test_tables_have_as_many_cells_as_their_head(sample: Sample) -> None:
    _, report, _ = sample
    width = 0
    for line in runbook.render(report).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = line.replace("\\|", "").count("|")
        width = width or cells
        assert cells == width, line


def test_how_to_restart_is_told_for_the_engines_that_are_there() -> None:
    def page(engine: str) -> str:
        return runbook.render(check(Fleet((Store("S", "rds-instance", engine, max_connections=Quantity.exact(50)),))))

    assert "**PostgreSQL on RDS**" in page("postgres")
    assert "**Aurora PostgreSQL**" in page("aurora-postgresql")
    assert "**PostgreSQL on RDS**" not in page("aurora-mysql")


def test_proxy_alarms_are_explained_only_where_a_proxy_is(sample: Sample) -> None:
    name, report, _ = sample
    assert ("DatabaseConnectionsBorrowLatency" in runbook.render(report)) is (name != "undecided")
    without = replace(report, budget=check(Fleet(report.fleet.stores)).budget)
    assert "DatabaseConnectionsBorrowLatency" not in runbook.render(without)
