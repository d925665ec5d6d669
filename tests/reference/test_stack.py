"""What the stack on AWS promises."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.reference.conftest import ROOT, Assembly

pytestmark = pytest.mark.cdk


def test_it_goes_to_any_partition_region_and_account(aws: Assembly) -> None:
    assert "arn:aws:" not in aws.text
    assert not re.search(r"\b(us|eu|ap)-[a-z]+-\d\b", aws.text)
    assert not re.search(r'"\d{12}"', aws.text)


def test_nothing_in_the_network_has_a_way_out(aws: Assembly) -> None:
    kinds = {resource["Type"] for resource in aws.template["Resources"].values()}
    assert not kinds & {"AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::EIP", "AWS::EC2::Route"}
    assert len(aws.of_type("AWS::EC2::Subnet")) == 2


def test_the_network_has_the_endpoints_that_its_functions_need(aws: Assembly) -> None:
    endpoints = aws.of_type("AWS::EC2::VPCEndpoint").values()
    found = {(one["Properties"]["VpcEndpointType"], json.dumps(one["Properties"]["ServiceName"])) for one in endpoints}
    for kind, service in (("Gateway", "s3"), ("Gateway", "dynamodb"), ("Interface", "secretsmanager")):
        assert [name for type_, name in found if type_ == kind and f".{service}" in name], service
    assert len(found) == 3


def test_functions_of_the_network_let_nothing_out_but_what_they_are_allowed(aws: Assembly) -> None:
    for group in aws.of_type("AWS::EC2::SecurityGroup").values():
        for rule in group["Properties"].get("SecurityGroupEgress", []):
            assert (rule["IpProtocol"], rule.get("ToPort")) != ("-1", None)


def test_the_order_api_is_held_by_the_pool_in_front_of_the_database(aws: Assembly) -> None:
    assert aws.function("OrdersOrderApi")["ReservedConcurrentExecutions"] == 50
    assert aws.only("AWS::RDS::DBProxy")["RequireTLS"] is True
    assert aws.only("AWS::RDS::DBProxyTargetGroup")["ConnectionPoolConfigurationInfo"]["ConnectionBorrowTimeout"] == 10
    variables = aws.function("OrdersOrderApi")["Environment"]["Variables"]
    assert (variables["POOLPROOF_DATABASE_AUTH"], variables["POOLPROOF_DATABASE_TLS"]) == ("iam", "verify-full")
    assert "POOLPROOF_DATABASE_SECRET_ARN" not in variables


def test_functions_of_the_table_are_capped_as_their_profiles_say(aws: Assembly) -> None:
    assert aws.function("CatalogIdempotencyCheck")["ReservedConcurrentExecutions"] == 50
    assert aws.function("CatalogProjectCatalog")["ReservedConcurrentExecutions"] == 20


def test_the_migration_and_the_projection_run_one_at_a_time(aws: Assembly) -> None:
    assert aws.function("OrdersMigrationFunction")["ReservedConcurrentExecutions"] == 1
    assert aws.function("SalesProjector")["ReservedConcurrentExecutions"] == 1


def test_the_migration_runs_again_when_its_folder_changes(aws: Assembly) -> None:
    resource = aws.only("Custom::DatabaseMigration")
    assert re.fullmatch(r"[0-9a-f]{64}", resource["Version"])
    variables = aws.function("OrdersMigrationFunction")["Environment"]["Variables"]
    assert variables["POOLPROOF_DATABASE_SECRET_ARN"] != variables["POOLPROOF_APPLICATION_SECRET_ARN"]


def test_every_route_needs_a_token_of_the_user_pool(aws: Assembly) -> None:
    routes = aws.of_type("AWS::ApiGatewayV2::Route")
    assert {route["Properties"]["RouteKey"] for route in routes.values()} == set(_settings(aws))
    assert {route["Properties"]["AuthorizationType"] for route in routes.values()} == {"JWT"}
    authorizer = aws.only("AWS::ApiGatewayV2::Authorizer")["JwtConfiguration"]
    (client,) = aws.of_type("AWS::Cognito::UserPoolClient")
    assert authorizer["Audience"] == [{"Ref": client}]


def test_throttles_follow_littles_law_and_add_up_to_the_reserved_concurrency(aws: Assembly) -> None:
    settings = _settings(aws)
    orders = [settings[key] for key in settings if "/orders" in key]
    assert sum(route["ThrottlingBurstLimit"] for route in orders) == 50
    assert sum(route["ThrottlingRateLimit"] for route in orders) == 50 / 0.25
    projects = [settings[key] for key in settings if "/orders" not in key]
    assert sum(route["ThrottlingBurstLimit"] for route in projects) == 20
    assert settings["POST /orders"]["ThrottlingBurstLimit"] == 30
    assert settings["POST /orders"]["ThrottlingRateLimit"] == 120


def test_a_route_without_a_part_of_its_own_is_all_but_closed(aws: Assembly) -> None:
    default = aws.only("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    assert (default["ThrottlingRateLimit"], default["ThrottlingBurstLimit"]) == (1, 1)


def test_a_stage_is_made_after_the_routes_that_it_names(aws: Assembly) -> None:
    (stage,) = aws.of_type("AWS::ApiGatewayV2::Stage").values()
    assert set(aws.of_type("AWS::ApiGatewayV2::Route")) <= set(stage["DependsOn"])


def test_no_user_can_choose_a_tenant(aws: Assembly) -> None:
    client = aws.only("AWS::Cognito::UserPoolClient")
    assert "custom:tenant" in client["ReadAttributes"]
    assert "custom:tenant" not in client["WriteAttributes"]
    assert aws.only("AWS::Cognito::UserPool")["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert aws.only("AWS::Cognito::UserPool")["MfaConfiguration"] == "ON"


def test_throttles_and_borrow_waits_ring(aws: Assembly) -> None:
    alarms = [alarm["Properties"] for alarm in aws.of_type("AWS::CloudWatch::Alarm").values()]
    assert [alarm["MetricName"] for alarm in alarms].count("Throttles") == 3
    (waits,) = [alarm for alarm in alarms if alarm["MetricName"] == "DatabaseConnectionsBorrowLatency"]
    assert waits["Threshold"] == 5_000_000
    (topic,) = aws.of_type("AWS::SNS::Topic")
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in alarms)


def test_what_holds_data_is_kept(aws: Assembly) -> None:
    kept = ("AWS::RDS::DBInstance", "AWS::DynamoDB::GlobalTable", "AWS::Cognito::UserPool", "AWS::S3::Bucket")
    for kind in kept:
        assert {one["DeletionPolicy"] for one in aws.of_type(kind).values()} == {"Retain"}, kind


def test_outputs_name_everything_that_a_caller_needs(aws: Assembly) -> None:
    assert set(aws.template["Outputs"]) >= {
        "ApiUrl",
        "UserPoolId",
        "UserPoolClientId",
        "OrderApiFunction",
        "IdempotencyCheckFunction",
        "ProjectCatalogFunction",
        "SalesProjectorFunction",
        "MigrationFunction",
        "TableName",
        "LakeBucket",
        "LakeDatabase",
        "LakeTable",
        "LakeWorkgroup",
    }


def test_code_and_layers_of_each_function_fit_lambdas_unpacked_limit(aws: Assembly) -> None:
    layers = aws.of_type("AWS::Lambda::LayerVersion")
    for name, function in aws.of_type("AWS::Lambda::Function").items():
        used = [layers[layer["Ref"]]["Properties"]["Content"] for layer in function["Properties"].get("Layers", [])]
        code = function["Properties"]["Code"]
        assert sum(aws.unpacked_bytes(part) for part in (code, *used)) < 250_000_000, name


def _settings(assembly: Assembly) -> dict[str, dict[str, Any]]:
    return dict(assembly.only("AWS::ApiGatewayV2::Stage")["RouteSettings"])


def test_every_route_that_a_function_answers_is_open(aws: Assembly) -> None:
    answered = set()
    for folder in ("order_api", "project_catalog"):
        source = (ROOT / "lambda_src" / folder / "handler.py").read_text()
        found = re.findall(r'@app\.(get|post|put|patch|delete)\("([^"]+)"\)', source)
        answered |= {f"{verb.upper()} {path.replace('<', '{').replace('>', '}')}" for verb, path in found}
    assert answered == set(_settings(aws))
