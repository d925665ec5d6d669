"""What the reader tells of a proxy: its switches, its secrets and how they rotate, who may log in, what sessions are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.check import check
from constructs_lib.model.fleet import Connection, Fleet, Pool
from constructs_lib.readers.reading import Reading

Read = Callable[..., Reading]
DATABASE = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro"}}
SECRET = {
    "Type": "AWS::SecretsManager::Secret",
    "Properties": {"GenerateSecretString": {"SecretStringTemplate": '{"username":"app"}'}},
}
ATTACHED = {
    "Type": "AWS::SecretsManager::SecretTargetAttachment",
    "Properties": {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Db"}},
}


def proxy(**properties: Any) -> dict[str, Any]:
    named = {"DBProxyName": "shop", "EngineFamily": "POSTGRESQL", **properties}
    return {"Type": "AWS::RDS::DBProxy", "Properties": named}


def targets(**more: Any) -> dict[str, Any]:
    named = {"DBProxyName": {"Ref": "Proxy"}, "DBInstanceIdentifiers": [{"Ref": "Db"}]}
    return {"Type": "AWS::RDS::DBProxyTargetGroup", "Properties": {**named, **more}}


def function(variables: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    environment = {"Variables": {"PGHOST": {"Fn::GetAtt": ["Proxy", "Endpoint"]}, **(variables or {})}}
    return {"Type": "AWS::Lambda::Function", "Properties": {"Environment": environment, **properties}}


def shop(**resources: Any) -> dict[str, Any]:
    return {"Db": DATABASE, "Proxy": proxy(), "Targets": targets(), **resources}


def the_pool(reading: Reading) -> Pool:
    (pool,) = reading.fleet.pools
    return pool


def edge(fleet: Fleet, consumer: str = "F") -> Connection:
    (connection,) = fleet.connections_by_consumer[consumer]
    return connection


@pytest.mark.parametrize(
    ("written", "read_as"),
    [({}, False), (True, True), ("true", True), (False, False), ({"Ref": "AWS::NoValue"}, False)],
)
def test_a_switch_that_is_not_set_is_off(reading_of: Read, written: Any, read_as: bool) -> None:
    properties = {} if written == {} else {"RequireTLS": written, "DebugLogging": written}
    reading = reading_of(shop(Proxy=proxy(**properties)))
    assert (the_pool(reading).require_tls, the_pool(reading).debug_logging) == (read_as, read_as)
    assert not reading.fleet.gaps


def test_a_switch_that_an_open_parameter_decides_is_a_gap(reading_of: Read) -> None:
    resources = shop(Proxy=proxy(RequireTLS={"Ref": "Tls"}))
    reading = reading_of(resources, Parameters={"Tls": {"Type": "String"}})
    assert the_pool(reading).require_tls is None
    (gap,) = reading.fleet.gaps
    assert (gap.subject, "RequireTLS" in gap.missing, "RequireTLS" in gap.declare) == ("Proxy", True, True)
    decided = reading_of(resources, {"Tls": "true"}, Parameters={"Tls": {"Type": "String"}})
    assert (the_pool(decided).require_tls, decided.fleet.gaps) == (True, ())


@pytest.mark.parametrize(
    ("properties", "required"),
    [
        ({}, None),
        ({"Auth": [{"IAMAuth": "REQUIRED"}]}, True),
        ({"Auth": [{"IAMAuth": "DISABLED"}]}, False),
        ({"Auth": [{"SecretArn": "x"}]}, False),
        ({"Auth": [{"IAMAuth": "ENABLED"}]}, False),
        ({"Auth": [{"IAMAuth": "REQUIRED"}, {"IAMAuth": "DISABLED"}]}, None),
        ({"Auth": [{"IAMAuth": {"Ref": "Mode"}}]}, None),
        ({"DefaultAuthScheme": "IAM_AUTH"}, True),
    ],
)
def test_iam_is_required_where_every_user_needs_it(
    reading_of: Read, properties: dict[str, Any], required: bool | None
) -> None:
    reading = reading_of(shop(Proxy=proxy(**properties)), Parameters={"Mode": {"Type": "String"}})
    assert the_pool(reading).iam_auth is required


@pytest.mark.parametrize(
    ("arn", "known"),
    [
        ({"Ref": "Secret"}, ("Secret",)),
        ({"Ref": "Attached"}, ("Secret",)),
        ({"Fn::GetAtt": ["Db", "MasterUserSecret.SecretArn"]}, ("Db.MasterUserSecret",)),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:elsewhere-AbCdEf", None),
        ({"Ref": "Arn"}, None),
    ],
)
def test_secrets_of_a_proxy(reading_of: Read, arn: Any, known: tuple[str, ...] | None) -> None:
    resources = shop(Secret=SECRET, Attached=ATTACHED, Proxy=proxy(Auth=[{"SecretArn": arn}]))
    assert the_pool(reading_of(resources, Parameters={"Arn": {"Type": "String"}})).secrets == known


def test_a_proxy_without_auth_has_no_secrets(reading_of: Read) -> None:
    assert the_pool(reading_of(shop())).secrets == ()


def test_a_connection_knows_the_secret_its_environment_names(reading_of: Read) -> None:
    resources = shop(Secret=SECRET, Attached=ATTACHED, F=function({"SECRET_ARN": {"Ref": "Attached"}}))
    connection = edge(reading_of(resources).fleet)
    assert (connection.via, connection.secrets, connection.addressed) == ("proxy", ("Secret",), True)


def application(kind: str) -> dict[str, Any]:
    """AWS's application in each partition, by a map as the CDK writes it."""
    arn = f"arn:{{}}:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSPostgreSQLRotation{kind}"
    rows = {partition: {"applicationId": arn.format(partition)} for partition in ("aws", "aws-cn")}
    location = {"ApplicationId": {"Fn::FindInMap": ["Apps", {"Ref": "AWS::Partition"}, "applicationId"]}}
    return {
        "sections": {"Mappings": {"Apps": rows}},
        "App": {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}},
    }


