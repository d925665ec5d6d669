from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from constructs_lib import Connected, RelationalStore, Share, Via, WhateverFits
from tests.cdk.conftest import (
    ISOLATED,
    actions_of,
    connections_of,
    function_of,
    make_app,
    make_function,
    make_vpc,
    resource,
    variables_of,
)

pytestmark = pytest.mark.cdk


@dataclass(frozen=True)
class Built:
    template: Template
    store: RelationalStore
    api: Connected
    share: Connected
    fits: Connected
    doubled: dict[str, object]


@pytest.fixture(scope="module")
def built() -> Built:
    stack = cdk.Stack(make_app(), "Shop")
    vpc = make_vpc(stack)
    store = RelationalStore(
        stack, "Orders", vpc=vpc, vpc_subnets=ISOLATED, other_connections={"bi": 3}, operator_reserve=4, port=5433
    )
    api = store.connect(make_function(stack, "Api", vpc), concurrency=20, transactions_per_invocation=2)
    share = store.connect(make_function(stack, "Share", vpc), concurrency=Share(0.5), environment_prefix="ORDERS")
    fits = store.connect(make_function(stack, "Fits", vpc), concurrency=WhateverFits())
    store.connect(make_function(stack, "Batch", vpc, timeout=300), concurrency=1, via=Via.DIRECT)
    store.connect_owner(make_function(stack, "Migration", vpc))
    cdk.CfnOutput(stack, "Burst", value=cdk.Token.as_string(fits.derive(lambda reserved: reserved * 2)))
    template = Template.from_stack(stack)
    return Built(template, store, api, share, fits, template.find_outputs("Burst")["Burst"])


def test_logical_ids_are_public(built: Built) -> None:
    kinds = ("AWS::RDS::DBInstance", "AWS::RDS::DBParameterGroup", "AWS::RDS::DBProxy", "AWS::RDS::DBProxyTargetGroup")
    assert {kind: list(built.template.find_resources(kind)) for kind in kinds} == {
        "AWS::RDS::DBInstance": ["Orders2A43276C"],
        "AWS::RDS::DBParameterGroup": ["OrdersParameters34AD674F"],
        "AWS::RDS::DBProxy": ["OrdersProxyFF99ACFB"],
        "AWS::RDS::DBProxyTargetGroup": ["OrdersProxyProxyTargetGroup69FE8BC0"],
    }
    assert built.store.node.default_child is not None


def test_the_limit_is_pinned_to_what_processors_serve_beside_everybody_else(built: Built) -> None:
    # 8 per vCPU × 2 + 9 kept by the engine + 4 for operators + 3 for bi; memory would carry 79.
    assert built.store.max_connections == 32
    parameters = resource(built.template, "AWS::RDS::DBParameterGroup")["Properties"]["Parameters"]
    assert parameters == {
        "max_connections": "32",
        "rds.force_ssl": "1",
        "statement_timeout": "2000",
        "idle_in_transaction_session_timeout": "2000",
        "transaction_timeout": "2000",
        "idle_session_timeout": "3600000",
    }


def test_the_pool_leaves_direct_clients_the_engine_and_people_their_slots(built: Built) -> None:
    pool = resource(built.template, "AWS::RDS::DBProxyTargetGroup")["Properties"]["ConnectionPoolConfigurationInfo"]
    # usable 16; two direct functions × 1 connection × 2 versions during a deploy leave 12: floor(100 × 12 / 32) %.
    assert pool == {"ConnectionBorrowTimeout": 10, "MaxConnectionsPercent": 37, "MaxIdleConnectionsPercent": 18}
    assert built.store.plan.pool_connections() == 11


def test_concurrency_is_settled_when_the_app_is_synthesized(built: Built) -> None:
    reserved = {
        name: function_of(built.template, name)["Properties"]["ReservedConcurrentExecutions"]
        for name in ("Api", "Share", "Fits", "Batch", "Migration")
    }
    # Api runs two transactions in 15 s: 2 × (wait + 2 s) allows 5.5 s of wait, two rounds of 2 s: 33 clients on 11 connections.
    assert reserved == {"Api": 20, "Share": 6, "Fits": 7, "Batch": 1, "Migration": 1}
    assert (built.api.settle(), built.share.settle(), built.fits.settle()) == (20, 6, 7)
    assert built.doubled["Value"] == 14


def test_the_proxy_takes_tls_and_tokens_of_the_applications_user_only(built: Built) -> None:
    proxy = resource(built.template, "AWS::RDS::DBProxy")["Properties"]
    assert proxy["RequireTLS"] is True
    assert proxy["IdleClientTimeout"] == 1800
    assert proxy["Auth"] == [{"AuthScheme": "SECRETS", "IAMAuth": "REQUIRED", "SecretArn": {"Ref": _secret(built)}}]
    assert proxy["DBProxyName"] not in ("Proxy", "")


