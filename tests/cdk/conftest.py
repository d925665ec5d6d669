from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from aws_cdk.assertions import Template

ISOLATED = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)


def make_app(outdir: Path | None = None, **context: Any) -> cdk.App:
    """An app that installs nothing for its layers and leaves CDK's own template checks out."""
    settings = {"aws:cdk:bundling-stacks": [], **{f"poolproof:{key}": value for key, value in context.items()}}
    return cdk.App(
        builtin_cloud_formation_validation=False, outdir=None if outdir is None else str(outdir), context=settings
    )


def make_vpc(stack: cdk.Stack) -> ec2.Vpc:
    subnets = ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, max_azs=2, subnet_configuration=[subnets])
    vpc.add_interface_endpoint("SecretsManager", service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER)
    return vpc


def make_function(
    stack: cdk.Stack, name: str, vpc: ec2.IVpc | None = None, *, timeout: int | None = 15, **more: Any
) -> lambda_.Function:
    """A function as any existing app has it; nothing of it comes from this library."""
    return lambda_.Function(
        stack,
        name,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return None"),
        timeout=None if timeout is None else cdk.Duration.seconds(timeout),
        vpc=vpc,
        vpc_subnets=None if vpc is None else ISOLATED,
        **more,
    )


def make_database(stack: cdk.Stack, vpc: ec2.IVpc) -> rds.DatabaseInstance:
    """A database of an existing app, with nothing pinned."""
    return rds.DatabaseInstance(
        stack,
        "Database",
        engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_6),
        instance_type=ec2.InstanceType("t4g.micro"),
        vpc=vpc,
        vpc_subnets=ISOLATED,
    )


def resource(template: Template, kind: str, starts: str = "") -> dict[str, Any]:
    """The one resource of a kind whose logical id starts so."""
    (found,) = [body for name, body in template.find_resources(kind).items() if name.startswith(starts)]
    return dict(found)


def function_of(template: Template, starts: str) -> dict[str, Any]:
    return resource(template, "AWS::Lambda::Function", starts)


def variables_of(template: Template, starts: str) -> dict[str, Any]:
    return dict(function_of(template, starts)["Properties"]["Environment"]["Variables"])


def connections_of(template: Template, starts: str) -> list[dict[str, Any]]:
    return list(function_of(template, starts)["Metadata"]["poolproof:connections"])


def actions_of(template: Template, role: str) -> set[str]:
    """Every action the role whose logical id starts so is allowed."""
    actions: set[str] = set()
    for policy in template.find_resources("AWS::IAM::Policy").values():
        if any(str(reference.get("Ref", "")).startswith(role) for reference in policy["Properties"]["Roles"]):
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                listed = statement["Action"]
                actions |= set([listed] if isinstance(listed, str) else listed)
    return actions


@pytest.fixture
def in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


Refused = Callable[..., None]