@pytest.mark.parametrize(
    ("kind", "strategy"), [("MultiUser", "alternating-users"), ("SingleUser", "single-user"), ("Other", None)]
)
def test_rotation_by_a_hosted_function_or_by_an_application(reading_of: Read, kind: str, strategy: str | None) -> None:
    hosted = {"SecretId": {"Ref": "Secret"}, "HostedRotationLambda": {"RotationType": f"PostgreSQL{kind}"}}
    app = application(kind)
    function_arn = {"Fn::GetAtt": ["App", "Outputs.RotationLambdaARN"]}
    deployed = {"SecretId": {"Ref": "Attached"}, "RotationLambdaARN": function_arn}
    base = shop(Secret=SECRET, Attached=ATTACHED, App=app["App"])
    for properties in (hosted, deployed):
        schedule = {"Type": "AWS::SecretsManager::RotationSchedule", "Properties": properties}
        (credential,) = reading_of({**base, "Schedule": schedule}, **app["sections"]).fleet.credentials
        assert (credential.id, credential.store, credential.user) == ("Secret", "Db", "app")
        assert credential.rotation == strategy
        assert (credential.rotation_origin.logical_id == "Schedule") is (strategy is not None)


def test_a_user_that_is_no_plain_text_is_not_known(reading_of: Read) -> None:
    text = {"Fn::Sub": '{"username":"${User}","host":"${Db.Endpoint.Address}"}'}
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": text}}
    (credential,) = reading_of(shop(Secret=secret), Parameters={"User": {"Type": "String"}}).fleet.credentials
    assert (credential.user, credential.store) == (None, "Db")
    named = {"Fn::Sub": '{"username":"app","host":"${Db.Endpoint.Address}"}'}
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": named}}
    (credential,) = reading_of(shop(Secret=secret)).fleet.credentials
    assert credential.user == "app"


