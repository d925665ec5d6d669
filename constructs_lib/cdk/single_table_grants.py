"""What a function may do with the items of a single table, and with whose items."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

_READ = ("dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query")
_WRITE = ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


class TableAccess(enum.Enum):
    """Item operations a function is granted. None of them holds Scan or PartiQL.

    A transaction needs no action of its own: DynamoDB authorizes each of its puts, updates, deletes and condition checks
    (DynamoDB developer guide, "Using IAM with DynamoDB transactions", 2026-11-21).
    """

    READ = _READ
    WRITE = (*_WRITE, "dynamodb:ConditionCheckItem")
    READ_WRITE = (*_READ, *_WRITE)


def grant_items(
    table: dynamodb.ITableV2,
    grantee: iam.IGrantable,
    access: TableAccess,
    *,
    indexes: Sequence[str],
    leading_keys: Sequence[str] = (),
) -> iam.Grant:
    """Grant ``access`` on the table and on the named indexes only.

    ``leading_keys`` are patterns for the partition key of every item touched (``TENANT#${aws:PrincipalTag/tenant}``,
    ``IDEMPOTENCY#*``); empty means every item. A wildcard pattern may stand for characters, never for a second key.
    """
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(leading_keys)}}
    # ForAllValues is true of an empty set: without the Null test a call that names no key would pass.
    present = {"Null": {"dynamodb:LeadingKeys": "false"}}
    return iam.Grant.add_to_principal(
        grantee=grantee,
        actions=sorted(access.value),
        resource_arns=[table.table_arn, *(f"{table.table_arn}/index/{name}" for name in indexes)],
        conditions={**condition, **present} if leading_keys else None,
    )
