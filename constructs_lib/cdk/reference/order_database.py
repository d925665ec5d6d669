"""The relational store of the orders on AWS: its network, its proxy, and who else gets in beside the request path."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.cdk.connect import Via
from constructs_lib.cdk.proxy_pool import PoolOptions
from constructs_lib.cdk.reference.acknowledge import acknowledge
from constructs_lib.cdk.reference.network import IsolatedNetwork
from constructs_lib.cdk.reference.placement import Placement
from constructs_lib.cdk.relational import RelationalStore
from constructs_lib.cdk.relational_instance import SingleInstance

PORT = 5433
"""Not PostgreSQL's default; clients never see it, they are handed the address."""

BORROW_TIMEOUT_SECONDS = 10
"""Ends before API Gateway gives up on the function, so that a client learns what happened."""


class OrderDatabase(Construct):
    """A PostgreSQL instance with a standby behind an RDS proxy, in a network without a way out."""

    def __init__(self, scope: Construct, id: str, *, removal_policy: cdk.RemovalPolicy) -> None:
        super().__init__(scope, id)
        self.network = IsolatedNetwork(self, "Network")
        self.store = RelationalStore(
            self,
            "Store",
            vpc=self.network.vpc,
            vpc_subnets=self.network.subnets,
            database=SingleInstance(multi_az=True),
            database_name="orders",
            port=PORT,
            pool=PoolOptions(borrow_timeout=cdk.Duration.seconds(BORROW_TIMEOUT_SECONDS)),
            removal_policy=removal_policy,
        )
        self.projection_route = Via.DIRECT
        """Past the proxy: an hourly read must not take a connection from the request path's pool."""
        self.settle = cdk.Duration.minutes(5)
        """A transaction ends within 2 s; the rest is for clocks that disagree."""

        self._acknowledge()

    def place(self, scope: Construct, name: str) -> Placement:
        """A place from which the database can be reached."""
        return self.network.place(scope, name)

    def admit_owner(self, function: lambda_.Function) -> None:
        """Let the migration log in as the owner, straight at the instance."""
        self.store.connect_owner(function)
        self.network.allow_secrets(function)

    def admit_projection(self, function: lambda_.Function) -> None:
        """Let the projection read its password and reach the lake; its connection is made by the projector."""
        self.network.allow_secrets(function)
        self.network.allow_gateways(function)

    def _acknowledge(self) -> None:
        kept = "a rotation function would need connections of its own"
        acknowledge(
            self.store.node.find_child("OwnerSecret"),
            {
                "AwsSolutions-SMG4": f"only the migration logs in with it, at deploy time, inside the isolated network; {kept}"
            },
        )
        acknowledge(
            self.store.node.find_child("ApplicationSecret"),
            {
                "AwsSolutions-SMG4": "requests log in with tokens of 15 minutes; only the proxy and the hourly projection know the "
                f"password, inside the isolated network; {kept}"
            },
        )
