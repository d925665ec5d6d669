"""Input that makes no sense ends in named findings: no exception, no negative number in any report."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib.check import Report, check
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Instance, Pool, Provisioned, Store
from constructs_lib.model.origin import NOWHERE
from constructs_lib.model.outsiders import Contradiction, Outsider
from constructs_lib.model.quantity import Quantity, Refused
from constructs_lib.model.settings import Settings
from constructs_lib.readers.sources import read
from constructs_lib.reporters import github, html, runbook, sarif, text
from constructs_lib.reporters import json as json_report

#: A minus sign that makes the number behind it negative; a value that was got is quoted and stays as it was written.
NEGATIVE = re.compile(r"(?<![\w.'\"/-])[-−]\d")
#: Coordinates and styles, and the pages of the rules.
DRAWN = re.compile(r"<(svg|style)\b.*?</\1>|<section class=\"rules\">.*?</section>", re.DOTALL)

_numbers = st.sampled_from((0, 1, 2, 5, 9, 14, 79, 100, 101, 400, 5_000, 10**9, Fraction(1, 2), Fraction(1, 1000)))


@st.composite
def quantities(draw: st.DrawFn) -> Quantity:
    low, high = draw(_numbers), draw(_numbers)
    shapes = (
        Quantity.exact(low),
        Quantity.bounded(min(low, high), max(low, high), "as drawn"),
        Quantity.bounded(low, None, "no bound"),
        Quantity.unknown("a parameter without a value"),
        Quantity.unknown(Refused("a timeout must be a number of 0 or more, got '-5'")),
    )
    return draw(st.sampled_from(shapes))


_maybe = st.none() | quantities()
_names = st.sampled_from(("one", "two", "three"))
_engines = st.sampled_from(
    ("postgres", "mysql", "mariadb", "aurora-postgresql", "aurora-mysql", "docdb", "oracle-ee", "what", None)
)
_kinds = st.sampled_from(
    (
        "rds-instance",
        "aurora-cluster",
        "documentdb-cluster",
        "dsql-cluster",
        "neptune-cluster",
        "dynamodb-table",
        "external",
        "odd",
    )
)
_classes = st.sampled_from(("db.t4g.micro", "db.r6g.16xlarge", "db.serverless", "db.none.such", "", None))
_instances = st.lists(
    st.builds(Instance, id=_names, instance_class=_classes, role=st.sampled_from(("writer", "reader"))), max_size=3
).map(tuple)
# partial: of a class with fields, Hypothesis would make up those that have defaults too
_stores = st.builds(
    partial(Store),
    id=_names,
    kind=_kinds,
    engine=_engines,
    engine_version=st.sampled_from((None, "", "17.5", "abc", "8.0.mysql_aurora.3.04")),
    instances=_instances,
    max_connections=_maybe,
    max_connections_expression=st.sampled_from(
        (None, "", "{0}", "{DBInstanceClassMemory/0}", "LEAST(", "GREATEST({1},5)")
    ),
    serverless_min=_maybe,
    serverless_max=_maybe,
    operator_reserve=st.sampled_from((None, 0, 5, 10**6)),
    other_connections=st.lists(st.tuples(_names, quantities()), max_size=2).map(tuple),
    preset=st.sampled_from((None, "neon:0.25cu", "pgbouncer", "planetscale", "no such")),
)
_pools = st.builds(
    partial(Pool),
    id=st.sampled_from(("one", "two", "near", "far")),
    store=st.sampled_from(("one", "two", "near", "far", "nowhere")),
    kind=st.sampled_from(("rds-proxy", "pgbouncer")),
    percent=_maybe,
    idle_percent=_maybe,
    connections=_maybe,
    borrow_timeout_seconds=_maybe,
    idle_client_timeout_seconds=_maybe,
    maximum_clients=_maybe,
    has_reader_endpoint=st.booleans(),
)
_sources = st.builds(
    partial(EventSource),
    id=_names,
    kind=st.sampled_from(("sqs", "kinesis", "rest-api", "schedule")),
    maximum_concurrency=_maybe,
    timeout_seconds=_maybe,
    max_receive_count=_maybe,
)
_consumers = st.builds(
    partial(Consumer),
    id=_names,
    kind=st.sampled_from(("function", "service", "job")),
    reserved_concurrency=_maybe,
    provisioned=st.lists(st.builds(Provisioned, id=_names, executions=quantities()), max_size=2).map(tuple),
    timeout_seconds=quantities(),
    event_sources=st.lists(_sources, max_size=2).map(tuple),
    deploy_time=st.booleans(),
    tenant_isolation=st.booleans(),
    managed_instances=st.booleans(),
    maximum_environments=_maybe,
    concurrency_per_environment=_maybe,
)
_connections = st.builds(
    partial(Connection),
    consumer=_names,
    store=st.sampled_from(("one", "two", "near", "nowhere")),
    via=st.sampled_from(("direct", "proxy", "data-api", "http")),
    pool=st.sampled_from((None, "near", "far", "nowhere")),
    role=st.sampled_from(("writer", "reader")),
    connections_per_environment=_maybe,
    hold_seconds=_maybe,
    hold_enforced=st.booleans(),
    transactions_per_invocation=_maybe,
    other_work_seconds=_maybe,
    pins_session=st.booleans(),
    certainty=st.sampled_from(("certain", "likely", "possible")),
)
_fleets = st.builds(
    Fleet,
    stores=st.lists(_stores, max_size=3).map(tuple),
    pools=st.lists(_pools, max_size=3).map(tuple),
    consumers=st.lists(_consumers, max_size=3).map(tuple),
    connections=st.lists(_connections, max_size=4).map(tuple),
    outsiders=st.lists(
        st.builds(Outsider, id=_names, kind=st.just("ECS TaskDefinition"), store=_names, origin=st.just(NOWHERE)),
        max_size=2,
    ).map(tuple),
    contradictions=st.lists(
        st.builds(
            Contradiction,
            subject=_names,
            what=st.just("limit"),
            counts=st.just("1"),
            passed_over=st.just("2"),
            origin=st.just(NOWHERE),
        ),
        max_size=1,
    ).map(tuple),
)
_settings = st.builds(
    Settings,
    account_concurrency=st.sampled_from((1, 10, 1000)),
    operator_reserve=st.sampled_from((0, 5, 1000)),
    deploy_overlap=st.sampled_from((1, 2, 5)),
    declared_max_connections=st.dictionaries(_names, st.sampled_from((1, 10, 400)), max_size=2),
    declared_consumers=st.dictionaries(_names, st.just((("web", 50),)), max_size=2),
    declared_presets=st.dictionaries(_names, st.sampled_from(("neon:1cu", "no such")), max_size=1),
)


def reports(report: Report) -> dict[str, str]:
    return {
        "text": text.render(report),
        "json": json_report.render(report),
        # Every SARIF file carries the pages of the rules too.
        "sarif": json.dumps(sarif.document(report)["runs"][0]["results"]),
        "github": github.render(report),
        "runbook": runbook.render(report),
        "html": unescape(DRAWN.sub("", html.render(report))),
    }


def assert_sane(report: Report) -> None:
    for name, shown in reports(report).items():
        if name == "json":
            assert min(_numbers_in(json.loads(shown)), default=0) >= 0
        found = NEGATIVE.search(shown)
        assert found is None, (name, shown[max(0, found.start() - 80) : found.end() + 40])


def _numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers_in(item)]
    if isinstance(value, list):
        return [number for item in value for number in _numbers_in(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(fleet=_fleets, chosen=_settings)
def test_a_fleet_of_senseless_values_is_judged_and_reported(fleet: Fleet, chosen: Settings) -> None:
    assert_sane(check(fleet, chosen))


TEMPLATE = """
Metadata:
  "poolproof:stores":
    - {{id: Neon, preset: "{preset}", max_connections: {number}}}
    - {{id: Neon, max_connections: 3}}
  "poolproof:pools":
    - {{id: Near, store: Far, connections: {number}}}
    - {{id: Far, store: Near, connections: {number}}}
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {{Family: postgres17, Description: d, Parameters: {{max_connections: "{number}"}}}}
  Orders:
    Type: AWS::RDS::DBInstance
    Metadata: {{"poolproof:store": {{max_connections: 7, operator_reserve: {number}}}}}
    Properties: {{Engine: {engine}, DBInstanceClass: db.t4g.micro, DBParameterGroupName: !Ref Limits}}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {{DBProxyName: p, EngineFamily: POSTGRESQL, RequireTLS: true, IdleClientTimeout: {number}}}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {{MaxConnectionsPercent: {number}, ConnectionBorrowTimeout: {number}}}
  Api:
    Type: AWS::Lambda::Function
    Metadata:
      "poolproof:connections": [{{store: Neon, hold_seconds: {number}, connections_per_environment: {number}}}, {{store: Near}}]
    Properties:
      Timeout: {number}
      ReservedConcurrentExecutions: {number}
      Environment: {{Variables: {{PGHOST: !GetAtt Proxy.Endpoint, DB_POOL_SIZE: "{number}"}}}}
