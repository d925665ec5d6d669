"""How constructs tell the checker what a template cannot: CloudFormation metadata under keys that start with ``poolproof:``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct

from constructs_lib.cdk.registration import record_of
from constructs_lib.errors import ConnectError
from constructs_lib.model.quantity import Number, plain

CONNECTIONS = "poolproof:connections"
STORE = "poolproof:store"
STORES = "poolproof:stores"
POOLS = "poolproof:pools"

Element = cdk.CfnElement | IConstruct | str | None
"""A resource, or the id of something declared under ``poolproof:stores`` or ``poolproof:pools``."""


def declare_connection(
    function: lambda_.Function,
    *,
    store: Element,
    via: str,
    pool: Element = None,
    role: str = "writer",
    connections_per_environment: int = 1,
    hold_seconds: Number | None = None,
    hold_enforced: bool = False,
    transactions_per_invocation: int | None = None,
    other_work_seconds: Number | None = None,
    pins_session: bool = False,
) -> None:
    """Record on the function's resource that it uses a store; ``None`` leaves a value out, which the checker then assumes or reports."""
    stack = cdk.Stack.of(function)
    entry = {
        "store": reference(stack, store),
        "pool": None if pool is None else reference(stack, pool),
        "via": via,
        "role": role,
        "connections_per_environment": connections_per_environment,
        "hold_seconds": None if hold_seconds is None else plain(hold_seconds),
        "hold_enforced": hold_enforced,
        "transactions_per_invocation": transactions_per_invocation,
        "other_work_seconds": None if other_work_seconds is None else plain(other_work_seconds),
        "pins_session": pins_session,
    }
    entries = record_of(function).connections.setdefault(function.node.path, [])
    entries.append(_given(entry))
    resource_of(function).add_metadata(CONNECTIONS, list(entries))


def declare_on_template(scope: Construct, key: str, entry: Mapping[str, Any]) -> None:
    """Add a store or pool that is no resource of the template to the template's own metadata."""
    stack = cdk.Stack.of(scope)
    entries = record_of(scope).declarations.setdefault((stack.node.path, key), [])
    entries.append(_given(entry))
    stack.add_metadata(key, list(entries))


def declare_store(
    resource: cdk.CfnResource,
    *,
    operator_reserve: int | None,
    other_connections: Mapping[str, int],
    max_connections: int | None = None,
) -> None:
    """Record on a database's resource who else connects to it, and a limit that its template does not show."""
    others = [{"name": name, "connections": count} for name, count in other_connections.items()]
    entry = _given(
        {"operator_reserve": operator_reserve, "other_connections": others or None, "max_connections": max_connections}
    )
    if entry:
        resource.add_metadata(STORE, entry)


def reference(stack: cdk.Stack, element: Element) -> str:
    """The id of an element as seen from a stack: its logical id there, ``Template/LogicalId`` from elsewhere, a declared id as it is."""
    if isinstance(element, str):
        return element
    if not isinstance(element, cdk.CfnElement):
        raise ConnectError(f"a connection must name a CloudFormation resource or a declared id, got {element!r}")
    if element.stack.node.path == stack.node.path:
        return element.logical_id
    return f"{element.stack.template_file.removesuffix('.template.json')}/{element.logical_id}"


def resource_of(construct: IConstruct) -> cdk.CfnResource:
    """The CloudFormation resource behind a construct. Raises ``ConnectError`` for one that is only imported."""
    child = construct.node.default_child
    if not isinstance(child, cdk.CfnResource):
        raise ConnectError(
            f"'{construct.node.path}' has no resource in this app; only functions that this app defines can be connected"
        )
    return child


def _given(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in entry.items()
        if value is not None and not (isinstance(value, Sequence) and not value)
    }
