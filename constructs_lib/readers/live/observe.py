"""Highest values that CloudWatch saw: connections of databases and proxies, environments of functions."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from constructs_lib.readers.live.collect import Asking, NotAnswered
from constructs_lib.readers.live.recording import Recording, Refused

OPERATION = "cloudwatch.get_metric_data"
#: A day's maximum is one point; GetMetricData takes 500 queries a call (CloudWatch API reference, read 2026-11-21).
PERIOD_SECONDS, AT_ONCE = 86_400, 500


class Observed(NamedTuple):
    """The highest value of a metric of a deployed resource."""

    subject: str
    metric: str
    maximum: float


class _Query(NamedTuple):
    subject: str
    namespace: str
    metric: str
    dimension: str
    name: str


def observe(asking: Asking, recording: Recording, days: int) -> None:
    """Add the maxima of the last days to a recording; what is refused is said as for any other operation."""
    queries = list(_queries(recording))
    maxima: dict[str, dict[str, float]] = {}
    for start in range(0, len(queries), AT_ONCE):
        part = queries[start : start + AT_ONCE]
        problem = _ask(asking, part, days, maxima)
        if problem is not None:
            needs = asking.permission("cloudwatch", "get_metric_data")
            recording.refused.append(Refused(OPERATION, "", needs, problem.reason))
            break
    recording.answers[OPERATION] = {"days": days, "maxima": maxima}


def _queries(recording: Recording) -> Iterator[_Query]:
    for item in recording.listed("rds.describe_db_instances"):
        name = item["DBInstanceIdentifier"]
        yield _Query(f"db:{name}", "AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", name)
    for item in recording.listed("rds.describe_db_proxies"):
        name = item["DBProxyName"]
        for metric in ("ClientConnections", "DatabaseConnections", "MaxDatabaseConnectionsAllowed"):
            yield _Query(f"db-proxy:{name}", "AWS/RDS", metric, "ProxyName", name)
    for item in recording.listed("lambda.list_functions"):
        name = item["FunctionName"]
        yield _Query(f"function:{name}", "AWS/Lambda", "ConcurrentExecutions", "FunctionName", name)


def _ask(
    asking: Asking, queries: Sequence[_Query], days: int, maxima: dict[str, dict[str, float]]
) -> NotAnswered | None:
    now = datetime.datetime.now(datetime.timezone.utc)
    arguments = {
        "StartTime": now - datetime.timedelta(days=days), "EndTime": now,
        "MetricDataQueries": [_written(index, query) for index, query in enumerate(queries)],
    }  # fmt: skip
    try:
        results = asking.call("cloudwatch", "get_metric_data", "MetricDataResults", arguments)
    except NotAnswered as problem:
        return problem
    for result in results:
        query = queries[int(result["Id"].removeprefix("q"))]
        if result.get("Values"):
            known = maxima.setdefault(query.subject, {})
            known[query.metric] = max(known.get(query.metric, 0.0), *map(float, result["Values"]))
    return None


def _written(index: int, query: _Query) -> dict[str, Any]:
    dimensions = [{"Name": query.dimension, "Value": query.name}]
    metric = {"Namespace": query.namespace, "MetricName": query.metric, "Dimensions": dimensions}
    return {"Id": f"q{index}", "MetricStat": {"Metric": metric, "Period": PERIOD_SECONDS, "Stat": "Maximum"}}


def observed(recording: Recording) -> tuple[int, tuple[Observed, ...]]:
    """The days that were looked at and the maxima; zero days when nobody looked."""
    found = recording.answers.get(OPERATION)
    if not isinstance(found, dict):
        return 0, ()
    maxima = found.get("maxima") or {}
    items = [
        Observed(subject, metric, value) for subject, metrics in maxima.items() for metric, value in metrics.items()
    ]
    return int(found.get("days", 0)), tuple(items)
