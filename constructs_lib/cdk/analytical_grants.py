"""What readers and writers of the lake may do: readers ask Athena, writers replace files of one table."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

_QUERY = (
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_CATALOG = ("glue:GetDatabase", "glue:GetPartitions", "glue:GetTable")


class LakeAccess(enum.Enum):
    """``READ`` queries a table through the workgroup; ``WRITE`` writes, lists and deletes the table's files."""

    READ = "read"
    WRITE = "write"


def grant_write(bucket: s3.IBucket, grantee: iam.IGrantable, prefix: str) -> iam.Grant:
    """Grant writing, reading back and deleting objects under ``prefix``, and asking whether an object exists.

    Listing is not limited to the prefix: S3 answers 404 for a missing object only to who may list the bucket, and such a request
    carries no prefix that a condition could match (S3 API, GetObject and HeadObject permissions, 2026-11-21).
    """
    return iam.Grant.add_to_principal(
        grantee=grantee, actions=["s3:ListBucket"], resource_arns=[bucket.bucket_arn]
    ).combine(
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            resource_arns=[bucket.arn_for_objects(f"{prefix}*")],
        )
    )


def grant_query(
    bucket: s3.IBucket,
    grantee: iam.IGrantable,
    *,
    workgroup: athena.CfnWorkGroup,
    database: str,
    table: str,
    prefix: str,
    results: str,
) -> iam.Grant:
    """Grant Athena queries on one table through one workgroup, with the file access that Athena takes from its caller."""
    stack = cdk.Stack.of(workgroup)
    catalog = [
        stack.format_arn(service="glue", resource="catalog"),
        stack.format_arn(service="glue", resource="database", resource_name=database),
        stack.format_arn(service="glue", resource="table", resource_name=f"{database}/{table}"),
    ]
    group = stack.format_arn(service="athena", resource="workgroup", resource_name=workgroup.name)
    grants = [
        iam.Grant.add_to_principal(grantee=grantee, actions=list(_QUERY), resource_arns=[group]),
        iam.Grant.add_to_principal(grantee=grantee, actions=list(_CATALOG), resource_arns=catalog),
        _objects(bucket, grantee, ("s3:GetObject",), prefix),
        _objects(bucket, grantee, ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"), results),
        _location(bucket, grantee),
    ]
    return _together(_list(bucket, grantee, (prefix, results)), grants)


def _together(first: iam.Grant, rest: Sequence[iam.Grant]) -> iam.Grant:
    for grant in rest:
        first = first.combine(grant)
    return first


def _objects(bucket: s3.IBucket, grantee: iam.IGrantable, actions: Sequence[str], prefix: str) -> iam.Grant:
    return iam.Grant.add_to_principal(
        grantee=grantee, actions=list(actions), resource_arns=[bucket.arn_for_objects(f"{prefix}*")]
    )


def _location(bucket: s3.IBucket, grantee: iam.IGrantable) -> iam.Grant:
    """Athena asks where the result bucket lives before it writes to it."""
    return iam.Grant.add_to_principal(
        grantee=grantee, actions=["s3:GetBucketLocation"], resource_arns=[bucket.bucket_arn]
    )


def _list(bucket: s3.IBucket, grantee: iam.IGrantable, prefixes: Sequence[str]) -> iam.Grant:
    return iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["s3:ListBucket"],
        resource_arns=[bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
    )