def role(*statements: dict[str, Any], managed: tuple[Any, ...] = (), trust: Any = None) -> dict[str, Any]:
    documents = [
        {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Resource": "*", **item}]}} for item in statements
    ]
    properties = {"Policies": documents, "ManagedPolicyArns": list(managed), "AssumeRolePolicyDocument": trust or {}}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


BASIC = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
LOGIN = {"Action": "rds-db:connect"}
TRUSTING = {"Statement": {"Effect": "Allow", "Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}}}


@pytest.mark.parametrize(
    ("resources", "may"),
    [
        ({"Role": role(LOGIN)}, True),
        ({"Role": role({"Action": ["logs:*", "RDS-DB:Connect"]})}, True),
        ({"Role": role({"Action": "*"})}, True),
        ({"Role": role()}, False),
        ({"Role": role({"Action": "logs:PutLogEvents"}, managed=(BASIC,))}, False),
        ({"Role": role({"Effect": "Deny", "Action": "rds-db:connect"})}, False),
        ({"Role": role(managed=("arn:aws:iam::aws:policy/AdministratorAccess",))}, None),
        ({"Role": role(managed=({"Ref": "Given"},))}, None),
        ({"Role": role({"Action": {"Ref": "Given"}})}, None),
        ({"Role": role({"NotAction": "iam:*"})}, None),
        ({"Role": role({"Action": "sts:AssumeRole"})}, None),
        ({"Role": role(), "Other": role(LOGIN, trust=TRUSTING)}, None),
        ({}, None),
    ],
)
def test_a_login_is_denied_only_when_all_of_the_role_is_visible(
    reading_of: Read, resources: dict[str, Any], may: bool | None
) -> None:
    written = {"Fn::GetAtt": ["Role", "Arn"]} if resources else "arn:aws:iam::123456789012:role/elsewhere"
    reading = reading_of(shop(F=function(Role=written), **resources), Parameters={"Given": {"Type": "String"}})
    assert edge(reading.fleet).iam_login is may


@pytest.mark.parametrize("attached", [{"Roles": [{"Ref": "Role"}]}, {"Roles": [{"Ref": "Given"}]}])
def test_policies_beside_the_role_count_and_one_for_anybody_leaves_it_open(
    reading_of: Read, attached: dict[str, Any]
) -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"}}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": document, **attached}}
    resources = shop(F=function(Role={"Fn::GetAtt": ["Role", "Arn"]}), Role=role(), P=policy)
    found = edge(reading_of(resources, Parameters={"Given": {"Type": "String"}}).fleet).iam_login
    assert found is (True if attached["Roles"] == [{"Ref": "Role"}] else None)


def test_a_role_in_the_environment_leaves_the_login_open(reading_of: Read) -> None:
    given = function({"TENANT_ROLE": {"Ref": "Given"}}, Role={"Fn::GetAtt": ["Role", "Arn"]})
    reading = reading_of(shop(F=given, Role=role()), Parameters={"Given": {"Type": "String"}})
    assert edge(reading.fleet).iam_login is None


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({"PGOPTIONS": "-c search_path=shop"}, "environment variable PGOPTIONS: options -c search_path=shop"),
        (
            {"URL": {"Fn::Sub": "postgres://u@${Proxy.Endpoint}/shop?options=-c%20statement_timeout%3D5000"}},
            "environment variable URL: options -c statement_timeout=5000",
        ),
        ({"DSN": "dbname=shop options='--search_path=shop'"}, "environment variable DSN: options --search_path=shop"),
        ({"SETUP": "SET search_path TO shop;"}, "environment variable SETUP: SET search_path TO shop"),
        ({"SETUP": "set names utf8mb4"}, "environment variable SETUP: set names utf8mb4"),
        ({"URL": "x?sessionVariables=sql_mode=ansi"}, "environment variable URL: SET sql_mode=ansi"),
        ({"DSN": "host=x;init_command=SET @tenant=7"}, "environment variable DSN: SET @tenant=7"),
        ({"PGOPTIONS": ""}, None),
        ({"GREETING": "Set up your account"}, None),
        ({"URL": "https://example.com/?options=all"}, None),
        ({"EXTRA": "u@x/y?options=project%3Dshop"}, None),
    ],
)
def test_session_setup(reading_of: Read, variables: dict[str, Any], asked: str | None) -> None:
    found = edge(reading_of(shop(F=function(variables))).fleet).session_setup
    assert found == (() if asked is None else (asked,))