def _secret(built: Built) -> str:
    (name,) = [
        name
        for name in built.template.find_resources("AWS::SecretsManager::SecretTargetAttachment")
        if name.startswith("OrdersApplicationSecret")
    ]
    return name


def test_the_database_is_kept_encrypted_backed_up_and_protected(built: Built) -> None:
    built.template.has_resource(
        "AWS::RDS::DBInstance",
        {
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "StorageEncrypted": True,
                "DeletionProtection": True,
                "BackupRetentionPeriod": 7,
                "PubliclyAccessible": False,
                "EnableIAMDatabaseAuthentication": True,
                "Port": "5433",
            },
        },
    )
    assert {
        body["DeletionPolicy"] for body in built.template.find_resources("AWS::SecretsManager::Secret").values()
    } == {"Retain"}


def test_a_function_behind_the_proxy_logs_in_with_a_token_and_never_sees_a_password(built: Built) -> None:
    variables = variables_of(built.template, "Api")
    assert variables == {
        "POOLPROOF_DATABASE_HOST": {"Fn::GetAtt": ["OrdersProxyFF99ACFB", "Endpoint"]},
        "POOLPROOF_DATABASE_PORT": "5432",
        "POOLPROOF_DATABASE_NAME": "application",
        "POOLPROOF_DATABASE_USER": "application",
        "POOLPROOF_DATABASE_ENGINE": "postgresql",
        "POOLPROOF_DATABASE_AUTH": "iam",
        "POOLPROOF_DATABASE_TLS": "verify-full",
        "POOLPROOF_DATABASE_CONNECTIONS": "1",
        "POOLPROOF_DATABASE_BORROW_TIMEOUT_SECONDS": "10",
        "POOLPROOF_DATABASE_STATEMENT_TIMEOUT_MS": "2000",
    }
    actions = actions_of(built.template, "ApiServiceRole")
    assert actions == {"rds-db:connect"}


def test_another_prefix_keeps_two_stores_apart(built: Built) -> None:
    assert {name.split("_")[0] for name in variables_of(built.template, "Share")} == {"ORDERS"}


def test_a_direct_function_reads_the_applications_secret(built: Built) -> None:
    variables = variables_of(built.template, "Batch")
    assert variables["POOLPROOF_DATABASE_AUTH"] == "secret"
    assert variables["POOLPROOF_DATABASE_SECRET_ARN"] == {"Ref": _secret(built)}
    assert variables["POOLPROOF_DATABASE_HOST"] == {"Fn::GetAtt": ["Orders2A43276C", "Endpoint.Address"]}
    assert variables["POOLPROOF_DATABASE_PORT"] == {"Fn::GetAtt": ["Orders2A43276C", "Endpoint.Port"]}
    assert actions_of(built.template, "BatchServiceRole") == {
        "secretsmanager:GetSecretValue",
        "secretsmanager:DescribeSecret",
    }


def test_the_migration_logs_in_as_owner_and_knows_the_applications_secret(built: Built) -> None:
    variables = variables_of(built.template, "Migration")
    assert variables["POOLPROOF_DATABASE_USER"] == "store_owner"
    assert variables["POOLPROOF_DATABASE_SECRET_ARN"] != variables["POOLPROOF_APPLICATION_SECRET_ARN"]
    assert variables["POOLPROOF_APPLICATION_SECRET_ARN"] == {"Ref": _secret(built)}


def test_security_groups_let_functions_reach_the_proxy_and_only_the_direct_ones_the_database(built: Built) -> None:
    ingress = built.template.find_resources("AWS::EC2::SecurityGroupIngress").values()
    reached: dict[str, set[str]] = {}
    for rule in ingress:
        target = rule["Properties"]["GroupId"]["Fn::GetAtt"][0]
        reached.setdefault(target, set()).add(rule["Properties"]["SourceSecurityGroupId"]["Fn::GetAtt"][0])
    proxy, database = sorted(reached, key=lambda name: "Proxy" not in name)
    assert {name[:5] for name in reached[proxy]} == {"ApiSe", "Share", "FitsS"}
    assert {name[:5] for name in reached[database]} == {"Batch", "Migra", "Order"}


def test_the_checker_is_told_what_a_template_cannot_say(built: Built) -> None:
    assert connections_of(built.template, "Api") == [
        {
            "store": "Orders2A43276C",
            "pool": "OrdersProxyFF99ACFB",
            "via": "proxy",
            "role": "writer",
            "connections_per_environment": 1,
            "hold_seconds": 2,
            "hold_enforced": True,
            "transactions_per_invocation": 2,
            "pins_session": False,
        }
    ]
    assert connections_of(built.template, "Batch")[0]["via"] == "direct"
    assert resource(built.template, "AWS::RDS::DBInstance")["Metadata"]["poolproof:store"] == {
        "operator_reserve": 4,
        "other_connections": [{"name": "bi", "connections": 3}],
    }
