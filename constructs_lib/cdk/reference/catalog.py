"""Key-value functions on one table: each reaches the items of its own entities and nobody else's."""

from __future__ import annotations

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.cdk.function import StoreFunction
from constructs_lib.cdk.reference.acknowledge import acknowledge, acknowledge_function
from constructs_lib.cdk.single_table import SingleTableStore

TENANT_KEYS = ("TENANT#*",)
IDEMPOTENCY_KEYS = ("IDEMPOTENCY#*",)


class Catalog(Construct):
    """The single table with ``idempotency-check`` and ``project-catalog``; limits are in concurrent executions."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        idempotency_limit: int,
        catalog_limit: int,
        removal_policy: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(scope, id)
        self.store = SingleTableStore(
            self,
            "Table",
            maximum_read_units=3000,
            maximum_write_units=1000,
            deletion_protection=removal_policy is not cdk.RemovalPolicy.DESTROY,
            removal_policy=removal_policy,
        )
        self.idempotency_check = self._function("idempotency_check", "IdempotencyCheck", removal_policy)
        self.project_catalog = self._function("project_catalog", "ProjectCatalog", removal_policy)
        _reserve(self.idempotency_check, idempotency_limit)
        _reserve(self.project_catalog, catalog_limit)
        self.store.connect(self.idempotency_check, leading_keys=IDEMPOTENCY_KEYS)
        self.store.connect(self.project_catalog, leading_keys=TENANT_KEYS, pagination=True)
        acknowledge(
            self.store.cursor_secret,
            {
                "AwsSolutions-SMG4": "signs pagination cursors only; replace it at will: cursors in flight then start over"
            },
        )

    def _function(self, entry: str, name: str, removal_policy: cdk.RemovalPolicy) -> StoreFunction:
        function = StoreFunction(self, name, entry=entry, log_removal_policy=removal_policy)
        acknowledge_function(
            function, dead_letters="called synchronously: whoever called gets the failure and tries again"
        )
        return function


def _reserve(function: lambda_.Function, executions: int) -> None:
    cast(lambda_.CfnFunction, function.node.default_child).reserved_concurrent_executions = executions
