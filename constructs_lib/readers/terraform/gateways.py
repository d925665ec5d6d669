"""Throttles of API stages and usage plans of a plan as CloudFormation writes them."""

from __future__ import annotations

from typing import Any

from constructs_lib.readers.terraform.plan import Planned, listed, mapping
from constructs_lib.readers.terraform.values import Values

_SETTINGS = {"ThrottlingRateLimit": "throttling_rate_limit", "ThrottlingBurstLimit": "throttling_burst_limit"}


def method_settings(values: Values, resource: Planned) -> dict[str, Any]:
    """The settings of one method of a REST stage; ``method_path`` is ``*/*`` for all, else ``orders/GET``."""
    path, _, method = str(resource.values.get("method_path") or "").rpartition("/")
    found = {name: values.get(resource, "settings", argument) for name, argument in _SETTINGS.items()}
    return {"ResourcePath": f"/{path.strip('/')}", "HttpMethod": method, **found}


def routes(_values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    """Add the settings of single routes of an HTTP API to the properties of its stage."""
    found = {
        str(block.get("route_key")): {name: block.get(argument) for name, argument in _SETTINGS.items()}
        for block in map(mapping, listed(resource.values.get("route_settings")))
    }
    if found:
        properties["RouteSettings"] = found


def plan_stages(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    """Add the stages that a usage plan is for."""
    written = listed(resource.expressions.get("api_stages"))
    stages = []
    for index, block in enumerate(listed(resource.values.get("api_stages"))):
        expression = mapping(written[index] if index < len(written) else None).get("api_id")
        targets = values.references.of(expression, resource)
        stages.append({"ApiId": values.value(mapping(block).get("api_id"), targets, f"api_id of '{resource.address}'")})
    if stages:
        properties["ApiStages"] = stages
