"""Tables and schedule targets of a plan as CloudFormation writes them: keys and indexes as schemas, blocks as specifications."""

from __future__ import annotations

from typing import Any

from constructs_lib.readers.terraform.plan import Planned, listed, mapping
from constructs_lib.readers.terraform.values import Values, walk


def table(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    """Keys and indexes of a table; units that on-demand tables carry as zero are none."""
    key = values.get(resource, "hash_key")
    properties["KeySchema"] = _schema(key)
    indexes = [
        {"IndexName": block.get("name"), "KeySchema": _schema(_index_key(block))}
        for block in map(mapping, listed(resource.values.get("global_secondary_index")))
    ]
    if indexes:
        properties["GlobalSecondaryIndexes"] = indexes
    if properties.get("BillingMode") == "PAY_PER_REQUEST":
        properties.pop("ProvisionedThroughput", None)


def _index_key(block: Any) -> Any:
    """The first partition key: ``hash_key``, or the first of the provider's newer ``key_schema`` blocks."""
    if block.get("hash_key"):
        return block.get("hash_key")
    keys = [mapping(item) for item in listed(block.get("key_schema"))]
    return next((item.get("attribute_name") for item in keys if item.get("key_type") == "HASH"), None)


def _schema(key: Any) -> list[dict[str, Any]]:
    return [] if key is None else [{"AttributeName": key, "KeyType": "HASH"}]


def target_of(values: Values, resource: Planned) -> dict[str, Any]:
    """A target of an event rule with its retry policy and dead-letter queue."""
    found: dict[str, Any] = {"Arn": values.get(resource, "arn")}
    retries = walk(resource.values, ("retry_policy", "maximum_retry_attempts"))
    if retries is not None:
        found["RetryPolicy"] = {"MaximumRetryAttempts": retries}
    queue = values.get(resource, "dead_letter_config", "arn")
    if queue is not None:
        found["DeadLetterConfig"] = {"Arn": queue}
    return found
