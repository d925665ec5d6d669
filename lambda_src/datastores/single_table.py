"""One table for many entities: conditional writes, pages, and items that expire.

Every item has PK and SK and, when it was created here, a ``version`` that each update raises. ``expires_at`` (epoch seconds) is the
table's time to live; DynamoDB deletes late, so what has expired is filtered on reading. Nothing here scans.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from datastores import dynamodb
from datastores.deadline import Deadline
from datastores.dynamodb import Item, decoded, encoded
from datastores.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    UnavailableError,
    VersionConflictError,
)
from datastores.keys import EntityKey, Key
from datastores.retry import RetryPolicy
from datastores.settings import table_settings

EXPIRY = "expires_at"
VERSION = "version"
READ_BATCH = 100
WRITE_BATCH = 25
"""Items per batch call (DynamoDB API, BatchGetItem and BatchWriteItem, 2026-11-21)."""
_BATCH_SECONDS = 10.0


@dataclass(frozen=True)
class Create:
    """Write a new item; refused when there is one."""

    entity: EntityKey
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Require:
    """Write nothing, but refuse all other writes when the item does not exist."""

    entity: EntityKey


@dataclass(frozen=True)
class Page:
    """Items in key order; ``position`` is where the next page starts, ``None`` after the last item."""

    items: list[Item]
    position: dict[str, str] | None


@dataclass(frozen=True)
class Lookup:
    """Which items a query reads: of one partition, those whose sort key begins with ``sort_prefix``, on an index or the table."""

    partition: str
    sort_prefix: str = ""
    index: str | None = None
    newest_first: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """The key attributes of the index, or of the table."""
        return (f"{self.index}PK", f"{self.index}SK") if self.index else ("PK", "SK")


@dataclass
class SingleTable:
    """The table ``name``; ``client`` is a boto3 DynamoDB client, ``clock`` tells epoch seconds."""

    name: str
    client: Any = field(default_factory=dynamodb.client)
    clock: Callable[[], float] = time.time
    policy: RetryPolicy = field(default_factory=RetryPolicy)

    @staticmethod
    def from_environment() -> SingleTable:
        """The table that the function is connected to."""
        return SingleTable(table_settings().name)

    def get(self, entity: EntityKey, *, consistent: bool = False) -> Item | None:
        """The item, or ``None`` when there is none or it has expired."""
        with dynamodb.answers("reading an item"):
            answer = self.client.get_item(TableName=self.name, Key=_wire(entity.key), ConsistentRead=consistent)
        item = decoded(answer["Item"]) if "Item" in answer else None
        return item if item is not None and self._lives(item) else None

    def create(self, entity: EntityKey, attributes: Mapping[str, Any]) -> Item:
        """Write a new item as version 1. Raises ``AlreadyExistsError``."""
        item = _new(Create(entity, attributes))
        try:
            with dynamodb.answers("creating an item"):
                self.client.put_item(
                    TableName=self.name, Item=encoded(item), ConditionExpression="attribute_not_exists(PK)"
                )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            raise AlreadyExistsError(f"{entity!r} exists already", entity) from error
        return item

    def update(self, entity: EntityKey, changes: Mapping[str, Any], *, version: int) -> Item:
        """Set attributes of the item that was read as ``version``; returns it as it is now.

        Raises ``NotFoundError`` when it is gone and ``VersionConflictError`` when somebody changed it in between.
        """
        names = {f"#{number}": name for number, name in enumerate(changes)}
        values = {f":{number}": value for number, value in enumerate(changes.values())}
        assignments = ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))
        try:
            with dynamodb.answers("updating an item"):
                answer = self.client.update_item(
                    TableName=self.name,
                    Key=_wire(entity.key),
                    UpdateExpression=f"SET {assignments}, #version = :version + :one",
                    ConditionExpression="attribute_exists(PK) AND #version = :version",
                    ExpressionAttributeNames={**names, "#version": VERSION},
                    ExpressionAttributeValues=encoded({**values, ":version": version, ":one": 1}),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            if "Item" not in error.response:
                raise NotFoundError(f"{entity!r} does not exist", entity) from error
            raise VersionConflictError(f"{entity!r} is no longer version {version}", entity) from error
        return decoded(answer["Attributes"])

    def transact(self, writes: Sequence[Create | Require]) -> None:
        """All of the writes or none. Raises ``AlreadyExistsError``, ``NotFoundError``, or ``ConflictError`` after the retries."""
        token = str(uuid.uuid4())  # lets DynamoDB recognize a repetition of a call whose answer was lost
        wire = [self._write(write) for write in writes]

        def attempt() -> None:
            try:
                with dynamodb.answers("a transaction"):
                    self.client.transact_write_items(TransactItems=wire, ClientRequestToken=token)
            except ClientError as error:
                raise _refusal(error, writes) from error

        self.policy.run(attempt, again=_is_conflict, deadline=Deadline.after(_BATCH_SECONDS))

    def get_all(self, entities: Sequence[EntityKey]) -> list[Item]:
        """The items that exist, in no order. Raises ``UnavailableError`` when some stay unread after the retries."""
        found: list[Item] = []
        for keys in _chunks([_wire(key) for key in dict.fromkeys(entity.key for entity in entities)], READ_BATCH):
            found += self._read_batch(keys)
        return [item for item in found if self._lives(item)]

    def put_all(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Write items without any condition, each with its PK and SK. Raises ``UnavailableError`` when some stay unwritten."""
        for chunk in _chunks([{"PutRequest": {"Item": encoded(item)}} for item in items], WRITE_BATCH):
            self._write_batch(chunk)

    def query(self, lookup: Lookup, *, limit: int, position: Mapping[str, str] | None = None) -> Page:
        """A page of at most ``limit`` items from ``position`` on."""
        found: list[Item] = []
        start = dict(position) if position else None
        while len(found) <= limit:
            items, start = self._query(lookup, limit + 1 - len(found), start)
            found += items
            if start is None:
                break
        if len(found) <= limit:
            return Page(found, None)
        last = found[limit - 1]
        return Page(found[:limit], {name: last[name] for name in dict.fromkeys(("PK", "SK", *lookup.names))})

    def _query(
        self, lookup: Lookup, limit: int, start: dict[str, str] | None
    ) -> tuple[list[Item], dict[str, str] | None]:
        partition, sort = lookup.names
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "#p = :p" + (" AND begins_with(#s, :s)" if lookup.sort_prefix else ""),
            "ExpressionAttributeNames": {"#p": partition, **({"#s": sort} if lookup.sort_prefix else {})},
            "ExpressionAttributeValues": encoded({":p": lookup.partition, ":s": lookup.sort_prefix or None}),
            "Limit": limit,
            "ScanIndexForward": not lookup.newest_first,
            **({"IndexName": lookup.index} if lookup.index else {}),
            **({"ExclusiveStartKey": encoded(start)} if start else {}),
        }
        with dynamodb.answers("a query"):
            answer = self.client.query(**request)
        items = [item for item in map(decoded, answer["Items"]) if self._lives(item)]
        return items, decoded(answer["LastEvaluatedKey"]) if answer.get("LastEvaluatedKey") else None

    def _read_batch(self, keys: list[Any]) -> list[Item]:
        waiting, found = {self.name: {"Keys": keys}}, list[Item]()

        def attempt() -> None:
            nonlocal waiting
            with dynamodb.answers("reading a batch"):
                answer = self.client.batch_get_item(RequestItems=waiting)
            found.extend(decoded(item) for item in answer["Responses"].get(self.name, []))
            waiting = answer.get("UnprocessedKeys") or {}
            _refuse_rest(waiting, "read")

        self.policy.run(attempt, again=_is_unavailable, deadline=Deadline.after(_BATCH_SECONDS))
        return found

    def _write_batch(self, requests: list[Any]) -> None:
        waiting = {self.name: requests}

        def attempt() -> None:
            nonlocal waiting
            with dynamodb.answers("writing a batch"):
                waiting = self.client.batch_write_item(RequestItems=waiting).get("UnprocessedItems") or {}
            _refuse_rest(waiting, "written")

        self.policy.run(attempt, again=_is_unavailable, deadline=Deadline.after(_BATCH_SECONDS))

    def _write(self, write: Create | Require) -> dict[str, Any]:
        if isinstance(write, Create):
            condition = "attribute_not_exists(PK)"
            return {"Put": {"TableName": self.name, "Item": encoded(_new(write)), "ConditionExpression": condition}}
        key = _wire(write.entity.key)
        return {"ConditionCheck": {"TableName": self.name, "Key": key, "ConditionExpression": "attribute_exists(PK)"}}

    def _lives(self, item: Item) -> bool:
        return EXPIRY not in item or bool(item[EXPIRY] > self.clock())


