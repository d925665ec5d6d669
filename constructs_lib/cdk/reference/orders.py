"""The order API's function on the relational store, and the migration that brings its schema up to date."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from constructs_lib.cdk.function import StoreFunction
from constructs_lib.cdk.reference.acknowledge import acknowledge_function
from constructs_lib.cdk.reference.blueprint import ORDER_API, Blueprint
from constructs_lib.cdk.reference.local_database import LocalOrderDatabase
from constructs_lib.cdk.reference.migration import SOURCE, DatabaseMigration
from constructs_lib.cdk.reference.order_database import OrderDatabase

Database = OrderDatabase | LocalOrderDatabase


class Orders(Construct):
    """``order-api`` within the concurrency of its blueprint, and the deploy-time migration."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        database: Database,
        blueprint: Blueprint,
        removal_policy: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(scope, id)
        self._database, self._removal_policy = database, removal_policy
        self.order_api = self._order_api(blueprint)
        self.connected = blueprint.profiles.connect(
            ORDER_API, self.order_api, database.store, concurrency=blueprint.order_concurrency
        )
        self.migration = self._migration()

    def _order_api(self, blueprint: Blueprint) -> StoreFunction:
        place = self._database.place(self, "OrderApi")
        function = blueprint.profiles.function(
            self,
            "OrderApi",
            ORDER_API,
            entry="order_api",
            **place.arguments(),
            log_removal_policy=self._removal_policy,
        )
        acknowledge_function(
            function, dead_letters="called synchronously by the API: the client gets the failure and tries again"
        )
        return function

    def _migration(self) -> DatabaseMigration:
        function = StoreFunction(
            self,
            "MigrationFunction",
            entry=SOURCE,
            timeout=cdk.Duration.minutes(5),
            **self._database.place(self, "MigrationFunction").arguments(),
            log_removal_policy=self._removal_policy,
        )
        self._database.admit_owner(function)
        acknowledge_function(
            function,
            dead_letters="CloudFormation waits for the answer and fails the deployment: nothing is left to queue",
        )
        return DatabaseMigration(self, "Migration", function=function)
