"""Whether something was done before, by one look-up of a key: for workers and other functions that must not do it twice.

Invoke it with ``{"tenant_id", "key", "request"?, "result"?, "keep_seconds"?}``. The first caller with a key hears ``"new"`` and goes to
work; whoever comes later hears ``"seen"`` and what the first one left as ``result``. ``request`` is what the key stands for: the same key
with another request is a ``"mismatch"``. Powertools keeps the records, with their time to live, in the single table. The caller is trusted
code that may invoke this function; the tenant it names only separates keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from datastores import dynamodb
from datastores.keys import join, part, shard
from datastores.settings import table_settings
from idempotency_requests import Check, CheckError, check_of

SHARDS = 8
"""Partitions per tenant: each takes 1,000 writes a second, and a new key costs two."""

logger = Logger(service="idempotency-check")


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with ``status`` new, seen, mismatch, in-progress, unavailable or invalid; the first four with ``key``."""
    try:
        check = check_of(event)
    except CheckError as error:
        return {"status": "invalid", "seen": False, "problems": list(error.problems)}
    try:
        return _looked_up(check, context)
    except IdempotencyValidationError:
        return _answer(check, "mismatch", seen=True)
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        return _answer(check, "in-progress", seen=True, retry_after_seconds=1)
    except IdempotencyPersistenceLayerError as error:
        logger.warning("store unavailable", extra={"cause": f"{error} ({error.__cause__})"})
        return _answer(check, "unavailable", seen=False, retry_after_seconds=1)


class _Witness:
    """Notes whether Powertools answered from its records."""

    seen = False

    def hook(self, response: Any, idempotent_data: DataRecord) -> Any:  # noqa: ARG002 - Powertools' signature
        self.seen = True
        return response


def _looked_up(check: Check, context: LambdaContext) -> dict[str, Any]:
    witness = _Witness()
    first = _remembering(check, context, witness)(check={"key": check.key, "request": check.request})
    return _answer(check, "seen" if witness.seen else "new", seen=witness.seen, first=first)


def _remembering(check: Check, context: LambdaContext, witness: _Witness) -> Callable[..., Any]:
    """What happens once per key: a receipt of who came first. The remaining time bounds how long a crash keeps the key in progress."""
    config = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="request",
        raise_on_no_idempotency_key=True,
        expires_after_seconds=check.keep_seconds,
        hash_function="sha256",
        lambda_context=context,
        response_hook=witness.hook,
    )

    def receipt(check: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - Powertools takes the key from it
        return {"request_id": context.aws_request_id, "at": _now(), "result": result}

    result = check.result
    remembering: Callable[..., Any] = idempotent_function(
        receipt,
        data_keyword_argument="check",
        persistence_store=_records(check),
        config=config,
        key_prefix="KEY",
    )
    return remembering


def _records(check: Check) -> DynamoDBPersistenceLayer:
    partition = join("IDEMPOTENCY", part(check.tenant, "tenant_id"), shard(check.key, SHARDS))
    return DynamoDBPersistenceLayer(
        table_name=table_settings().name,
        key_attr="PK",
        sort_key_attr="SK",
        static_pk_value=partition,
        expiry_attr="expires_at",
        boto3_client=dynamodb.client(),
    )


def _answer(check: Check, status: str, *, seen: bool, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json.dumps({"status": status, "seen": seen, "key": check.key, **more}))
    return answer


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
