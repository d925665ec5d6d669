"""What each function's role says about the tables it uses, and which analytical services it may write to or ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from constructs_lib.model.fleet import Connection
from constructs_lib.model.grants import Grant
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.kinds import TABLES
from constructs_lib.readers.cloudformation.permissions import Permissions, Statement
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.regex import regex

_ANALYTICAL = (
    "athena:StartQueryExecution", "glue:StartJobRun", "glue:BatchCreatePartition", "glue:CreatePartition", "firehose:PutRecord",
    "firehose:PutRecordBatch", "redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement", "s3tables:PutTableData",
)  # fmt: skip
_LAKE = regex(r"lake|analytic|warehouse|parquet|athena|reporting", re.IGNORECASE)


@lru_cache(maxsize=8192)
def _analytical(allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The actions on analytical services that these actions of a statement cover."""
    statement = Statement(allowed, ())
    return tuple(action for action in _ANALYTICAL if statement.allows(action))


class Grants:
    """Statements of functions, by table."""

    def __init__(self, environment: Environment, permissions: Permissions) -> None:
        self.environment = environment
        self.permissions = permissions
        self._tables: dict[int, frozenset[str]] = {}

    def _written(self, function: Resource) -> tuple[Statement, ...]:
        role = self.permissions.role_of(function)
        return () if role is None else self.permissions.written_for(role)

    def attached(self, function: Resource, connections: Iterable[Connection]) -> Iterator[Connection]:
        """The connections, those to tables with what the role says about the table."""
        for connection in connections:
            grants = tuple(self._about(function, connection.store)) if connection.via == "http" else ()
            yield connection._replace(grants=grants) if grants else connection

    def _about(self, function: Resource, table: str) -> Iterator[Grant]:
        for statement in self._written(function):
            actions = tuple(action for action in statement.actions if action.lower().startswith("dynamodb:"))
            if actions and (statement.everywhere or table in self._named(statement)):
                yield Grant(
                    actions,
                    refused=statement.refused,
                    conditional=statement.conditional,
                    ready_made=statement.ready_made,
                )

    def _named(self, statement: Statement) -> frozenset[str]:
        known = self._tables.get(id(statement))
        if known is None:
            uses = [use for resource in statement.resources for use in self.environment.uses(resource, "")]
            known = frozenset(use.resource.id for use in uses if use.resource.type in TABLES)
            self._tables[id(statement)] = known
        return known

    def analytical(self, function: Resource) -> tuple[str, ...]:
        """Actions on analytical services that the role allows, and writing to buckets whose name says lake or the like."""
        found: dict[str, None] = {}
        for statement in self._written(function):
            if statement.refused:
                continue
            found.update(dict.fromkeys(_analytical(statement.actions)))
            if statement.allows("s3:PutObject"):
                found.update(dict.fromkeys(f"s3:PutObject on '{bucket}'" for bucket in self._lakes(statement)))
        return tuple(found)

    def _lakes(self, statement: Statement) -> Iterator[str]:
        for resource in statement.resources:
            for use in self.environment.uses(resource, ""):
                if use.resource.type == "AWS::S3::Bucket" and _LAKE.search(use.resource.logical_id):
                    yield use.resource.id
