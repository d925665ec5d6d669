"""The reference stack: orders, projects and a sales dashboard, put together from their profiles."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from constructs_lib.cdk.allocation import Concurrency
from constructs_lib.cdk.reference.alarms import Alarms
from constructs_lib.cdk.reference.catalog import Catalog
from constructs_lib.cdk.reference.customers import Customers
from constructs_lib.cdk.reference.local_database import LocalOrderDatabase
from constructs_lib.cdk.reference.order_database import OrderDatabase
from constructs_lib.cdk.reference.orders import Database, Orders
from constructs_lib.cdk.reference.sales import Sales
from constructs_lib.cdk.reference.stage import local_database
from constructs_lib.cdk.reference.tenant_api import ApiRoute, TenantApi, fixed

ORDER_ROUTES = (
    ApiRoute("POST", "/orders", 0.6),
    ApiRoute("GET", "/orders", 0.2),
    ApiRoute("GET", "/orders/{order_id}", 0.2),
)
PROJECT_ROUTES = (
    ApiRoute("POST", "/projects", 0.2),
    ApiRoute("GET", "/projects", 0.4),
    ApiRoute("GET", "/projects/{project_id}", 0.4),
)


class ReferenceStack(cdk.Stack):
    """Everything of the reference, in any region and account."""

    def __init__(self, scope: Construct, id: str, *, concurrency: Concurrency) -> None:
        super().__init__(scope, id, description="poolproof reference: three kinds of store behind counted connections")
        local = local_database(self.node)
        kept = cdk.RemovalPolicy.DESTROY if local else cdk.RemovalPolicy.RETAIN
        database: Database = (
            LocalOrderDatabase(self, "Database", database=local)
            if local
            else OrderDatabase(self, "Database", removal_policy=kept)
        )
        self.orders = Orders(
            self, "Orders", database=database, concurrency=concurrency, transactions=1, removal_policy=kept
        )
        self.catalog = Catalog(self, "Catalog", idempotency_limit=50, catalog_limit=50, removal_policy=kept)
        self.sales = Sales(self, "Sales", database=database, every=cdk.Duration.hours(1), removal_policy=kept)
        self.customers = Customers(self, "Customers", second_factor=local is None, removal_policy=kept)
        self.api = TenantApi(self, "Api", customers=self.customers, removal_policy=kept)
        self.api.add_function(
            self.orders.order_api, routes=ORDER_ROUTES, reserved=self.orders.connected.derive, seconds_per_request=0.2
        )
        self.api.add_function(
            self.catalog.project_catalog, routes=PROJECT_ROUTES, reserved=fixed(50), seconds_per_request=0.1
        )
        alarms = Alarms(self, "Alarms")
        for function in (self.orders.order_api, self.catalog.idempotency_check, self.catalog.project_catalog):
            alarms.on_throttles(function)
        if isinstance(database, OrderDatabase):
            alarms.on_borrow_waits(database.store.metric_borrow_latency(), borrow_timeout_seconds=10)
        alarms.carry([self.sales.projector.freshness_alarm, self.sales.projector.failure_alarm])