def test_a_function_past_the_proxy_is_asked_nothing(reading_of: Read) -> None:
    direct = function({"PGHOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}, "PGOPTIONS": "-c search_path=shop"})
    assert edge(reading_of(shop(F=direct)).fleet).session_setup == ()


CLUSTER = {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "aurora-postgresql"}}
MEMBER = {
    "Type": "AWS::RDS::DBInstance",
    "Properties": {"DBClusterIdentifier": {"Ref": "Db"}, "DBInstanceClass": "db.r6g.large"},
}


@pytest.mark.parametrize(
    ("extra", "unawaited"),
    [
        ({}, ("Writer", "Reader")),
        ({"DependsOn": "Writer"}, ()),
        ({"DependsOn": ["Gate"]}, ()),
        ({"DependsOn": "Unrelated"}, ("Writer", "Reader")),
    ],
)
def test_instances_that_a_target_group_does_not_wait_for(
    reading_of: Read, extra: dict[str, Any], unawaited: tuple[str, ...]
) -> None:
    group = targets(DBInstanceIdentifiers=[], DBClusterIdentifiers=[{"Ref": "Db"}])
    resources = shop(Db=CLUSTER, Writer=MEMBER, Reader=MEMBER, Targets={**group, **extra})
    resources["Gate"] = {"Type": "AWS::CloudFormation::WaitConditionHandle", "DependsOn": "Reader"}
    resources["Unrelated"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    assert the_pool(reading_of(resources)).unawaited_instances == unawaited


def test_an_instance_as_target_is_waited_for_by_being_named(reading_of: Read) -> None:
    assert the_pool(reading_of(shop())).unawaited_instances == ()


ASSUMED = "the proxy has no target group in the given templates; 'Db', the only database of its family there, is taken for its target"


def test_a_proxy_without_a_target_group_stands_before_the_only_database_of_its_family(reading_of: Read) -> None:
    other = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql", "DBInstanceClass": "db.t4g.micro"}}
    fleet = reading_of({"Db": DATABASE, "Other": other, "Proxy": proxy(), "F": function()}).fleet
    assert (edge(fleet).store, edge(fleet).pool, edge(fleet).certainty) == ("Db", "Proxy", "likely")
    assert [gap.missing for gap in fleet.gaps] == [ASSUMED]
    (pool,) = fleet.pools
    assert pool.percent is not None  # what its target group would say is not known, and no default stands in for it
    assert pool.percent.is_unknown
    assert pool.borrow_timeout_seconds is not None
    assert pool.borrow_timeout_seconds.is_unknown
    assert [finding.code for finding in check(fleet).stopping] == []


@pytest.mark.parametrize(
    ("family", "databases"),
    [
        ("MYSQL", ("Db",)),
        ("POSTGRESQL", ("Db", "Second")),
        ({"Ref": "Family"}, ("Db",)),
    ],
)
def test_the_database_of_a_proxy_without_a_target_group_is_not_guessed(
    reading_of: Read, family: Any, databases: tuple[str, ...]
) -> None:
    made = dict.fromkeys(databases, DATABASE)
    reading = reading_of(
        {**made, "Proxy": proxy(EngineFamily=family), "F": function()}, Parameters={"Family": {"Type": "String"}}
    )
    assert edge(reading.fleet).store == "external:behind Proxy"
