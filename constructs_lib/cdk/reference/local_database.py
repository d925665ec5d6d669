"""The relational store of the orders on one machine: a pooler that is already there, in front of a real PostgreSQL."""

from __future__ import annotations

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from constructs_lib.cdk.connect import DEFAULT_PREFIX, Via
from constructs_lib.cdk.reference.acknowledge import acknowledge
from constructs_lib.cdk.reference.placement import Placement
from constructs_lib.cdk.reference.stage import LocalDatabase
from constructs_lib.cdk.relational import RelationalStore

_MIGRATION_CONNECTIONS = 2
"""One execution, counted twice as the checker counts a deployment's overlap."""


class LocalOrderDatabase(Construct):
    """``OrderDatabase`` for the local stage: same promises, no network; the pooler stands for the proxy.

    Passwords are those of a throwaway server and are part of the template, which never leaves the machine.
    """

    def __init__(self, scope: Construct, id: str, *, database: LocalDatabase) -> None:
        super().__init__(scope, id)
        self._database = database
        self._application = self._secret("ApplicationSecret", database.application_user, database.application_password)
        self._owner = self._secret("OwnerSecret", database.owner_user, database.owner_password)
        self.store = RelationalStore.from_existing(
            self,
            "Store",
            host=database.host,
            port=database.port,
            database_name=database.database,
            user=database.application_user,
            secret=self._application,
            engine="postgres",
            engine_version="18",
            max_connections=database.max_connections,
            pool_connections=database.pool_connections,
            borrow_timeout=cdk.Duration.seconds(database.borrow_timeout_seconds),
            transaction_timeout=cdk.Duration.seconds(2),
            other_connections={"database migration": _MIGRATION_CONNECTIONS},
            tls=False,
        )
        self.projection_route = Via.PROXY
        self.settle = cdk.Duration.seconds(3)
        """A transaction ends within 2 s, and one machine has one clock."""

    def place(self, scope: Construct, name: str) -> Placement:  # noqa: ARG002 - the signature of ``OrderDatabase``
        """No network: functions run beside the pooler."""
        return Placement()

    def admit_owner(self, function: lambda_.Function) -> None:
        """Let the migration log in as the owner, past the pooler; the budget knows it as another connection of the store."""
        owner = {
            "HOST": self._database.owner_host,
            "PORT": str(self._database.owner_port),
            "NAME": self._database.database,
            "USER": self._database.owner_user,
            "ENGINE": "postgresql",
            "AUTH": "secret",
            "SECRET_ARN": self._owner.secret_arn,
            "CONNECTIONS": "1",
            "TLS": "disable",
        }
        for name, value in owner.items():
            function.add_environment(f"{DEFAULT_PREFIX}_{name}", value)
        function.add_environment("POOLPROOF_APPLICATION_SECRET_ARN", self._application.secret_arn)
        for secret in (self._owner, self._application):
            secret.grant_read(function)
        cast(lambda_.CfnFunction, function.node.default_child).reserved_concurrent_executions = 1

    def admit_projection(self, function: lambda_.Function) -> None:
        """Nothing to open on one machine."""

    def _secret(self, name: str, user: str, password: str) -> secretsmanager.Secret:
        text = cdk.SecretValue.unsafe_plain_text
        secret = secretsmanager.Secret(
            self, name, secret_object_value={"username": text(user), "password": text(password)}
        )
        acknowledge(
            secret, {"AwsSolutions-SMG4": "the server it opens lives as long as the demonstration on this machine"}
        )
        return secret
