"""The reference stack: orders, projects and a sales dashboard, put together from their profiles."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from constructs_lib.cdk.reference.alarms import Alarms
from constructs_lib.cdk.reference.blueprint import ORDER_API, PROJECT_CATALOG, Blueprint, read_blueprint
from constructs_lib.cdk.reference.catalog import Catalog
from constructs_lib.cdk.reference.customers import Customers
from constructs_lib.cdk.reference.local_database import LocalOrderDatabase
from constructs_lib.cdk.reference.order_database import BORROW_TIMEOUT_SECONDS, OrderDatabase
from constructs_lib.cdk.reference.orders import Database, Orders
from constructs_lib.cdk.reference.sales import Sales
from constructs_lib.cdk.reference.stage import LocalDatabase, local_database
from constructs_lib.cdk.reference.tenant_api import ApiRoute, TenantApi, fixed

ORDER_ROUTES = (
    ApiRoute("POST", "/orders", 0.6),
    ApiRoute("GET", "/orders", 0.2),
    ApiRoute("GET", "/orders/{order_id}", 0.2),
)
PROJECT_ROUTES = (
    ApiRoute("POST", "/projects", 0.2),
    ApiRoute("GET", "/projects", 0.3),
    ApiRoute("GET", "/projects/{project_id}", 0.3),
    ApiRoute("PUT", "/projects/{project_id}", 0.1),
    ApiRoute("GET", "/tenant", 0.1),
)


class ReferenceStack(cdk.Stack):
    """Everything of the reference, in any region and account, from one profiles file.

    Context ``poolproof:stage=local`` with ``poolproof:local`` puts it on one machine; ``poolproof:profiles`` names another file,
    ``poolproof:order_api_concurrency`` another limit of the order API.
    """

    def __init__(self, scope: Construct, id: str, *, profiles: Path) -> None:
        super().__init__(scope, id, description="poolproof reference: three kinds of store behind counted connections")
        local = local_database(self.node)
        kept = cdk.RemovalPolicy.DESTROY if local else cdk.RemovalPolicy.RETAIN
        plan = read_blueprint(self.node, profiles, local=local is not None)
        plan.profiles.warn(self)
        self.database = _database(self, local)
        self.orders = Orders(self, "Orders", database=self.database, blueprint=plan, removal_policy=kept)
        self.catalog = Catalog(self, "Catalog", blueprint=plan, removal_policy=kept)
        self.sales = Sales(self, "Sales", database=self.database, blueprint=plan, removal_policy=kept)
        self.customers = Customers(self, "Customers", second_factor=local is None, removal_policy=kept)
        self.api = TenantApi(self, "Api", customers=self.customers, removal_policy=kept)
        self._serve(plan)
        self.alarms = Alarms(self, "Alarms")
        self._watch()
        self._tell()

    def _serve(self, blueprint: Blueprint) -> None:
        self.api.add_function(
            self.orders.order_api,
            routes=ORDER_ROUTES,
            reserved=self.orders.connected.derive,
            seconds_per_request=blueprint.seconds_per_request(ORDER_API),
        )
        self.api.add_function(
            self.catalog.project_catalog,
            routes=PROJECT_ROUTES,
            reserved=fixed(blueprint.fixed(PROJECT_CATALOG)),
            seconds_per_request=blueprint.seconds_per_request(PROJECT_CATALOG),
        )

    def _watch(self) -> None:
        for function in (self.orders.order_api, self.catalog.idempotency_check, self.catalog.project_catalog):
            self.alarms.on_throttles(function)
        if isinstance(self.database, OrderDatabase):
            latency = self.database.store.metric_borrow_latency()
            self.alarms.on_borrow_waits(latency, borrow_timeout_seconds=BORROW_TIMEOUT_SECONDS)
        self.alarms.carry([self.sales.projector.freshness_alarm, self.sales.projector.failure_alarm])

    def _tell(self) -> None:
        outputs = {
            "ApiUrl": self.api.url,
            "UserPoolId": self.customers.pool.user_pool_id,
            "UserPoolClientId": self.customers.client.user_pool_client_id,
            "OrderApiFunction": self.orders.order_api.function_name,
            "IdempotencyCheckFunction": self.catalog.idempotency_check.function_name,
            "ProjectCatalogFunction": self.catalog.project_catalog.function_name,
            "SalesProjectorFunction": self.sales.function.function_name,
            "MigrationFunction": self.orders.migration.function.function_name,
            "TableName": self.catalog.store.table.table_name,
            "CheckpointTable": self.sales.projector.checkpoints.table.table_name,
            "LakeBucket": self.sales.lake.bucket.bucket_name,
            "LakeDatabase": self.sales.lake.database_name,
            "LakeTable": self.sales.table.name,
            "LakeWorkgroup": self.sales.lake.workgroup.name,
            "AlarmTopic": self.alarms.topic.topic_arn,
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)


def _database(scope: Construct, local: LocalDatabase | None) -> Database:
    if local is not None:
        return LocalOrderDatabase(scope, "Database", database=local)
    return OrderDatabase(scope, "Database", removal_policy=cdk.RemovalPolicy.RETAIN)