def _new(write: Create) -> Item:
    key = write.entity.key
    return {**write.attributes, "PK": key.partition, "SK": key.sort, VERSION: 1}


def _wire(key: Key) -> dict[str, Any]:
    return encoded({"PK": key.partition, "SK": key.sort})


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _refusal(error: ClientError, writes: Sequence[Create | Require]) -> Exception:
    """The error of the first write that was refused; the reasons come in the order of the writes."""
    if _code(error) != "TransactionCanceledException":
        return error
    reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    for write, reason in zip(writes, reasons, strict=False):
        if reason == "ConditionalCheckFailed" and isinstance(write, Create):
            return AlreadyExistsError(f"{write.entity!r} exists already", write.entity)
        if reason == "ConditionalCheckFailed":
            return NotFoundError(f"{write.entity!r} does not exist", write.entity)
    if any(reason in {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"} for reason in reasons):
        return ConflictError(f"single table: other writes were in the way: {error}")
    return error


def _is_conflict(error: Exception) -> bool:
    return isinstance(error, ConflictError)


def _is_unavailable(error: Exception) -> bool:
    return isinstance(error, UnavailableError)


def _refuse_rest(waiting: Mapping[str, Any], verb: str) -> None:
    if waiting:
        raise UnavailableError(f"single table: a part of the batch could not be {verb} for now")


def _chunks(requests: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(requests), size):
        yield requests[start : start + size]
