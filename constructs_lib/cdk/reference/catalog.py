"""Key-value functions on one table: each reaches the items of its own entities and nobody else's."""

from __future__ import annotations

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.cdk.function import StoreFunction
from constructs_lib.cdk.reference.acknowledge import acknowledge, acknowledge_function
from constructs_lib.cdk.reference.blueprint import IDEMPOTENCY_CHECK, PROJECT_CATALOG, Blueprint
from constructs_lib.cdk.single_table import SingleTableStore

TENANT_KEYS = ("TENANT#*",)
IDEMPOTENCY_KEYS = ("IDEMPOTENCY#*",)


class Catalog(Construct):
    """The single table with ``idempotency-check`` and ``project-catalog``, each within the limit of its profile."""

    def __init__(self, scope: Construct, id: str, *, blueprint: Blueprint, removal_policy: cdk.RemovalPolicy) -> None:
        super().__init__(scope, id)
        self.store = SingleTableStore(
            self,
            "Table",
            maximum_read_units=3000,
            maximum_write_units=1000,
            deletion_protection=removal_policy is not cdk.RemovalPolicy.DESTROY,
            removal_policy=removal_policy,
        )
        self.idempotency_check = self._function(IDEMPOTENCY_CHECK, blueprint, removal_policy)
        self.project_catalog = self._function(PROJECT_CATALOG, blueprint, removal_policy)
        self.store.connect(self.idempotency_check, leading_keys=IDEMPOTENCY_KEYS)
        self.store.connect(self.project_catalog, leading_keys=TENANT_KEYS, pagination=True)
        acknowledge(
            self.store.cursor_secret,
            {
                "AwsSolutions-SMG4": "signs pagination cursors only; replace it at will: cursors in flight then start over"
            },
        )

    def _function(self, name: str, blueprint: Blueprint, removal_policy: cdk.RemovalPolicy) -> StoreFunction:
        function = blueprint.profiles.function(
            self,
            "".join(word.capitalize() for word in name.split("-")),
            name,
            entry=name.replace("-", "_"),
            log_removal_policy=removal_policy,
        )
        resource = cast(lambda_.CfnFunction, function.node.default_child)
        resource.reserved_concurrent_executions = blueprint.fixed(name)
        acknowledge_function(
            function, dead_letters="called synchronously: whoever called gets the failure and tries again"
        )
        return function