"""


@pytest.mark.parametrize(
    "number", ["-1", "-1000000", "0", "0.001", "-0.5", "1e400", "-.inf", ".nan", "abc", "99999999999999999999"]
)
@pytest.mark.parametrize(("engine", "preset"), [("postgres", "neon:0.25cu"), ("frobnicate", "no such")])
def test_a_template_of_senseless_values_ends_in_named_findings(
    number: str, engine: str, preset: str, tmp_path: Path
) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE.format(number=number, engine=engine, preset=preset), encoding="utf-8")
    reading = read([template])
    assert not reading.unread

    report = check(reading.fleet)

    assert_sane(report)
    codes = {finding.code for finding in report.findings}
    assert {"PP903", "PP904", "PP905"} <= codes


def test_a_negative_timeout_is_named_with_the_value_that_was_got(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Api: {Type: AWS::Lambda::Function, Properties: {Timeout: -5}}}", encoding="utf-8")

    report = check(read([template]).fleet)

    found = [finding.message for finding in report.findings if finding.code == "PP904"]
    assert found == ["Timeout of 'Api' must be a number of 0 or more, got '-5'"]


@pytest.mark.parametrize("number", ["1" + "0" * 16, "1e308", "1e999"])
def test_a_number_beyond_anything_is_refused_before_it_leaves_the_range_of_floats(number: str, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    text = TEMPLATE.format(number=number, engine="postgres", preset="neon:0.25cu")
    template.write_text(text, encoding="utf-8")

    report = check(read([template]).fleet)

    assert_sane(report)
    found = [finding.message for finding in report.findings if finding.code == "PP904"]
    assert any("must be a number of at most 1,000,000,000,000,000" in message for message in found)
