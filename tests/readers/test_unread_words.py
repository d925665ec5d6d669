"""Words that are written and that nobody could read leave a gap each; a word that is not written leaves none."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.check import Report, check
from constructs_lib.readers.cloudformation import read_documents
from constructs_lib.readers.cloudformation.document import Document
from constructs_lib.readers.cloudformation.environment import HIDDEN_NAME

HIDDEN = {"Fn::ImportValue": "made-elsewhere"}
DATABASE: dict[str, Any] = {
    "Type": "AWS::RDS::DBInstance",
    "Properties": {"Engine": "postgres", "DBInstanceClass": "db.t4g.medium", "AllocatedStorage": "20"},
}
PROXY: dict[str, Any] = {
    "Type": "AWS::RDS::DBProxy",
    "Properties": {
        "DBProxyName": "p",
        "EngineFamily": "POSTGRESQL",
        "RequireTLS": True,
        "Auth": [{"IAMAuth": "DISABLED"}],
    },
}
TARGETS: dict[str, Any] = {
    "Type": "AWS::RDS::DBProxyTargetGroup",
    "Properties": {
        "DBProxyName": {"Ref": "Proxy"},
        "TargetGroupName": "default",
        "DBInstanceIdentifiers": [{"Ref": "Db"}],
    },
}


def function(**properties: Any) -> dict[str, Any]:
    variables = {"DB_HOST": {"Fn::GetAtt": ["Proxy", "Endpoint"]}, **properties.pop("variables", {})}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Environment": {"Variables": variables}, "Timeout": 5, **properties},
    }


def report(**resources: Any) -> Report:
    return check(read_documents([Document("s", "s", {"Resources": resources})], {}).fleet)


def missing(**resources: Any) -> list[str]:
    return [gap.missing for gap in report(**resources).not_decided]


def with_property(resource: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**resource, "Properties": {**resource["Properties"], **properties}}


def role(statement: Any) -> dict[str, Any]:
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": statement}}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}


SOUND = {"Db": DATABASE, "Proxy": PROXY, "Targets": TARGETS, "Api": function()}


def test_what_is_not_written_leaves_no_gap() -> None:
    assert missing(**SOUND) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Proxy": with_property(PROXY, EngineFamily=HIDDEN)}, "engine family of 'Proxy'"),
        ({"Proxy": with_property(PROXY, Auth=[{"IAMAuth": HIDDEN}])}, "whether 'Proxy' requires IAM logins"),
        (
            {"Targets": with_property(TARGETS, ConnectionPoolConfigurationInfo={"SessionPinningFilters": [HIDDEN]})},
            "a session pinning filter of 'Proxy'",
        ),
        ({"Api": function(TenancyConfig={"TenantIsolationMode": HIDDEN})}, "whether 'Api' has environments of its own for each tenant"),
        ({"Api": function(variables={"PGOPTIONS": HIDDEN})}, "what PGOPTIONS of 'Api' asks of every session"),
        (
            {"Api": function(Role={"Fn::GetAtt": ["Role", "Arn"]}), "Role": role({"Effect": "Allow", "Action": HIDDEN, "Resource": "*"})},
            "what 'Role' allows",
        ),
        ({"Api": function(Role={"Fn::GetAtt": ["Role", "Arn"]}), "Role": role(HIDDEN)}, "what 'Role' allows"),
        (
            {
                "Topic": {
                    "Type": "AWS::SNS::Subscription",
                    "Properties": {"Protocol": HIDDEN, "Endpoint": {"Fn::GetAtt": ["Api", "Arn"]}},
                }
            },
            "whether 'Topic' invokes 'Api'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_word_that_nobody_could_read_is_named_once(changed: dict[str, Any], said: str) -> None:
    assert missing(**{**SOUND, **changed}) == [f"{said}: import made-elsewhere comes from a stack that was not given"]


def test_a_pool_size_that_nobody_could_read_is_not_taken_for_one() -> None:
    shown = report(**{**SOUND, "Api": function(variables={"DB_POOL_SIZE": HIDDEN}, ReservedConcurrentExecutions=5)})
    (connection,) = shown.fleet.connections

    assert connection.connections_per_environment is not None
    assert connection.connections_per_environment.is_unknown
    assert not any("one is assumed" in finding.message for finding in shown.findings)


def test_an_alarm_whose_dimension_has_no_readable_name_does_not_watch_everything() -> None:
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/Lambda",
            "MetricName": "Throttles",
            "Dimensions": [{"Name": HIDDEN, "Value": "x"}],
        },
    }
    capped = function(ReservedConcurrentExecutions=5)

    shown = report(**{**SOUND, "Api": capped, "Throttled": alarm})

    assert [gap.subject for gap in shown.not_decided] == ["Throttled"]
    assert "PP405" not in {finding.code for finding in shown.findings}


def test_a_class_and_an_engine_matter_beside_a_pinned_limit() -> None:
    group = {
        "Type": "AWS::RDS::DBParameterGroup",
        "Properties": {"Family": "postgres16", "Parameters": {"max_connections": "100"}},
    }
    pinned = with_property(DATABASE, DBParameterGroupName={"Ref": "Limits"}, Engine=HIDDEN, DBInstanceClass=HIDDEN)

    said = missing(**{**SOUND, "Db": pinned, "Limits": group})

    assert "engine of 'Db' is unknown" in said
    assert any(line.startswith("instance class of 'Db' is unknown") for line in said)


NETWORK = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
CACHE: dict[str, Any] = {"Type": "AWS::ElastiCache::ServerlessCache", "Properties": {"Engine": "redis"}}


def hidden(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Role": HIDDEN, "VpcConfig": NETWORK, **properties}}


def managed(*policies: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": list(policies)}}


BASIC = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
WITH_ROLE: dict[str, Any] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}}


@pytest.mark.parametrize("policy", [HIDDEN, {"Fn::Join": ["", ["arn:aws:iam::111122223333:policy/", HIDDEN]]}])
def test_a_policy_that_nobody_sees_may_let_a_function_use_a_store(policy: Any) -> None:
    why = "import made-elsewhere comes from a stack that was not given"
    expected = f"whether 'F' uses a store: a policy of its role is not given ({why})"
    assert missing(F=WITH_ROLE, Role=managed(BASIC, policy)) == [expected]
    assert missing(F=WITH_ROLE, Role=managed(BASIC)) == []
    assert expected not in missing(F=function(Role={"Ref": "Role"}), Role=managed(policy), Proxy=PROXY, Db=DATABASE)


def test_a_function_beside_a_store_whose_role_nobody_sees() -> None:
    why = "its role is not given (import made-elsewhere comes from a stack that was not given)"
    assert f"whether 'F' connects to 'Db': {why}" in missing(F=hidden(), Db=DATABASE)
    assert f"whether 'F' connects to a store of its stack: {why}" in missing(F=hidden(), Db=DATABASE, Cache=CACHE)
    literal = hidden(Role="arn:aws:iam::111122223333:role/somebody")
    assert "whether 'F' connects to 'Db': its role is not given" in missing(F=literal, Db=DATABASE)


def test_a_function_beside_a_store_whose_environment_nobody_sees() -> None:
    """Terraform shows no names of variables when their values are known after apply only; a table explains no connection."""
    expected = (
        "whether 'F' connects to 'Db': what its environment says is not known "
        "(import made-elsewhere comes from a stack that was not given)"
    )
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}
    allowed = role([{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"Fn::GetAtt": ["Orders", "Arn"]}}])
    unseen = hidden(Role={"Fn::GetAtt": ["Role", "Arn"]}, Environment={"Variables": {HIDDEN_NAME: HIDDEN}})
    assert expected in missing(F=unseen, Role=allowed, Orders=table, Db=DATABASE)
    assert expected not in missing(F=unseen, Role=allowed, Orders=table)
    outside = with_property(unseen, VpcConfig={"Ref": "AWS::NoValue"})
    assert expected not in missing(F=outside, Role=allowed, Orders=table, Db=DATABASE)


@pytest.mark.parametrize(
    "resources",
    [
        {"F": hidden()},
        {"F": hidden(VpcConfig={"Ref": "AWS::NoValue"}), "Db": DATABASE},
        {"F": hidden(), "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}}},
        {"F": hidden(Role={"Fn::GetAtt": ["Role", "Arn"]}), "Role": {"Type": "AWS::IAM::Role"}, "Db": DATABASE},
        {
            "F": hidden(Environment={"Variables": {"DB_HOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}}}),
            "Db": DATABASE,
        },
        {"F": hidden(Environment={"Variables": {"DB_SECRET": HIDDEN}}), "Db": DATABASE},
    ],
    ids=["no store", "no network", "a table", "a role", "an address", "a gap already"],
)
def test_a_function_of_which_something_is_known_needs_no_such_word(resources: dict[str, Any]) -> None:
    assert not [said for said in missing(**resources) if said.startswith("whether 'F' connects")]


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        ([{"Ref": "Psycopg2Layer"}], "Psycopg2Layer"),
        (["arn:aws:lambda:eu-west-1:770693421928:layer:Klayers-p312-psycopg2-binary:1"], "psycopg2-binary"),
        ([{"Fn::Sub": "arn:aws:lambda:${AWS::Region}:770693421928:layer:pymongo:4"}], "layer:pymongo:4'"),
        ([{"Ref": "PowertoolsLayer"}, {"Ref": "DatabaseHelpers"}], None),
        ([], None),
    ],
)
def test_a_driver_in_a_layer_connects_to_something(layers: list[Any], named: str | None) -> None:
    made = {
        name: {"Type": "AWS::Lambda::LayerVersion"} for name in ("Psycopg2Layer", "PowertoolsLayer", "DatabaseHelpers")
    }
    alone = with_property(function(Layers=layers), Environment={})
    said = [text for text in missing(F=alone, **made) if "brings a driver" in text]
    assert len(said) == (named is not None)
    assert named is None or named in said[0]
    placed = function(Layers=layers)
    assert not [
        text for text in missing(F=placed, Db=DATABASE, Proxy=PROXY, Targets=TARGETS, **made) if "driver" in text
    ]
