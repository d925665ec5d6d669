"""What a function says of itself: its names, handler, description, layers and logins, as far as they speak of a kind of database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.readers.cloudformation.database_words import names_user, words_of
from constructs_lib.readers.cloudformation.environment import HIDDEN_STORE
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Reference, Text, Value, entries_of, items_of, why_unread
from constructs_lib.regex import regex

_SPOKEN_BY = ("FunctionName", "Handler", "Description")
#: What speaks of the stores of a service: their names, and the drivers and libraries that connect to them.
_SQL = (
    "aurora|rds|postgres(?:ql)?|pg|psycopg[23]?|asyncpg|pg8000|(?:py|aio|async)?mysql(?:client|2)?|maria(?:db)?|sql|database|db|"
    "sqlalchemy|knex|typeorm|prisma|sequelize|jdbc|oracledb|pyodbc|mssql"
)
_REDIS = "(?:io)?redis(?:py)?|valkey|glide|cache"
_WORDS = {
    service: regex(rf"(?:^|_)(?:{words})(?:_|$)", re.IGNORECASE)
    for service, words in {
        "AWS::RDS::": _SQL,
        "AWS::DocDB": "docdb|documentdb|(?:py)?mongo(?:db|ose|engine)?|database|db",
        "AWS::ElastiCache::": f"{_REDIS}|(?:py)?memcached?|elasticache",
        "AWS::MemoryDB::": f"{_REDIS}|memorydb",
        "AWS::Neptune::": "neptune|gremlin|sparql|graph(?:db)?",
    }.items()
}
#: Libraries that do nothing but connect to a database.
_DRIVERS = regex(
    r"(?:^|_)(?:psycopg[23]?|asyncpg|pg8000|(?:py|aio|async)mysql|mysqlclient|sqlalchemy|knex|typeorm|prisma|sequelize|oracledb|"
    r"cx_oracle|pyodbc|pymssql|pymongo|mongoose|mongoengine|ioredis)(?:_|$)"
)


def driver_of(function: Resource) -> str | None:
    """What a layer is called that brings the driver of a database; ``None`` where no name tells."""
    layers = (text for layer in items_of(function.get("Layers")) for text in _texts(layer))
    return next((text.strip(":") for text in layers if _DRIVERS.search(words_of(text))), None)


def speaks_of(function: Resource, store: Resource) -> str | None:
    """The words by which a function says that it works with stores of such a kind; ``None`` when it says nothing."""
    pattern = next((words for service, words in _WORDS.items() if store.type.startswith(service)), None)
    if pattern is None:
        return None
    return next((said for said in _said(function) if pattern.search(words_of(said))), None)


def _said(function: Resource) -> Iterator[str]:
    yield function.logical_id
    for name in _SPOKEN_BY:
        yield from _texts(function.get(name))
    for layer in items_of(function.get("Layers")):
        yield from _texts(layer)
    variables = entries_of(function.get("Environment", "Variables"))
    yield from (str(name) for name in variables if names_user(str(name)))
    yield why_unread(variables.get(HIDDEN_STORE)) or ""


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Reference):
        yield value.logical_id
    elif isinstance(value, Text):
        yield from (
            part if isinstance(part, str) else part.logical_id
            for part in value.parts
            if isinstance(part, (str, Reference))
        )
