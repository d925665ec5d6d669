"""Functions that learn of a database when they are invoked, or have its address in their own code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.readers.reading import Reading

Read = Callable[..., Reading]
Body = dict[str, Any]
SAM: Body = {"Transform": "AWS::Serverless-2016-10-31"}
DB: Body = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql"}}
HOST: Body = {"Fn::GetAtt": ["Db", "Endpoint.Address"]}
PLACED: Body = {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}


def function(code: str = "", **properties: Any) -> Body:
    source = {"Code": {"ZipFile": code}} if code else {}
    return {"Type": "AWS::Lambda::Function", "Properties": {**source, **properties}}


def found(reading: Reading) -> set[tuple[str, str, str]]:
    return {(c.store, c.via, c.certainty) for c in reading.fleet.connections if c.consumer == "F"}


def machine(task: Body, kind: str = "AWS::Serverless::StateMachine") -> Body:
    inner = {"StartAt": "Load", "States": {"Load": {"Type": "Task", "End": True, **task}}}
    states = {"All": {"Type": "Map", "ItemProcessor": inner, "End": True}}
    return {"Type": kind, "Properties": {"Definition": {"StartAt": "All", "States": states}}}


@pytest.mark.parametrize(
    ("told", "store"),
    [
        ({"host": HOST}, "Db"),
        ({"host": {"Ref": "Given"}}, "external:Given"),
        ({"host": "db.example.com"}, "external:db.example.com"),
    ],
    ids=["resource", "parameter", "literal"],
)
@pytest.mark.parametrize("invoked", [False, True], ids=["resource", "invoke"])
def test_what_a_state_machine_passes_on(reading_of: Read, told: Body, store: str, invoked: bool) -> None:
    passed = {"pg": told}
    arn = {"Fn::GetAtt": ["F", "Arn"]}
    call = {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": arn, "Payload": passed}}
    task = call if invoked else {"Resource": arn, "Parameters": passed}
    resources = {"F": function(**PLACED), "Db": DB, "M": machine(task), "G": function(**PLACED)}
    reading = reading_of(resources, Parameters={"Given": {"Type": "String"}}, **SAM)
    assert found(reading) == {(store, "direct", "likely")}
    assert {c.consumer for c in reading.fleet.connections} == {"F"}


@pytest.mark.parametrize("kind", ["Schedule", "ScheduleV2", "EventBridgeRule"])
@pytest.mark.parametrize("host", ["${Given}", "orders.XXX.<region>.rds.amazonaws.com"])
def test_what_a_schedule_of_sam_says_as_text(reading_of: Read, kind: str, host: str) -> None:
    told = {
        "Fn::Sub": '{"DbEndpoint": "HOST", "Port": ${Port}, "tags": ["a \\\\\\" b", "${Given}"]}'.replace("HOST", host)
    }
    when = {
        "Input": told,
        "Schedule": "rate(1 hour)",
        "ScheduleExpression": "rate(1 hour)",
        "Pattern": {"source": ["a"]},
    }
    properties = {**PLACED, "Runtime": "python3.13", "Handler": "a.b", "InlineCode": "pass"}
    made = {
        "Type": "AWS::Serverless::Function",
        "Properties": {**properties, "Events": {"T": {"Type": kind, "Properties": when}}},
    }
    asked = {"Given": {"Type": "String"}, "Port": {"Type": "Number"}}
    store = "external:Given" if "Given" in host else "external:DbEndpoint"
    assert found(reading_of({"F": made}, Parameters=asked, **SAM)) == {(store, "direct", "likely")}


def test_a_state_machine_defined_as_text(reading_of: Read) -> None:
    pieces = [
        '{"StartAt": "A", "States": {"A": {"Type": "Task", "End": true, "Resource": "',
        {"Fn::GetAtt": ["F", "Arn"]},
    ]
    pieces += ['", "Parameters": {"db_host": "', HOST, '"}}}}']
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": {"Fn::Join": ["", pieces]}},
    }
    assert found(reading_of({"F": function(**PLACED), "Db": DB, "M": machine})) == {("Db", "direct", "likely")}


@pytest.mark.parametrize(
    "text",
    ['{"db_host": ', "[1, 2", '{"a": \ue0000\ue001}', '{"db_host": "\\uE0007\\ue001.example.com"}', "[" * 100_000],
)
def test_text_that_is_no_json_tells_nothing(reading_of: Read, text: str) -> None:
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {"Targets": [{"Arn": {"Fn::GetAtt": ["F", "Arn"]}, "Input": text}]},
    }
    assert found(reading_of({"F": function(**PLACED), "R": rule})) == set()


def test_names_without_a_database_are_nothing_that_a_machine_tells(reading_of: Read) -> None:
    task = {
        "Resource": {"Fn::GetAtt": ["F", "Arn"]},
        "Parameters": {"mail": {"host": "mail.example.com"}, "depth": [[[]]]},
    }
    assert found(reading_of({"F": function(), "M": machine(task)}, **SAM)) == set()


@pytest.mark.parametrize("version", [1, 2])
def test_the_variables_of_the_stages_of_an_api(reading_of: Read, version: int) -> None:
    uri = {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}
    first: Body = {
        "Api": {"Type": "AWS::ApiGateway::RestApi"},
        "Door": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {"RestApiId": {"Ref": "Api"}, "Integration": {"Uri": uri}},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": {"Ref": "Api"}, "Variables": {"dbHost": HOST}},
        },
    }
    second: Body = {
        "Api": {"Type": "AWS::ApiGatewayV2::Api"},
        "Door": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {"ApiId": {"Ref": "Api"}, "IntegrationUri": uri},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageVariables": {"dbHost": HOST}},
        },
    }
    resources = {"F": function(**PLACED), "Db": DB, **(first if version == 1 else second)}
    assert found(reading_of(resources)) == {("Db", "direct", "likely")}


DRIVER = "import pymysql\nconn = pymysql.connect(host='{}')\n"


@pytest.mark.parametrize(
    ("code", "store"),
    [
        (DRIVER.format("shop.c1.eu-west-1.rds.amazonaws.com"), "external:shop.c1.eu-west-1.rds.amazonaws.com"),
        (
            "import pymongo\nc = pymongo.MongoClient('mongodb+srv://a:' + pw + '@shop.x1.mongodb.net/shop')",
            "external:shop.x1.mongodb.net",
        ),
        ("import redis\nr = redis.from_url('redis://cache.internal:6379/0')", "external:cache.internal"),
        (DRIVER.format("localhost"), None),
        ("import urllib.request\nurllib.request.urlopen('https://api.example.com/x')  # TODO redis", None),
    ],
)
def test_an_address_in_the_code(reading_of: Read, code: str, store: str | None) -> None:
    assert found(reading_of({"F": function(code)})) == ({(store, "direct", "likely")} if store else set())


@pytest.mark.parametrize(
    ("code", "certainty"),
    [
        ("import os, boto3\nboto3.client('route53').change(os.environ['DB_HOST'])", "possible"),
        ("import os, boto3, pymysql\npymysql.connect(os.environ['DB_HOST'])", "certain"),
        ("import os\nhost = os.environ['DB_HOST']", "certain"),
    ],
)
def test_code_that_only_calls_aws_opens_no_connection(reading_of: Read, code: str, certainty: str) -> None:
    resources = {"F": function(code, Environment={"Variables": {"DB_HOST": HOST}}), "Db": DB}
    assert found(reading_of(resources)) == {("Db", "direct", certainty)}


@pytest.mark.parametrize("name", ["db.shop.internal.", {"Fn::Sub": "db.${Stage}.internal."}])
def test_a_dns_record_ends_in_a_dot_where_an_address_does_not(reading_of: Read, name: Any) -> None:
    record = {"Type": "AWS::Route53::RecordSet", "Properties": {"Name": name, "ResourceRecords": [HOST]}}
    written = name.rstrip(".") if isinstance(name, str) else {"Fn::Sub": name["Fn::Sub"].rstrip(".")}
    resources = {"F": function(Environment={"Variables": {"DB_HOST": written}}), "Db": DB, "Record": record}
    assert {store for store, _, _ in found(reading_of(resources, Parameters={"Stage": {"Type": "String"}}))} == {"Db"}


def test_a_table_that_a_role_in_the_environment_may_use(reading_of: Read) -> None:
    table = {"Type": "AWS::DynamoDB::Table"}
    statement = {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": {"Fn::GetAtt": ["T", "Arn"]}}
    scoped = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}
    variables = {"TENANT_ROLE": {"Fn::GetAtt": ["Scoped", "Arn"]}, "DATA_TABLE": {"Ref": "T"}}
    own = {"Fn::GetAtt": ["Own", "Arn"]}
    made = function(Role=own, Environment={"Variables": variables})
    reading = reading_of({"F": made, "Own": {"Type": "AWS::IAM::Role"}, "Scoped": scoped, "T": table})
    assert found(reading) == {("T", "http", "certain")}
    assert "through environment variable TENANT_ROLE" in reading.fleet.connections[0].evidence[0]


@pytest.mark.parametrize(
    ("text", "store"), [("${Host}", "Db"), ("mysql://${Host}:3306/shop", "Db"), ("${Unknown}", "external:db_host")]
)
def test_what_fills_the_holes_of_a_definition(reading_of: Read, text: str, store: str | None) -> None:
    task = {
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${Worker}", "Payload": {"db_host": text}},
    }
    made = machine(task)
    made["Properties"]["DefinitionSubstitutions"] = {"Worker": {"Fn::GetAtt": ["F", "Arn"]}, "Host": HOST}
    reading = reading_of({"F": function(), "Db": DB, "Machine": made}, **SAM)
    assert {edge for edge, _, _ in found(reading)} == {store}
