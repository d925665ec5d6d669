from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Match, Template

from constructs_lib.cdk.single_table import SingleTableStore
from constructs_lib.cdk.single_table_grants import TableAccess
from constructs_lib.errors import ConnectError
from tests.cdk_stores.conftest import only, statements_of, variables_of

pytestmark = pytest.mark.cdk
TABLE = "Catalog43DE16E8"


@pytest.fixture(scope="module")
def template(make_function: Callable[..., lambda_.Function]) -> Template:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stores")
    store = SingleTableStore(
        stack,
        "Catalog",
        indexes=2,
        maximum_read_units=400,
        maximum_write_units=200,
        stream=dynamodb.StreamViewType.NEW_IMAGE,
    )
    store.connect(make_function(stack, "Pages"), pagination=True)
    store.connect(make_function(stack, "Once"), leading_keys=["IDEMPOTENCY#*"], access=TableAccess.WRITE)
    store.connect(make_function(stack, "Look"), access=TableAccess.READ)
    store.connect(make_function(stack, "Tenant"), tenant_scoped=True)
    return Template.from_stack(stack)


def test_one_table_with_overloaded_keys_keeps_its_logical_id(template: Template) -> None:
    assert list(template.find_resources("AWS::DynamoDB::GlobalTable")) == [TABLE]
    keys = {
        attribute["AttributeName"] for attribute in only(template, "AWS::DynamoDB::GlobalTable")["AttributeDefinitions"]
    }
    assert keys == {"PK", "SK", "GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK"}


def test_items_are_kept_restorable_expiring_and_protected(template: Template) -> None:
    template.has_resource(
        "AWS::DynamoDB::GlobalTable",
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
                "Replicas": [
                    Match.object_like(
                        {
                            "DeletionProtectionEnabled": True,
                            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                        }
                    )
                ],
            },
        },
    )


def test_caps_bind_the_table_and_every_index(template: Template) -> None:
    table = only(template, "AWS::DynamoDB::GlobalTable")
    (replica,) = table["Replicas"]
    assert table["WriteOnDemandThroughputSettings"] == {"MaxWriteRequestUnits": 200}
    assert replica["ReadOnDemandThroughputSettings"] == {"MaxReadRequestUnits": 400}
    for index in (*table["GlobalSecondaryIndexes"], *replica["GlobalSecondaryIndexes"]):
        settings = {name: value for name, value in index.items() if name.endswith("OnDemandThroughputSettings")}
        assert settings in (
            {"WriteOnDemandThroughputSettings": {"MaxWriteRequestUnits": 200}},
            {"ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": 400}},
        )


def test_no_connection_may_scan(template: Template) -> None:
    for role in ("Pages", "Once", "Look", "CatalogTenantOf"):
        actions = [action for statement in statements_of(template, role) for action in statement["Action"]]
        assert any(action.startswith("dynamodb:") for action in actions), role
        assert not {"dynamodb:Scan", "dynamodb:*", "dynamodb:PartiQLSelect"} & set(actions)


def test_a_reader_cannot_write(template: Template) -> None:
    (statement,) = statements_of(template, "Look")
    assert statement["Action"] == [
        "dynamodb:BatchGetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:GetItem",
        "dynamodb:Query",
    ]


def test_grants_name_the_table_and_its_indexes_one_by_one(template: Template) -> None:
    (statement,) = statements_of(template, "Look")
    table = {"Fn::GetAtt": [TABLE, "Arn"]}
    assert statement["Resource"] == [
        table,
        {"Fn::Join": ["", [table, "/index/GSI1"]]},
        {"Fn::Join": ["", [table, "/index/GSI2"]]},
    ]


def test_leading_keys_limit_a_function_to_its_items_also_when_a_call_names_no_key(template: Template) -> None:
    (statement,) = statements_of(template, "Once")
    assert statement["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["IDEMPOTENCY#*"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_a_tenant_scoped_function_reaches_items_only_through_a_role_of_one_tenant(template: Template) -> None:
    (own,) = statements_of(template, "TenantServiceRole")
    assert own["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    (items,) = statements_of(template, "CatalogTenantOf")
    assert items["Condition"]["ForAllValues:StringLike"] == {
        "dynamodb:LeadingKeys": ["TENANT#${aws:PrincipalTag/tenant}"]
    }
    role = own["Resource"]["Fn::GetAtt"][0]
    trust = template.find_resources("AWS::IAM::Role")[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert {action for statement in trust for action in _list(statement["Action"])} == {
        "sts:AssumeRole",
        "sts:TagSession",
    }
    assert variables_of(template, "Tenant")["POOLPROOF_TENANT_ROLE_ARN"] == own["Resource"]


def test_environment_names_table_indexes_and_the_key_of_cursors(template: Template) -> None:
    (secret,) = template.find_resources("AWS::SecretsManager::Secret")
    assert variables_of(template, "Pages") == {
        "POOLPROOF_TABLE_NAME": {"Ref": TABLE},
        "POOLPROOF_TABLE_INDEXES": "GSI1,GSI2",
        "POOLPROOF_CURSOR_SECRET_ARN": {"Ref": secret},
    }
    assert "POOLPROOF_CURSOR_SECRET_ARN" not in variables_of(template, "Look")


def test_the_checker_is_told_that_no_database_connection_is_held(template: Template) -> None:
    template.has_resource(
        "AWS::Lambda::Function",
        {
            "Metadata": {
                "poolproof:connections": [
                    Match.object_like({"store": TABLE, "via": "http", "connections_per_environment": 0})
                ]
            }
        },
    )


def test_a_second_table_does_not_silently_replace_the_first(make_function: Callable[..., lambda_.Function]) -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Twice")
    function = make_function(stack, "Reads")
    SingleTableStore(stack, "One").connect(function)
    with pytest.raises(ConnectError, match=r"already has its single table environment from 'Twice/One'"):
        SingleTableStore(stack, "Two").connect(function)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"indexes": 21}, "indexes of 'Catalog' must be a whole number from 0 to 20, got 21"),
        ({"maximum_read_units": 0}, "maximum_read_units of 'Catalog' must be a whole number from 1 up, got 0"),
        ({"maximum_write_units": -3}, "maximum_write_units of 'Catalog' must not be negative, got -3"),
    ],
)
def test_numbers_out_of_range_are_refused_with_what_is_allowed(wrong: dict[str, int], message: str) -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Wrong")
    with pytest.raises(ConnectError) as refusal:
        SingleTableStore(stack, "Catalog", **wrong)
    assert str(refusal.value) == message


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
