"""The sales dashboard's lake and the hourly projection of orders into it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.cdk._assets import lambda_source
from constructs_lib.cdk.analytical import AnalyticalStore
from constructs_lib.cdk.function import StoreFunction, dependency_layer
from constructs_lib.cdk.projector import AnalyticalProjector
from constructs_lib.cdk.reference.acknowledge import acknowledge, acknowledge_function, objects_under
from constructs_lib.cdk.reference.blueprint import SALES_PROJECTOR, Blueprint
from constructs_lib.cdk.reference.orders import Database

SOURCE = "sales_dashboard_projector"
COLUMNS = {
    "order_id": "string",
    "tenant_id": "string",
    "customer_id": "string",
    "currency": "string",
    "total_minor": "bigint",
    "line_count": "int",
    "created_at": "timestamp",
}
"""What the projector writes; amounts are whole minor units."""
_UNUSED = (
    "pyarrow/tests",
    "pyarrow/include",
    "pyarrow/src",
    "pyarrow/**/*.px[di]",
    "pyarrow/**/*.pyx",
    "pyarrow/_flight*",
    "pyarrow/_pyarrow_cpp_tests*",
    "pyarrow/libarrow_flight*",
    "pyarrow/libarrow_python_flight*",
)
"""Left out of the layer: headers, tests, and the RPC library that writing Parquet never loads. Lambda unpacks 250 MB at most."""


class Sales(Construct):
    """``sales-dashboard-projector`` from the orders into the table ``sales``."""

    def __init__(
        self, scope: Construct, id: str, *, database: Database, blueprint: Blueprint, removal_policy: cdk.RemovalPolicy
    ) -> None:
        super().__init__(scope, id)
        self.lake = AnalyticalStore(
            self, "Lake", access_logs_bucket=self._access_logs(removal_policy), removal_policy=removal_policy
        )
        self.table = self.lake.add_table("sales", columns=COLUMNS)
        self.function = self._function(database, blueprint, removal_policy)
        database.admit_projection(self.function)
        self.projector = AnalyticalProjector(
            self,
            "SalesDashboard",
            function=self.function,
            source=database.store,
            lake=self.lake,
            table=self.table,
            every=blueprint.projection_interval,
            settle=database.settle,
            via=database.projection_route,
            removal_policy=removal_policy,
        )
        self._acknowledge()

    def _function(self, database: Database, blueprint: Blueprint, removal_policy: cdk.RemovalPolicy) -> StoreFunction:
        requirements = lambda_source(SOURCE) / "requirements.txt"
        return blueprint.profiles.function(
            self,
            "Projector",
            SALES_PROJECTOR,
            entry=SOURCE,
            layers=[dependency_layer(self, "Parquet", requirements=requirements, prune=_UNUSED)],
            **database.place(self, "Projector").arguments(),
            log_removal_policy=removal_policy,
        )

    def _access_logs(self, removal_policy: cdk.RemovalPolicy) -> s3.Bucket:
        return s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=cdk.Duration.days(90))],
            removal_policy=removal_policy,
        )

    def _acknowledge(self) -> None:
        acknowledge_function(
            self.function,
            dead_letters="failed runs go to the projector's queue through the on-failure destination, with their cause",
        )
        acknowledge(
            self.function,
            {
                objects_under(
                    self.lake.bucket, self.table.prefix
                ): "names of partitions and runs are not known before they exist"
            },
        )
        last_stop = "is itself a dead-letter queue: an alarm on its depth calls a person"
        acknowledge(
            self.projector.dead_letters, {"AwsSolutions-SQS3": last_stop, "Serverless-SQSRedrivePolicy": last_stop}
        )
