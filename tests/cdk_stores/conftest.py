from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template


@pytest.fixture(scope="session")
def make_function() -> Callable[..., lambda_.Function]:
    """A plain function of an existing app: any function can be connected."""

    def make(scope: Any, name: str, *, timeout_seconds: int | None = 30, **more: Any) -> lambda_.Function:
        return lambda_.Function(
            scope,
            name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="handler.handler",
            code=lambda_.Code.from_inline("def handler(event, context): return None"),
            timeout=None if timeout_seconds is None else cdk.Duration.seconds(timeout_seconds),
            **more,
        )

    return make


def only(template: Template, kind: str) -> dict[str, Any]:
    """The properties of the one resource of a kind."""
    (resource,) = template.find_resources(kind).values()
    return dict(resource["Properties"])


def statements_of(template: Template, role: str) -> list[dict[str, Any]]:
    """Every policy statement attached to the role whose logical id starts with ``role``."""
    found = []
    for policy in template.find_resources("AWS::IAM::Policy").values():
        if any(reference["Ref"].startswith(role) for reference in policy["Properties"]["Roles"]):
            found += policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def variables_of(template: Template, function: str) -> dict[str, Any]:
    """The environment variables of the function whose logical id starts with ``function``."""
    (resource,) = [
        resource
        for logical_id, resource in template.find_resources("AWS::Lambda::Function").items()
        if logical_id.startswith(function)
    ]
    return dict(resource["Properties"]["Environment"]["Variables"])
