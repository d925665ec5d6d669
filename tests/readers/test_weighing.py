"""Which evidence makes a connection, how sure it is, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.check import check
from constructs_lib.readers.reading import Reading

Read = Callable[..., Reading]
Edge = tuple[str, str, str, str]
HOST = {"Fn::GetAtt": ["Db", "Endpoint.Address"]}


def database(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::RDS::DBInstance",
        "Properties": {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", **properties},
    }


def function(variables: dict[str, Any] | None = None, role: str = "Role", **properties: Any) -> dict[str, Any]:
    environment = {"Environment": {"Variables": variables}} if variables else {}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Fn::GetAtt": [role, "Arn"]}, **environment, **properties},
    }


def role(*statements: tuple[Any, Any]) -> dict[str, Any]:
    allowed = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": allowed}}]}}


SECRET = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "shop/db"}}
ATTACHED = {
    "Type": "AWS::SecretsManager::SecretTargetAttachment",
    "Properties": {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Db"}},
}
PROXY = {"Type": "AWS::RDS::DBProxy", "Properties": {"DBProxyName": "shop"}}
TARGETS = {
    "Type": "AWS::RDS::DBProxyTargetGroup",
    "Properties": {"DBProxyName": "shop", "DBInstanceIdentifiers": [{"Ref": "Db"}]},
}
WITH_SECRET = {"Db": database(), "Secret": SECRET, "Attached": ATTACHED}
READ_SECRET = ("secretsmanager:GetSecretValue", {"Ref": "Attached"})
LOGIN = (
    "rds-db:connect",
    {
        "Fn::Sub": [
            "arn:aws:rds-db:x:y:dbuser:${P}/*",
            {"P": {"Fn::Select": [6, {"Fn::Split": [":", {"Fn::GetAtt": ["Proxy", "DBProxyArn"]}]}]}},
        ]
    },
)


def edges(reading: Reading) -> set[Edge]:
    return {(c.consumer, c.store, c.via, c.certainty) for c in reading.fleet.connections}


@pytest.mark.parametrize(
    ("resources", "edge"),
    [
        ({"Db": database(), "F": function({"H": HOST})}, ("F", "Db", "direct", "certain")),
        (
            {"Db": database(), "F": function({"U": {"Fn::Join": ["", ["postgres://u@", HOST, "/x"]]}})},
            ("F", "Db", "direct", "certain"),
        ),
        ({"Db": database(), "F": function({"H": {"Fn::If": ["Maybe", HOST, ""]}})}, ("F", "Db", "direct", "likely")),
        ({**WITH_SECRET, "F": function({"S": {"Ref": "Attached"}})}, ("F", "Db", "direct", "certain")),
        ({**WITH_SECRET, "F": function({"S": "shop/db"})}, ("F", "Db", "direct", "certain")),
        (
            {**WITH_SECRET, "F": function({"P": "{{resolve:secretsmanager:shop/db:SecretString:password}}"})},
            ("F", "Db", "direct", "certain"),
        ),
        ({**WITH_SECRET, "Role": role(READ_SECRET), "F": function()}, ("F", "Db", "direct", "likely")),
        (
            {**WITH_SECRET, "Role": role(READ_SECRET), "F": function(), "G": function()},
            ("F", "Db", "direct", "possible"),
        ),
        (
            {"Db": database(), "Proxy": PROXY, "T": TARGETS, "Role": role(LOGIN), "F": function()},
            ("F", "Db", "proxy", "likely"),
        ),
        (
            {
                **WITH_SECRET,
                "Proxy": PROXY,
                "T": TARGETS,
                "F": function({"H": {"Fn::GetAtt": ["Proxy", "Endpoint"]}, "S": {"Ref": "Secret"}}),
            },
            ("F", "Db", "proxy", "certain"),
        ),
        (
            {"Db": database(DBInstanceIdentifier="shop"), "F": function({"H": "shop.abc.eu-west-1.rds.amazonaws.com"})},
            ("F", "Db", "direct", "likely"),
        ),
        (
            {"F": function({"DATABASE_URL": "mysql://u:p@db.example.com/x"})},
            ("F", "external:db.example.com", "direct", "likely"),
        ),
    ],
)
def test_evidence_for_one_connection(reading_of: Read, resources: dict[str, Any], edge: Edge) -> None:
    conditions = {"Maybe": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    found = edges(reading_of(resources, Conditions=conditions, Parameters={"Stage": {"Type": "String"}}))
    assert {e for e in found if e[0] == "F"} == {edge}


@pytest.mark.parametrize(
    "resources",
    [
        {"Db": database(), "Role": role((["rds:*"], "*")), "F": function({"NAME": {"Ref": "Db"}})},
        {"Db": database(), "Role": role(("rds-db:connect", "*")), "F": function()},
        {"Db": database(), "F": function({"PORT": {"Fn::GetAtt": ["Db", "Endpoint.Port"]}})},
        {"Db": database(), "F": function({"HOST": "", "DB_HOST": "localhost", "SITE": "www.example.com"})},
        {
            "T": {"Type": "AWS::DynamoDB::Table"},
            "Role": role(("dynamodb:DescribeStream", {"Fn::GetAtt": ["T", "StreamArn"]})),
            "F": function(),
        },
        {"T": {"Type": "AWS::DynamoDB::Table"}, "Role": role(("*", "*")), "F": function()},
        {
            **WITH_SECRET,
            "F": {
                **function({"S": {"Ref": "Attached"}}),
                "Metadata": {"aws:cdk:path": "S/Provider/framework-onEvent/Resource"},
            },
        },
    ],
    ids=["management", "everywhere", "port", "local", "stream", "administrator", "generated"],
)
def test_what_is_no_connection(reading_of: Read, resources: dict[str, Any]) -> None:
    assert edges(reading_of(resources)) == set()


def test_a_permission_on_another_store_s_secret_is_only_a_hint_beside_an_address(reading_of: Read) -> None:
    resources = {
        **WITH_SECRET,
        "Main": database(),
        "Role": role(READ_SECRET),
        "F": function({"H": {"Fn::GetAtt": ["Main", "Endpoint.Address"]}}),
    }
    assert edges(reading_of(resources)) == {("F", "Main", "direct", "certain"), ("F", "Db", "direct", "possible")}


def test_inline_code_tells_which_variables_are_used(reading_of: Read) -> None:
    code = {"ZipFile": "import os\nhost = os.environ['MAIN_HOST']\n"}
    variables = {"MAIN_HOST": {"Fn::GetAtt": ["Main", "Endpoint.Address"]}, "OTHER_HOST": HOST}
    reading = reading_of({"Main": database(), "Db": database(), "F": function(variables, Code=code)})
    assert edges(reading) == {("F", "Main", "direct", "certain"), ("F", "Db", "direct", "possible")}
    built = {"ZipFile": "import os\nhost = os.environ[which + '_HOST']\n"}
    reading = reading_of({"Main": database(), "Db": database(), "F": function(variables, Code=built)})
    assert {edge[3] for edge in edges(reading)} == {"certain"}


def test_a_security_group_alone_makes_a_connection_possible(reading_of: Read) -> None:
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {}}
    rule = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {"GroupId": {"Ref": "A"}, "SourceSecurityGroupId": {"Fn::GetAtt": ["B", "GroupId"]}},
    }
    resources = {
        "A": group, "B": group, "Rule": rule, "Db": database(VPCSecurityGroups=[{"Ref": "A"}]),
        "F": function(VpcConfig={"SecurityGroupIds": [{"Ref": "B"}]}), "G": function(VpcConfig={"SecurityGroupIds": [{"Ref": "A"}]}),
    }  # fmt: skip
    assert edges(reading_of(resources)) == {("F", "Db", "direct", "possible")}


@pytest.mark.parametrize(
    ("variables", "size"),
    [
        ({"DB_POOL_SIZE": "4"}, "4"),
        ({"DB_MAX_CONN_SIZE": 10}, "10"),
        ({"POOL_TIMEOUT": "9"}, None),
        ({"DB_POOL_SIZE": "x"}, None),
    ],
)
def test_pool_sizes_come_from_the_environment(reading_of: Read, variables: dict[str, Any], size: str | None) -> None:
    (connection,) = reading_of({"Db": database(), "F": function({"H": HOST, **variables})}).fleet.connections
    assert (
        None if connection.connections_per_environment is None else str(connection.connections_per_environment)
    ) == size


def test_a_declared_connection_replaces_what_is_inferred(reading_of: Read) -> None:
    declared = {
        "Metadata": {"poolproof:connections": [{"store": "Db", "via": "direct", "connections_per_environment": 3}]}
    }
    (connection,) = reading_of({"Db": database(), "F": {**function({"H": HOST}), **declared}}).fleet.connections
    assert connection.evidence == ("declared by poolproof:connections",)
    assert str(connection.connections_per_environment) == "3"


EXPORT = "Data:ExportsOutputFnGetAttInstanceEndpointAddress1"


@pytest.mark.parametrize(
    ("variables", "outside"),
    [
        ({"DB_HOST": {"Fn::ImportValue": "shop-db"}}, "shop-db"),
        ({"HOST": {"Fn::ImportValue": EXPORT}}, EXPORT),
        ({"DB_HOST": "{{resolve:ssm:/db/host:3}}"}, "/db/host"),
        ({"DBHost": "{{resolve:secretsmanager:shop/db:SecretString:host}}"}, "shop/db"),
        ({"URL": {"Fn::Sub": "postgres://me:secret@${AWS::Region}.example.com/x"}}, "*.example.com"),
        ({"dburl": {"Fn::ImportValue": "shop-db"}}, "shop-db"),
        ({"DB_HOST": {"Ref": "AWS::StackId"}}, None),
        ({"DB_SECRET_ARN": {"Fn::ImportValue": "shop-db"}}, None),
        ({"dbsecret": {"Fn::ImportValue": "shop-db"}}, None),
    ],
)
def test_what_hides_a_store_is_a_gap(reading_of: Read, variables: dict[str, Any], outside: str | None) -> None:
    fleet = reading_of({"F": function(variables)}).fleet
    (gap,) = fleet.gaps
    assert (gap.subject, next(iter(variables)) in gap.missing, bool(gap.declare)) == ("F", True, True)
    expected = {("F", f"external:{outside}", "direct", "likely")} if outside else set()
    assert edges(Reading(fleet)) == expected


def test_a_rotation_and_custom_resources_run_at_deploy_time(reading_of: Read) -> None:
    rotation = {
        "Type": "AWS::SecretsManager::RotationSchedule",
        "Properties": {"RotationLambdaARN": {"Fn::GetAtt": ["R", "Arn"]}},
    }
    custom = {"Type": "Custom::Schema", "Properties": {"ServiceToken": {"Fn::GetAtt": ["C", "Arn"]}}}
    url = {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Ref": "C2"}}}
    second = {"Type": "Custom::Schema", "Properties": {"ServiceToken": {"Fn::GetAtt": ["C2", "Arn"]}}}
    resources = {"R": function(), "C": function(), "C2": function(), "S": rotation, "X": custom, "Y": second, "U": url}
    found = {consumer.id: consumer.deploy_time for consumer in reading_of(resources).fleet.consumers}
    assert found == {"R": True, "C": True, "C2": False}


def test_a_replica_is_a_store_of_its_own_with_its_source_s_engine_and_group(reading_of: Read) -> None:
    group = {"Type": "AWS::RDS::DBParameterGroup", "Properties": {"Parameters": {"max_connections": 120}}}
    replica = {
        "Type": "AWS::RDS::DBInstance",
        "Properties": {"SourceDBInstanceIdentifier": {"Fn::Sub": "arn:aws:rds:x:y:db:${Db}"}},
    }
    resources = {"G": group, "Db": database(DBParameterGroupName={"Ref": "G"}), "R": replica}
    stores = {store.id: store for store in reading_of(resources).fleet.stores}
    assert stores["R"].engine == "postgres"
    assert str(stores["R"].max_connections) == str(stores["Db"].max_connections) == "120"


def test_a_container_with_the_address_is_a_client_that_is_no_function(reading_of: Read) -> None:
    container = {"Environment": [{"Name": "HOST", "Value": HOST}]}
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [container]}}
    fleet = reading_of({"Db": database(), "Task": task}).fleet
    assert [(client.id, client.store) for client in fleet.outsiders] == [("Task", "Db")]
    assert [gap.subject for gap in check(fleet).not_decided] == ["Task"]
    declared = {
        **database(),
        "Metadata": {"poolproof:store": {"other_connections": [{"name": "web", "connections": 40}]}},
    }
    report = check(reading_of({"Db": declared, "Task": task}).fleet)
    assert not [gap for gap in report.not_decided if gap.subject == "Task"]
    assert not [finding for finding in report.findings if finding.code == "PP108"]


def test_an_undecided_condition_makes_a_connection_likely_at_most(reading_of: Read) -> None:
    conditions = {"Maybe": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    resources = {"Db": database(), "F": {**function({"H": HOST}), "Condition": "Maybe"}}
    parameters = {"Stage": {"Type": "String"}}
    assert edges(reading_of(resources, Conditions=conditions, Parameters=parameters)) == {
        ("F", "Db", "direct", "likely")
    }
    decided = reading_of(resources, {"Stage": "prod"}, Conditions=conditions, Parameters=parameters)
    assert edges(decided) == {("F", "Db", "direct", "certain")}
    off = reading_of(resources, {"Stage": "test"}, Conditions=conditions, Parameters=parameters)
    assert not off.fleet.consumers


def test_doors_that_only_an_api_description_or_a_permission_shows(reading_of: Read) -> None:
    uri = {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}
    api = {
        "Type": "AWS::ApiGateway::RestApi",
        "Properties": {"Body": {"paths": {"/": {"get": {"x-amazon-apigateway-integration": {"uri": uri}}}}}},
    }
    allowed = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {"FunctionName": {"Ref": "G"}, "Principal": "sns.amazonaws.com"},
    }
    consumers = reading_of({"F": function(), "G": function(), "Api": api, "P": allowed}).fleet.consumers
    found = {c.id: [(s.kind, str(s.timeout_seconds)) for s in c.event_sources] for c in consumers}
    assert found == {"F": [("rest-api", "29")], "G": [("sns", "None")]}
