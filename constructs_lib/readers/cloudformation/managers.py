"""Functions that start, stop or copy databases through AWS's API: an address in their environment names the database, and no more."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.readers.cloudformation.allowances import LOGIN, READ_SECRET
from constructs_lib.readers.cloudformation.clues import Clue
from constructs_lib.readers.cloudformation.database_words import names_user
from constructs_lib.readers.cloudformation.permissions import Statement
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import entries_of

#: What changes a database from outside (RDS API reference, actions, read 2026-11-22).
_MANAGES = (
    "rds:StartDBInstance", "rds:StopDBInstance", "rds:StartDBCluster", "rds:StopDBCluster", "rds:RebootDBInstance",
    "rds:ModifyDBInstance", "rds:ModifyDBCluster", "rds:CreateDBSnapshot", "rds:CreateDBClusterSnapshot", "rds:DeleteDBSnapshot",
    "rds:CopyDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot", "rds:StartExportTask", "rds:FailoverDBCluster",
)  # fmt: skip


def without_managers(function: Resource, statements: Sequence[Statement] | None, found: list[Clue]) -> list[Clue]:
    """The clues, possible only where the function manages databases and has neither a network nor a login to connect with."""
    if statements is None or function.get("VpcConfig") not in (None, {}) or not _manages(function, statements):
        return found
    why = "its role manages databases, and it has no login"
    return [
        clue._replace(strength="possible", evidence=f"{clue.evidence}; {why}") if clue.addressed else clue
        for clue in found
    ]


def _manages(function: Resource, statements: Sequence[Statement]) -> bool:
    if not any(statement.allows(*_MANAGES) for statement in statements):
        return False
    logs_in = any(statement.allows(LOGIN, READ_SECRET) for statement in statements)
    return not logs_in and not any(
        names_user(str(name)) for name in entries_of(function.get("Environment", "Variables"))
    )
