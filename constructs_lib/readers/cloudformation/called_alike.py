"""Tables that a function is called like: ``GetOrders`` and ``OrdersTable``, or a table whose key is an order."""

from __future__ import annotations

from collections.abc import Iterable

from constructs_lib.readers.cloudformation.database_words import words_of
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import entries_of, items_of, text_of

#: Words of names that many tables have.
_OF_ANY = frozenset(
    {"table", "tables", "db", "dynamo", "dynamodb", "ddb", "data", "store", "main", "app", "dev", "prod", "test"}
)
_OF_ANY_KEY = frozenset(
    {"id", "pk", "sk", "key", "name", "type", "hash", "range", "uuid", "date", "timestamp", "email"}
)


def called_alike(function: Resource, tables: Iterable[Resource]) -> list[Resource]:
    """The tables all of whose own words, or those of whose partition key, are in the name or the handler of a function."""
    texts = (function.logical_id, text_of(function.get("FunctionName")), text_of(function.get("Handler")))
    said = {word for text in texts if text for word in _words(text)}
    return [table for table in tables if _means(said, _words(table.logical_id) - _OF_ANY) or _means(said, _key(table))]


def _means(said: set[str], words: set[str]) -> bool:
    return bool(words) and words <= said


def _key(table: Resource) -> set[str]:
    for item in items_of(table.get("KeySchema")):
        if text_of(entries_of(item).get("KeyType")) == "HASH":
            return _words(text_of(entries_of(item).get("AttributeName")) or "") - _OF_ANY_KEY
    return set()


def _words(text: str) -> set[str]:
    """The words of a name in the singular."""
    return {
        word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")
        for word in words_of(text).split("_")
        if word
    }
