"""A Lambda function that starts with the runtime of this library and with settings that suit a database client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.cdk._assets import bundled_code, lambda_source, source_code
from constructs_lib.cdk.registration import record_of
from constructs_lib.errors import InputError, Problem

_LAYER_ID = "PoolproofRuntime"


class StoreFunction(lambda_.Function):
    """A Python 3.13 function on arm64 with the ``datastores`` layer, JSON logs kept for a month, tracing and a timeout of 15 s.

    Code comes from ``entry``, an absolute folder or the name of a function shipped with this library (``order_api``), or from any
    ``code``; exactly one of them. ``timeout`` must leave room for a wait at the pool plus the work; ``memory_size`` is in MiB.
    It reserves no concurrency by itself: ``store.connect(function, …)`` does, and refuses functions that reserve something else.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        entry: str | Path | None = None,
        code: lambda_.Code | None = None,
        handler: str = "handler.handler",
        environment: Mapping[str, str] | None = None,
        timeout: cdk.Duration | None = None,
        memory_size: int = 512,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        layers: Sequence[lambda_.ILayerVersion] = (),
        description: str | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        log_removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
        retry_attempts: int | None = None,
    ) -> None:
        record_of(scope)
        super().__init__(
            scope,
            id,
            code=_code(id, entry, code),
            handler=handler,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            description=description,
            environment=dict(environment or {}),
            layers=[runtime_layer(scope), *layers],
            log_group=logs.LogGroup(scope, f"{id}Logs", retention=log_retention, removal_policy=log_removal_policy),
            logging_format=lambda_.LoggingFormat.JSON,
            memory_size=memory_size,
            retry_attempts=retry_attempts,
            timeout=timeout or cdk.Duration.seconds(15),
            tracing=lambda_.Tracing.ACTIVE,
            vpc=vpc,
            vpc_subnets=vpc_subnets,
            security_groups=list(security_groups) if security_groups is not None else None,
        )


def runtime_layer(scope: Construct) -> lambda_.LayerVersion:
    """The ``datastores`` package and its dependencies; one layer per stack, made on first use."""
    stack = cdk.Stack.of(scope)
    found = stack.node.try_find_child(_LAYER_ID)
    if isinstance(found, lambda_.LayerVersion):
        return found
    sources = lambda_source("datastores")
    return lambda_.LayerVersion(
        stack,
        _LAYER_ID,
        code=bundled_code(stack, sources={"datastores": sources}, requirements=sources / "requirements.txt"),
        compatible_architectures=[lambda_.Architecture.ARM_64],
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        description="poolproof datastores runtime",
    )


def dependency_layer(
    scope: Construct, id: str, *, requirements: Path, prune: Sequence[str] = ()
) -> lambda_.LayerVersion:
    """A layer of nothing but the requirements of a file; ``prune`` are glob patterns of files to leave out (tests, headers)."""
    return lambda_.LayerVersion(
        scope,
        id,
        code=bundled_code(scope, sources={}, requirements=requirements, prune=prune),
        compatible_architectures=[lambda_.Architecture.ARM_64],
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
    )


def _code(id: str, entry: str | Path | None, code: lambda_.Code | None) -> lambda_.Code:
    if entry is not None and code is None:
        return source_code(_folder(entry))
    if code is not None and entry is None:
        return code
    raise InputError([Problem(f"function '{id}' needs exactly one of entry (a folder) and code")])


def _folder(entry: str | Path) -> Path:
    path = Path(entry)
    if path.is_absolute():
        if not path.is_dir():
            raise InputError([Problem(f"entry must be a folder, got '{path}'")])
        return path
    if len(path.parts) != 1:
        raise InputError(
            [Problem(f"entry '{entry}' is relative to an unknown folder; pass Path(__file__).parent / '{entry}'")]
        )
    return lambda_source(path.name)
