"""The one gate between values that a CDK program passes and the numbers of the model.

A CDK token is a number too (about −1.9e289), so ``value < 100`` is silently true for it. Everything that comes in passes here and
leaves as an exact quantity, or as an unknown one that names what is missing.
"""

from __future__ import annotations

import math

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from constructs_lib.errors import ConnectError
from constructs_lib.facts.limits import lambda_limit
from constructs_lib.model.quantity import Quantity

#: Numbers below this are encoded tokens: aws-cdk-lib reserves the range around −1.8881545897087968e289.
_TOKEN_CEILING = -1e280


def is_token(value: object) -> bool:
    """Whether a value is only known when CloudFormation runs."""
    if isinstance(value, (int, float)):
        return value < _TOKEN_CEILING
    return bool(cdk.Token.is_unresolved(value))


def number(value: float, what: str) -> Quantity:
    """An exact quantity; unknown for a token. Raises ``ConnectError`` for what no quantity can be."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConnectError(f"{what} must be a number, got {value!r}")
    if is_token(value):
        return Quantity.unknown(f"{what} is a token that is only known at deploy time")
    if not math.isfinite(value) or value < 0:
        raise ConnectError(f"{what} must not be negative, got {value!r}")
    return Quantity.exact(int(value) if float(value).is_integer() else value)


def whole(value: float, what: str, *, least: int = 0, most: int | None = None) -> int:
    """A literal whole number inside its range. Raises ``ConnectError``, also for a token: nothing could be proven with it."""
    quantity = number(value, what)
    allowed = f"a whole number from {least:,}" + (f" to {most:,}" if most is not None else " up")
    if quantity.is_unknown:
        raise ConnectError(f"{what} is a token that is only known at deploy time; pass {allowed}")
    if float(value) != int(value) or value < least or (most is not None and value > most):
        raise ConnectError(f"{what} must be {allowed}, got {value!r}")
    return int(value)


def seconds(duration: cdk.Duration, what: str) -> Quantity:
    """A duration in seconds; unknown for a token."""
    if duration.is_unresolved():
        return Quantity.unknown(f"{what} is a token that is only known at deploy time")
    return Quantity.exact(duration.to_milliseconds()) * Quantity.exact(0.001)


def milliseconds(duration: cdk.Duration, what: str) -> int:
    """A literal duration in whole milliseconds, at least one. Raises ``ConnectError`` for a token or zero."""
    if duration.is_unresolved():
        raise ConnectError(f"{what} is a token that is only known at deploy time; pass a literal duration")
    return whole(duration.to_milliseconds(), f"{what} in milliseconds", least=1)


def text(value: str | None) -> str | None:
    """A literal string; ``None`` for a token or nothing."""
    return None if value is None or is_token(value) else value


def property_text(resource: cdk.CfnResource, value: str | None) -> str | None:
    """A resource's property as its template will show it; ``None`` when only CloudFormation knows it."""
    resolved = cdk.Stack.of(resource).resolve(value)
    return resolved if isinstance(resolved, str) else None


def timeout_of(function: lambda_.Function) -> Quantity:
    """The function's timeout in seconds, with Lambda's default where none is set."""
    if function.timeout is None:
        return Quantity.exact(lambda_limit("function timeout, default"))
    return seconds(function.timeout, f"timeout of '{function.node.path}'")
