"""The RDS proxy in front of a store: its size comes from the plan, its timeouts are the ones the proofs count on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from constructs_lib.cdk._tokens import seconds, whole
from constructs_lib.cdk.settled import settled_number
from constructs_lib.cdk.settlement import PoolTerms, StorePlan
from constructs_lib.errors import ConnectError

_LONGEST_BORROW_SECONDS = 300
"""Highest ConnectionBorrowTimeout both of AWS's documents agree on."""


@dataclass(frozen=True)
class PoolOptions:
    """A proxy's settings, named as in ``rds.DatabaseProxy``.

    Without ``max_connections_percent`` the pool takes what direct clients, the engine and operators leave. ``borrow_timeout``
    defaults to 10 s (1 to 300): it must end before the functions do. ``idle_client_timeout`` defaults to 30 minutes.
    ``max_idle_connections_percent`` defaults to half of the pool.
    """

    max_connections_percent: int | None = None
    max_idle_connections_percent: int | None = None
    borrow_timeout: cdk.Duration | None = None
    idle_client_timeout: cdk.Duration | None = None
    iam_auth: bool = True

    def terms(self, store: str) -> PoolTerms:
        """The pool in plain numbers. Raises ``ConnectError`` for values that AWS refuses or nothing can be proven with."""
        percent = self.max_connections_percent
        if percent is not None:
            percent = whole(percent, f"max_connections_percent of '{store}'", least=1, most=100)
        idle = self.max_idle_connections_percent
        if idle is not None:
            whole(idle, f"max_idle_connections_percent of '{store}'", most=percent or 100)
        borrow = seconds(self.borrow_timeout or cdk.Duration.seconds(10), f"borrow_timeout of '{store}'")
        if borrow.is_exact and not 1 <= borrow.value <= _LONGEST_BORROW_SECONDS:
            raise ConnectError(f"borrow_timeout of '{store}' must be 1 to {_LONGEST_BORROW_SECONDS} s, got {borrow} s")
        return PoolTerms(borrow_timeout_seconds=borrow, percent=percent)


DEFAULT_POOL = PoolOptions()


def proxy_for(
    scope: Construct,
    id: str,
    *,
    target: rds.ProxyTarget,
    vpc: ec2.IVpc,
    vpc_subnets: ec2.SubnetSelection | None,
    secrets: Sequence[secretsmanager.ISecret],
    options: PoolOptions,
    plan: Callable[[], StorePlan],
) -> rds.DatabaseProxy:
    """A proxy that requires TLS, in its own security group; its percentages are settled with the plan at synth."""
    return rds.DatabaseProxy(
        scope,
        id,
        # Without a name CDK takes the construct's id, and two stores of one account would collide.
        db_proxy_name=cdk.Names.unique_resource_name(scope, max_length=60),
        proxy_target=target,
        vpc=vpc,
        vpc_subnets=vpc_subnets,
        secrets=list(secrets),
        iam_auth=options.iam_auth,
        require_tls=True,
        borrow_timeout=options.borrow_timeout or cdk.Duration.seconds(10),
        idle_client_timeout=options.idle_client_timeout or cdk.Duration.minutes(30),
        max_connections_percent=_percent(options.max_connections_percent, lambda: plan().percent()),
        max_idle_connections_percent=_percent(options.max_idle_connections_percent, lambda: plan().percent() // 2),
        security_groups=[
            ec2.SecurityGroup(scope, f"{id}SecurityGroup", vpc=vpc, description="RDS proxy", allow_all_outbound=False)
        ],
    )


def reader_endpoint(
    proxy: rds.DatabaseProxy, vpc: ec2.IVpc, vpc_subnets: ec2.SubnetSelection | None
) -> rds.IDatabaseProxyEndpoint:
    """The proxy's way to the readers, in the proxy's security groups."""
    return proxy.add_endpoint(
        "Reader",
        vpc=vpc,
        vpc_subnets=vpc_subnets,
        security_groups=proxy.connections.security_groups,
        target_role=rds.ProxyEndpointTargetRole.READ_ONLY,
    )


def _percent(given: int | None, settled: Callable[[], int]) -> float:
    return given if given is not None else settled_number(settled)
