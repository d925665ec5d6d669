"""DynamoDB's wire: values in and out, and what its errors mean."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from datastores.errors import ConfigurationError, UnavailableError

Item = dict[str, Any]

_LATER = (
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
)
_NEVER = ("AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException")

_serializer, _deserializer = TypeSerializer(), TypeDeserializer()


@functools.cache
def client() -> Any:
    """The one client of this execution environment. It gives up in seconds: a request is not worth waiting a minute for."""
    patience = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client("dynamodb", config=patience)


def encoded(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB takes it; ``None`` values are left out."""
    return {name: _serializer.serialize(value) for name, value in item.items() if value is not None}


def decoded(item: Mapping[str, Any]) -> Item:
    """An item as Python has it; whole numbers are ``int``."""
    return {name: _plain(_deserializer.deserialize(value)) for name, value in item.items()}


@contextmanager
def answers(what: str) -> Iterator[None]:
    """Tell the caller what a failing call means: ``UnavailableError`` to come later, ``ConfigurationError`` for a person to look at.

    A refused condition is left as it is.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _LATER:
            raise UnavailableError(f"single table: {what} was refused for now: {error}") from error
        if code in _NEVER:
            raise ConfigurationError(f"single table: {what} is not possible: {error}") from error
        raise
    except BotoCoreError as error:
        raise UnavailableError(f"single table: {what} got no answer: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
