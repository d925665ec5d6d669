"""CloudWatch alarms: metrics, metrics inside expressions, and Metrics Insights queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from constructs_lib.model.alarms import Alarm
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.functions import ALIASES, MOST_HOPS
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, items_of, text_of, why_unread
from constructs_lib.regex import regex

ALARM = "AWS::CloudWatch::Alarm"
#: A Metrics Insights query, such as ``SELECT SUM(Throttles) FROM SCHEMA("AWS/Lambda", FunctionName)``.
_INSIGHTS = regex(
    r"\bSELECT\s+\w+\(\s*\"?([\w.-]+)\"?\s*\)\s+FROM\s+(?:SCHEMA\(\s*)?\"([^\"]+)\"(.*)", re.IGNORECASE | re.DOTALL
)


def alarms(estate: Estate, environment: Environment) -> Iterator[Alarm]:
    """One entry for each metric of each alarm."""
    for resource in estate.of_type(ALARM):
        if resource.get("MetricName") is not None:
            metric = {key: resource.get(key) for key in ("Namespace", "MetricName", "Dimensions")}
            yield _alarm(resource, metric, environment)
        for query in items_of(resource.get("Metrics")):
            if isinstance(query, dict):
                yield from _query(resource, query, environment)


def _query(resource: Resource, query: dict[str, Any], environment: Environment) -> Iterator[Alarm]:
    inner = query.get("MetricStat")
    metric = inner.get("Metric") if isinstance(inner, dict) else None
    if isinstance(metric, dict):
        yield _alarm(resource, metric, environment)
    insights = _INSIGHTS.search(text_of(query.get("Expression")) or "")
    if insights is not None:
        narrowed = {"WHERE": None} if re.search(r"\bWHERE\b", insights.group(3), re.IGNORECASE) else {}
        yield Alarm(resource.id, insights.group(2), insights.group(1), narrowed, resource.origin)


def _alarm(resource: Resource, metric: dict[str, Any], environment: Environment) -> Alarm:
    written = [item for item in items_of(metric.get("Dimensions")) if isinstance(item, dict)]
    dimensions = {
        name: _named(item.get("Value"), environment)
        for item in written
        if (name := text_of(item.get("Name"))) is not None
    }
    return Alarm(
        id=resource.id,
        namespace=text_of(metric.get("Namespace")),
        metric=text_of(metric.get("MetricName")),
        dimensions=dimensions,
        origin=resource.origin,
        unread_dimension=any(why_unread(item.get("Name")) is not None for item in written),
    )


def _named(value: Value, environment: Environment, hops: int = MOST_HOPS) -> str | None:
    """The resource that a dimension's value leads to, a function for its alias or version, else the plain text."""
    for use in environment.uses(value, "dimension"):
        if use.resource.type in ALIASES and hops:
            return _named(use.resource.get("FunctionName"), environment, hops - 1)
        return use.resource.id
    return text_of(value)
