"""The order API's function on the relational store, and the migration that brings its schema up to date."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from constructs_lib.cdk.allocation import Concurrency
from constructs_lib.cdk.function import StoreFunction
from constructs_lib.cdk.reference.acknowledge import acknowledge_function
from constructs_lib.cdk.reference.local_database import LocalOrderDatabase
from constructs_lib.cdk.reference.migration import SOURCE, DatabaseMigration
from constructs_lib.cdk.reference.order_database import OrderDatabase

Database = OrderDatabase | LocalOrderDatabase


class Orders(Construct):
    """``order-api`` within ``concurrency``, and the deploy-time migration."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        database: Database,
        concurrency: Concurrency,
        transactions: int,
        removal_policy: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(scope, id)
        self._database, self._removal_policy = database, removal_policy
        self.order_api = self._function("order_api", "OrderApi", cdk.Duration.seconds(25))
        self.connected = database.store.connect(
            self.order_api, concurrency=concurrency, transactions_per_invocation=transactions
        )
        acknowledge_function(
            self.order_api, dead_letters="called synchronously by the API: the client gets the failure and tries again"
        )
        self.migration = self._migration()

    def _migration(self) -> DatabaseMigration:
        function = self._function(SOURCE, "MigrationFunction", cdk.Duration.minutes(5))
        self._database.admit_owner(function)
        acknowledge_function(
            function,
            dead_letters="CloudFormation waits for the answer and fails the deployment: nothing is left to queue",
        )
        return DatabaseMigration(self, "Migration", function=function)

    def _function(self, entry: str, name: str, timeout: cdk.Duration) -> StoreFunction:
        place = self._database.place(self, name)
        return StoreFunction(
            self,
            name,
            entry=entry,
            timeout=timeout,
            vpc=place.vpc,
            vpc_subnets=place.vpc_subnets,
            security_groups=place.security_groups,
            log_removal_policy=self._removal_policy,
        )
