"""Alarms of a plan as CloudFormation writes them: dimensions as a list, metrics of a query as metric statistics."""

from __future__ import annotations

from typing import Any

from constructs_lib.readers.terraform.plan import Planned, listed, mapping
from constructs_lib.readers.terraform.values import Values


def alarm(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    """Add the dimensions and the metric queries to the properties of an alarm."""
    written = _dimensions(values, resource, ("dimensions",), resource.values, resource.expressions)
    if written:
        properties["Dimensions"] = written
    blocks, expressions = resource.values.get("metric_query"), listed(resource.expressions.get("metric_query"))
    queries = [
        _query(values, resource, index, mapping(block), mapping(expressions[index] if index < len(expressions) else {}))
        for index, block in enumerate(listed(blocks))
    ]
    if queries:
        properties["Metrics"] = queries


def _query(values: Values, resource: Planned, index: int, block: Any, expressions: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"Expression": block.get("expression")}
    inner, written = listed(block.get("metric")), listed(expressions.get("metric"))
    if inner:
        metric = mapping(inner[0])
        place = ("metric_query", str(index), "metric", "0", "dimensions")
        dimensions = _dimensions(values, resource, place, metric, mapping(written[0] if written else None))
        shown = {"Namespace": metric.get("namespace"), "MetricName": metric.get("metric_name")}
        found["MetricStat"] = {"Metric": {**shown, "Dimensions": dimensions}}
    return found


def _dimensions(
    values: Values, resource: Planned, place: tuple[str, ...], block: Any, expressions: Any
) -> list[dict[str, Any]]:
    """Every dimension by name: the value where it is known, else what its expression refers to."""
    targets = values.references.of(mapping(expressions).get("dimensions"), resource)
    given = dict.fromkeys(mapping(_at(resource.unknown, place)))
    given.update({name: text for name, text in mapping(block.get("dimensions")).items() if text is not None})
    return [
        {"Name": name, "Value": values.value(text, targets, f"dimension {name} of '{resource.address}'")}
        for name, text in given.items()
    ]


def _at(value: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        else:
            value = mapping(value).get(key)
    return value
