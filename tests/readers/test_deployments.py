"""How a function is deployed, as CloudFormation, SAM and Terraform say it, and how many versions that counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.demand import demand_of
from constructs_lib.model.deployment import DeploymentStyle, versions_alive
from constructs_lib.model.fleet import Connection, Consumer, Fleet
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import plan, ref, resource, write

TEMPLATE = """\
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 10}
  Version:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Api}
  Live:
    Type: AWS::Lambda::Alias
    UpdatePolicy:
      CodeDeployLambdaAliasUpdate: {ApplicationName: !Ref App, DeploymentGroupName: %s}
    Properties: {Name: live, FunctionName: !Ref Api, FunctionVersion: !GetAtt Version.Version}
  App:
    Type: AWS::CodeDeploy::Application
    Properties: {ComputePlatform: Lambda}
  Slow:
    Type: AWS::CodeDeploy::DeploymentConfig
    Properties:
      ComputePlatform: Lambda
      TrafficRoutingConfig: {Type: TimeBasedLinear, TimeBasedLinear: {LinearInterval: 3, LinearPercentage: 20}}
  Group:
    Type: AWS::CodeDeploy::DeploymentGroup
    Properties: {ApplicationName: !Ref App, DeploymentGroupName: movers, DeploymentConfigName: %s}
Parameters:
  Config: {Type: String}
"""


def style_in(tmp_path: Path, text: str, consumer: str = "Api") -> DeploymentStyle:
    path = tmp_path / "template.yaml"
    path.write_text(text, encoding="utf-8")
    reading = read([str(path)])
    assert reading.unread == ()
    return reading.fleet.consumer_by_id[consumer].deployment_style


@pytest.mark.parametrize(
    ("config", "style"),
    [
        ("CodeDeployDefault.LambdaCanary10Percent5Minutes", "canary"),
        ("CodeDeployDefault.LambdaLinear10PercentEvery1Minute", "linear"),
        ("CodeDeployDefault.LambdaAllAtOnce", "all-at-once"),
        ("!Ref Slow", "linear"),
        ("!Ref Config", "unknown"),
        ("SomebodysOwn", "unknown"),
    ],
)
@pytest.mark.parametrize("group", ["!Ref Group", "movers"])
def test_cloudformation_names_the_group_in_the_aliass_update_policy(
    group: str, config: str, style: str, tmp_path: Path
) -> None:
    assert style_in(tmp_path, TEMPLATE % (group, config)) == style


def test_an_alias_with_weights_serves_two_versions_for_good(tmp_path: Path) -> None:
    weights = "RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: '1', FunctionWeight: 0.1}]}, Name: live"
    text = (TEMPLATE % ("!Ref Group", "CodeDeployDefault.LambdaAllAtOnce")).replace("Name: live", weights)
    assert style_in(tmp_path, text) == "canary"


SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {AutoPublishAlias: live%s}
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: src/, ReservedConcurrentExecutions: 10%s}
"""


@pytest.mark.parametrize(
    ("everywhere", "here", "style"),
    [
        ("", "", "all-at-once"),
        ("", ", DeploymentPreference: {Type: Linear10PercentEvery10Minutes}", "linear"),
        (", DeploymentPreference: {Type: Canary10Percent30Minutes}", "", "canary"),
        (
            ", DeploymentPreference: {Type: Canary10Percent30Minutes}",
            ", DeploymentPreference: {Enabled: false}",
            "all-at-once",
        ),
        ("", ", DeploymentPreference: {Type: AllAtOnce}", "all-at-once"),
        ("", ", DeploymentPreference: {Type: SomebodysOwn}", "unknown"),
    ],
)
def test_sam_has_a_preference_here_or_for_all(everywhere: str, here: str, style: str, tmp_path: Path) -> None:
    assert style_in(tmp_path, SAM % (everywhere, here)) == style


@pytest.mark.parametrize(
    ("alias", "group", "style"),
    [
        ({}, None, "all-at-once"),
        ({}, {"deployment_config_name": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"}, "linear"),
        ({}, {"deployment_config_name": "SomebodysOwn"}, "unknown"),
        ({"routing_config": [{"additional_version_weights": {"3": 0.1}}]}, None, "canary"),
    ],
)
def test_terraform_leaves_group_and_alias_unconnected(
    alias: dict[str, Any], group: dict[str, Any] | None, style: str, tmp_path: Path
) -> None:
    resources = [
        resource("aws_lambda_function.api", {"function_name": "api", "reserved_concurrent_executions": 10}),
        resource(
            "aws_lambda_alias.live",
            {"name": "live", "function_version": "4", **alias},
            {"function_name": True},
            {"function_name": ref("aws_lambda_function.api.arn")},
        ),
    ]
    if group is not None:
        resources += [
            resource("aws_codedeploy_app.app", {"name": "app", "compute_platform": "Lambda"}),
            resource(
                "aws_codedeploy_deployment_group.movers",
                {"deployment_group_name": "movers", **group},
                {"app_name": True},
                {"app_name": ref("aws_codedeploy_app.app.name")},
            ),
        ]
    reading = read([write(tmp_path / "plan.json", plan(resources))])
    assert reading.fleet.consumer_by_id["aws_lambda_function.api"].deployment_style == style


@pytest.mark.parametrize(("style", "words"), [("canary", "during a canary deploy"), ("unknown", "during a deploy")])
def test_a_shift_keeps_two_versions_whatever_a_deploy_leaves_behind(style: DeploymentStyle, words: str) -> None:
    assert [versions_alive("all-at-once", overlap) for overlap in (1, 2, 3)] == [1, 2, 3]
    assert [versions_alive(style, overlap) for overlap in (1, 2, 3)] == [2, 2, 3]
    consumer = Consumer("f", reserved_concurrency=Quantity.exact(10), deployment_style=style)
    connection = Connection("f", "db")
    demand = demand_of(connection, Fleet(consumers=(consumer,), connections=(connection,)), Settings(deploy_overlap=1))
    assert (demand.connections.low, demand.connections.high) == (10 if style == "unknown" else 20, 20)
    assert demand.connections.reasons == (("how 'f' is deployed is not readable",) if style == "unknown" else ())
    assert f"2 versions {words}" in str(demand.term)


def test_clients_that_wait_at_a_proxy_stay_as_many() -> None:
    consumer = Consumer("f", reserved_concurrency=Quantity.exact(10), deployment_style="linear")
    connection = Connection("f", "db", via="proxy", pool="p")
    demand = demand_of(connection, Fleet(consumers=(consumer,), connections=(connection,)), Settings(deploy_overlap=3))
    assert demand.connections == Quantity.exact(10)
