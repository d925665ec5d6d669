"""An S3 lake of Parquet tables, their Glue catalog, and an Athena workgroup that refuses to scan without end."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.cdk._environment import set_environment
from constructs_lib.cdk._metadata import declare_connection, resource_of
from constructs_lib.cdk.analytical_grants import LakeAccess, grant_query, grant_write
from constructs_lib.cdk.analytical_tables import LakeTable, projected_table, refuse_bad_table
from constructs_lib.errors import ConnectError, InputError, Problem

_TABLES = "tables/"
_RESULTS = "query-results/"
_MINIMUM_SCAN_BYTES = 10_000_000
"""Smallest cut-off Athena accepts, 10 MB (Athena API, WorkGroupConfiguration, 2026-11-21)."""


class AnalyticalStore(Construct):
    """A lake bucket, a Glue database and an Athena workgroup with an enforced configuration.

    ``scan_limit`` stops any query that reads more (10 MB or above); query results expire after ``results_kept``. The bucket is
    not versioned by default: its tables are derived from their sources and replaced whole, old versions would only cost.
    Objects are encrypted with S3's key unless ``encryption_key`` is given. ``access_logs_bucket`` receives S3 access logs.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        scan_limit: cdk.Size | None = None,
        results_kept: cdk.Duration | None = None,
        versioned: bool = False,
        encryption_key: kms.IKey | None = None,
        access_logs_bucket: s3.IBucket | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id)
        self.bucket = self._make_bucket(
            results_kept or cdk.Duration.days(30), versioned, encryption_key, access_logs_bucket, removal_policy
        )
        self.database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=cdk.Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=_glue_name(self), description="Tables projected from other stores"
            ),
        )
        self.workgroup = self._make_workgroup(_scan_bytes(id, scan_limit), encryption_key, removal_policy)
        self._tables: dict[str, LakeTable] = {}

    def add_table(
        self, name: str, *, columns: Mapping[str, str], partition: str = "dt", first_day: str = "2026-01-01"
    ) -> LakeTable:
        """Add a Parquet table; ``columns`` maps a name to its Glue type, ``partition`` is a day as ``yyyy-MM-dd``.

        Raises ``InputError`` with every wrong name and type together.
        """
        refuse_bad_table(name, columns, partition)
        prefix = f"{_TABLES}{name}/"
        resource = projected_table(
            self,
            name=name,
            database=self.database,
            location=self.bucket.s3_url_for_object(prefix),
            columns=columns,
            partition=partition,
            first_day=first_day,
        )
        self._tables[name] = LakeTable(name, prefix, partition, resource)
        return self._tables[name]

    @property
    def database_name(self) -> str:
        """The Glue database's name, as a reference that orders what uses it after it."""
        return self.database.ref

    def connect(
        self, function: lambda_.Function, *, table: LakeTable | str, access: LakeAccess = LakeAccess.READ
    ) -> iam.Grant:
        """Give ``function`` the names of bucket, database, table and workgroup, and what ``access`` needs for that table."""
        chosen = self._table(table)
        set_environment(function, chosen.resource, "lake", self._environment(chosen))
        resource = self.workgroup if access is LakeAccess.READ else resource_of(self.bucket)
        declare_connection(function, store=resource, via="http", connections_per_environment=0)
        return self.grant(function, table=chosen, access=access)

    def grant(self, grantee: iam.IGrantable, *, table: LakeTable | str, access: LakeAccess) -> iam.Grant:
        """Grant queries on one table (``READ``) or writing its files (``WRITE``)."""
        chosen = self._table(table)
        if self.bucket.encryption_key is not None:
            self.bucket.encryption_key.grant_encrypt_decrypt(grantee)
        if access is LakeAccess.WRITE:
            return grant_write(self.bucket, grantee, chosen.prefix)
        return grant_query(
            self.bucket,
            grantee,
            workgroup=self.workgroup,
            database=self.database_name,
            table=chosen.name,
            prefix=chosen.prefix,
            results=_RESULTS,
        )

    def _environment(self, table: LakeTable) -> dict[str, str]:
        return {
            "POOLPROOF_LAKE_BUCKET": self.bucket.bucket_name,
            "POOLPROOF_LAKE_DATABASE": self.database_name,
            "POOLPROOF_LAKE_TABLE": table.name,
            "POOLPROOF_LAKE_PREFIX": table.prefix,
            "POOLPROOF_LAKE_WORKGROUP": self.workgroup.name,
        }

    def _table(self, table: LakeTable | str) -> LakeTable:
        name = table if isinstance(table, str) else table.name
        if name not in self._tables:
            known = ", ".join(sorted(self._tables)) or "none"
            raise ConnectError(
                f"'{self.node.path}' has no table '{name}'; its tables are: {known}; add it with add_table first"
            )
        return self._tables[name]

    def _make_bucket(
        self,
        results_kept: cdk.Duration,
        versioned: bool,
        key: kms.IKey | None,
        logs: s3.IBucket | None,
        removal_policy: cdk.RemovalPolicy,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            "Resource",
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=key is not None,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            server_access_logs_bucket=logs,
            server_access_logs_prefix="lake/" if logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(id="ResultsExpire", prefix=_RESULTS, expiration=results_kept),
                s3.LifecycleRule(id="AbandonedUploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)),
            ],
            removal_policy=removal_policy,
        )

    def _make_workgroup(
        self, scan_bytes: int, key: kms.IKey | None, removal_policy: cdk.RemovalPolicy
    ) -> athena.CfnWorkGroup:
        return athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=cdk.Names.unique_resource_name(self, max_length=100),
            description="Queries on the lake, each within a scan limit",
            recursive_delete_option=removal_policy is cdk.RemovalPolicy.DESTROY,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=scan_bytes,
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=self.bucket.s3_url_for_object(_RESULTS),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS" if key else "SSE_S3", kms_key=key.key_arn if key else None
                    ),
                ),
            ),
        )


def _glue_name(scope: Construct) -> str:
    """A database name from the construct path: Glue folds names to lower case and Athena wants no hyphen."""
    return cdk.Names.unique_resource_name(scope, max_length=100, separator="_").lower()


def _scan_bytes(lake: str, limit: cdk.Size | None) -> int:
    size = int((limit or cdk.Size.gibibytes(10)).to_bytes())
    if size < _MINIMUM_SCAN_BYTES:
        raise InputError(
            [Problem(f"scan_limit of '{lake}' is {size} bytes; Athena accepts {_MINIMUM_SCAN_BYTES} or more")]
        )
    return size
