"""Tables that permissions and variables name in writing, and what a role says that several functions share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read

Read = Callable[..., Reading]
Body = dict[str, Any]
SAM: Body = {"Transform": "AWS::Serverless-2016-10-31"}
PARAMETERS: Body = {"Trips": {"Type": "String"}, "Known": {"Type": "String", "Default": "trips"}}
TRIPS: Body = {"Ref": "Trips"}
TABLE: Body = {"Type": "AWS::DynamoDB::Table", "Properties": {}}


def table(name: Any) -> Body:
    return {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name}}


def arn(name: str) -> Body:
    return {"Fn::Sub": f"arn:aws:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{name}"}


def function(variables: Body | None = None, **properties: Any) -> Body:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Environment": {"Variables": variables or {}},
            **properties,
        },
    }


def role(*resources: Any, actions: Any = "dynamodb:GetItem") -> Body:
    statement = {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}


def edges(reading: Reading) -> set[tuple[str, str, str]]:
    assert {c.via for c in reading.fleet.connections} <= {"http"}
    return {(c.consumer, c.store, c.certainty) for c in reading.fleet.connections}


def gaps(reading: Reading) -> list[str]:
    return [gap.missing for gap in reading.fleet.gaps]


@pytest.mark.parametrize(
    ("policy", "name", "store"),
    [
        ("DynamoDBCrudPolicy", "trips", "external:trips"),
        ("DynamoDBCrudPolicy", {"Ref": "Known"}, "external:trips"),
        ("DynamoDBReadPolicy", TRIPS, "external:Trips"),
        ("DynamoDBWritePolicy", {"Fn::ImportValue": "shop-Trips"}, "external:shop-Trips"),
        ("DynamoDBReadPolicy", {"Fn::Sub": "${Trips}-old"}, "external:Trips-old"),
        ("DynamoDBReadPolicy", "{{resolve:ssm:/shop/trips}}", "external:/shop/trips"),
        ("DynamoDBStreamReadPolicy", "trips", None),
        ("DynamoDBReadPolicy", "*", None),
        ("DynamoDBReadPolicy", {"Fn::Sub": "${Trips}-*"}, None),
    ],
)
def test_a_policy_template_names_a_table_of_another_template(
    reading_of: Read, policy: str, name: Any, store: str | None
) -> None:
    made = {"Type": "AWS::Serverless::Function", "Properties": {"Policies": [{policy: {"TableName": name}}]}}
    reading = reading_of({"F": made}, Parameters=PARAMETERS, **SAM)
    assert edges(reading) == ({("F", store, "likely")} if store else set())
    assert not gaps(reading)


@pytest.mark.parametrize(
    ("resource", "store"),
    [
        (arn("trips"), "external:trips"),
        (arn("trips/index/*"), "external:trips"),
        (arn("${Trips}"), "external:Trips"),
        (arn("${Trips}/index/by-rider"), "external:Trips"),
        (TRIPS, "external:Trips"),
        ({"Fn::Sub": "${Trips}/index/*"}, "external:Trips"),
        ({"Fn::If": ["Old", arn("trips"), {"Ref": "AWS::NoValue"}]}, "external:trips"),
        (arn("*"), None),
        (arn("trips-*"), None),
        (arn("trips/stream/*"), None),
        ("*", None),
    ],
)
def test_a_statement_names_a_table_of_another_template(reading_of: Read, resource: Any, store: str | None) -> None:
    conditions = {"Old": {"Fn::Equals": [{"Ref": "Trips"}, "x"]}}
    resources = {"F": function(), "Role": role(resource)}
    found = edges(reading_of(resources, Parameters=PARAMETERS, Conditions=conditions))
    assert found == ({("F", store, "likely")} if store else set())


def test_the_arn_of_something_else_beside_a_table_is_no_table(reading_of: Read) -> None:
    resources = {"F": function(), "Role": role(TRIPS, arn("rides"), actions=["s3:GetObject", "dynamodb:GetItem"])}
    assert edges(reading_of(resources, Parameters=PARAMETERS)) == {("F", "external:rides", "likely")}


@pytest.mark.parametrize("variable", ["TABLE_NAME", "NAME"])
def test_a_table_that_the_environment_names_too_is_one_table(reading_of: Read, variable: str) -> None:
    for value, resource in ((TRIPS, arn("${Trips}")), ("trips", arn("${Known}")), ("trips", arn("trips/index/*"))):
        reading = reading_of({"F": function({variable: value}), "Role": role(resource)}, Parameters=PARAMETERS)
        assert len(reading.fleet.connections) == 1, value


@pytest.mark.parametrize(("value", "store"), [(TRIPS, "external:Trips"), ("trips", "external:trips")])
def test_a_permission_on_every_table_and_a_variable_that_names_one(reading_of: Read, value: Any, store: str) -> None:
    resources = {"F": function({"TABLE": value}), "Role": role(arn("*"))}
    assert edges(reading_of(resources, Parameters=PARAMETERS)) == {("F", store, "likely")}
    resources["Role"] = role(arn("rides/index/*"))
    assert edges(reading_of(resources, Parameters=PARAMETERS)) == {("F", "external:rides", "likely")}


@pytest.mark.parametrize("name", ["trips", TRIPS, {"Ref": "Known"}, {"Fn::Sub": "${Trips}-a"}])
def test_a_table_of_the_template_by_its_name(reading_of: Read, name: Any) -> None:
    policies = [{"DynamoDBCrudPolicy": {"TableName": name}}]
    made = {"Type": "AWS::Serverless::Function", "Properties": {"Policies": policies}}
    assert edges(reading_of({"F": made, "T": table(name)}, Parameters=PARAMETERS, **SAM)) == {("F", "T", "certain")}


def test_a_variable_and_a_permission_on_all_meet_in_the_parameter_that_names_the_table(reading_of: Read) -> None:
    resources = {"F": function({"NAME": TRIPS}), "Role": role("*"), "T": table(TRIPS)}
    assert edges(reading_of(resources, Parameters=PARAMETERS)) == {("F", "T", "certain")}


def test_a_permission_on_every_table_beside_the_only_one_of_the_template(reading_of: Read) -> None:
    resources = {"F": function(), "Role": role("*"), "T": table("trips")}
    assert edges(reading_of(resources)) == {("F", "T", "likely")}
    assert edges(reading_of({**resources, "Other": table("rides")})) == set()
    assert edges(reading_of({**resources, "F": function({"TABLE": "elsewhere"})})) == {
        ("F", "external:elsewhere", "likely")
    }


@pytest.mark.parametrize(
    ("line", "certainty"),
    [("visits = boto3.resource('dynamodb').Table('visits')", "certain"), ("used = ['visits']  # dynamodb", "likely")],
)
def test_a_permission_on_every_table_and_the_one_that_the_code_names(
    reading_of: Read, line: str, certainty: str
) -> None:
    code = {"ZipFile": f"import boto3\n{line}\n"}
    resources = {"F": function(Code=code), "Role": role("*"), "T": table("visits"), "Other": table("contacts")}
    assert edges(reading_of(resources)) == {("F", "T", certainty)}


@pytest.mark.parametrize(
    "line",
    [
        "const notesTableName = 'notes'; client.send(new ScanCommand({TableName: notesTableName}))",
        "client.send(new GetCommand({TableName: 'notes', Key}))",
        'boto3.resource("dynamodb").Table("notes")',
        "boto3.client('dynamodb').scan(TableName='notes')",
        "TABLE_NAME = 'notes'",
        'client.executeStatement({Statement: `SELECT * FROM "notes"`})',
        "client.execute_statement(Statement='INSERT INTO notes VALUE {}')",
        "from botocore.exceptions import ClientError\nclient.execute_statement(Statement='UPDATE notes SET read=1')",
    ],
)
def test_a_table_that_only_the_inline_code_names(reading_of: Read, line: str) -> None:
    code = {"ZipFile": f"// dynamodb\n{line}\n"}
    unseen = function(Role="arn:aws:iam::111122223333:role/LabRole", Code=code)
    assert edges(reading_of({"F": unseen})) == {("F", "external:notes", "likely")}
    assert edges(reading_of({"F": unseen, "Notes": table("notes")})) == {("F", "Notes", "likely")}
    seen = function(Code=code)
    assert edges(reading_of({"F": seen, "Role": role("*")})) == {("F", "external:notes", "likely")}
    queue = {"F": seen, "Role": role("*", actions="sqs:SendMessage")}
    assert edges(reading_of(queue)) == {("F", "external:notes", "likely")}  # nobody may use a table: left out
    other = {"T": TABLE, "G": function(Role={"Fn::GetAtt": ["Other", "Arn"]}), "Other": role({"Ref": "T"})}
    assert edges(reading_of({**queue, **other})) == {("G", "T", "certain")}
    about_others = function(
        Role=unseen["Properties"]["Role"], Code={"ZipFile": f"import psycopg\n{line}\n".replace("dynamodb", "db")}
    )
    assert edges(reading_of({"F": about_others})) == set()


@pytest.mark.parametrize(
    "line", ["rdsData.executeStatement({sql: 'SELECT * FROM notes'})", "print('DELETE FROM notes')", "open('notes')"]
)
def test_other_words_of_inline_code_name_no_table(reading_of: Read, line: str) -> None:
    code = {"ZipFile": f"// dynamodb, rds-data\n{line}\n"}
    assert edges(reading_of({"F": function(Role="arn:aws:iam::111122223333:role/LabRole", Code=code)})) == set()


def test_who_may_make_tables_was_not_granted_them_by_the_cdk(reading_of: Read) -> None:
    """What the CDK grants on all tables is a stream's; a list by hand may look alike."""
    by_cdk = ["BatchGetItem", "GetItem", "Query", "Scan", "ConditionCheckItem", "DescribeTable"]
    for actions, found in ((by_cdk, set()), ([*by_cdk, "CreateTable"], {("F", "Trips", "likely")})):
        may = role("*", actions=[f"dynamodb:{action}" for action in actions])
        assert edges(reading_of({"F": function(), "Role": may, "Trips": TABLE})) == found


def test_a_literal_is_not_the_parameter_of_that_name(reading_of: Read) -> None:
    resources = {"F": function(), "Role": role(arn("Trips")), "T": table(TRIPS)}
    assert edges(reading_of(resources, Parameters=PARAMETERS)) == {("F", "external:Trips", "likely")}


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"T": table(TRIPS)}, ("app/F", "data/T", "likely")),
        ({"T": table(TRIPS), "U": table(TRIPS)}, ("app/F", "external:Trips", "likely")),
        ({"T": table("trips")}, ("app/F", "external:Trips", "likely")),
    ],
)
def test_a_table_of_another_given_template_that_the_same_parameter_names(
    tmp_path: Path, tables: Body, expected: tuple[str, str, str]
) -> None:
    asking = {"F": function(), "Role": role(arn("${Trips}"))}
    for name, resources in (("app", asking), ("data", tables)):
        text = json.dumps({"Parameters": PARAMETERS, "Resources": resources})
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    assert edges(read(sorted(tmp_path.iterdir()))) == {expected}


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        (arn("${AWS::StackName}-trips"), "AWS::StackName is known when the stack is deployed"),
        (arn("${Nested.Outputs.Table}"), "it comes from 'Nested'"),
        ({"Fn::GetAtt": ["Nested", "Outputs.Arn"]}, "it comes from 'Nested'"),
    ],
)
def test_a_table_nobody_can_name_is_a_gap(reading_of: Read, resource: Any, why: str) -> None:
    nested = {"Type": "Custom::Tables", "Properties": {}}
    reading = reading_of({"F": function(), "Role": role(resource), "Nested": nested})
    assert not reading.fleet.connections
    assert gaps(reading) == [f"a dynamodb permission of 'F' is on a table whose name is not known: {why}"]


ONE = {"Fn::GetAtt": ["T", "Arn"]}
OTHER = {"Fn::GetAtt": ["U", "Arn"]}


@pytest.mark.parametrize(
    ("grants", "functions", "expected"),
    [
        ([ONE], {"F": function(), "G": function()}, {("F", "T", "likely"), ("G", "T", "likely")}),
        (
            [arn("trips")],
            {"F": function(), "G": function()},
            {("F", "external:trips", "likely"), ("G", "external:trips", "likely")},
        ),
        (
            [ONE, arn("trips")],
            {"F": function()},
            {("F", "T", "certain"), ("F", "external:trips", "likely")},
        ),
        (
            [ONE],
            {"F": function({"TABLE": {"Ref": "T"}}), "G": function()},
            {("F", "T", "certain"), ("G", "T", "possible")},
        ),
        (
            [ONE],
            {"F": function({"TABLE": "of-somebody-else"}), "G": function()},
            {("F", "T", "possible"), ("G", "T", "possible")},
        ),
        (
            [ONE, OTHER],
            {"F": function({"A": {"Ref": "T"}}), "G": function()},
            {("F", "T", "certain"), ("F", "U", "possible"), ("G", "T", "possible"), ("G", "U", "possible")},
        ),
        (
            [ONE, OTHER],
            {"F": function(), "G": function({"STAGE": "dev"})},
            {("F", "T", "likely"), ("F", "U", "likely"), ("G", "T", "likely"), ("G", "U", "likely")},
        ),
        (
            [ONE],
            {"F": function(), "G": function(Code={"ZipFile": "def handler(event, context): return 'nothing'"})},
            {("F", "T", "likely"), ("G", "T", "possible")},
        ),
    ],
    ids=[
        "one table",
        "outside",
        "alone",
        "one of them says so",
        "another name",
        "two tables",
        "nobody says",
        "code without tables",
    ],
)
def test_what_a_role_says_that_functions_share(
    reading_of: Read, grants: list[Any], functions: Body, expected: set[tuple[str, str, str]]
) -> None:
    assert edges(reading_of({**functions, "Role": role(*grants), "T": TABLE, "U": TABLE})) == expected


def test_a_crowded_role_says_only_what_an_environment_names_too(reading_of: Read) -> None:
    named = [arn(f"table-{number}") for number in range(60)]
    resources = {"F": function({"TABLE": "table-7"}), "G": function(), "Role": role(*named)}
    assert edges(reading_of(resources)) == {("F", "external:table-7", "likely")}


ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "workers"}}
HIDDEN = {"Role": {"Fn::ImportValue": "roles-worker"}}


@pytest.mark.parametrize("source", [{"Id": "F"}, {"Type": "AWS::Lambda::Function", "RoleName": "workers"}])
@pytest.mark.parametrize(
    "destination", [{"Id": "T"}, {"Type": "AWS::DynamoDB::Table", "Arn": {"Fn::GetAtt": ["T", "Arn"]}}]
)
def test_a_connector_grants_the_role_of_any_function(reading_of: Read, source: Body, destination: Body) -> None:
    properties = {"Source": source, "Destination": destination, "Permissions": ["Read"]}
    connector = {"Type": "AWS::Serverless::Connector", "Properties": properties}
    resources = {"F": function(), "Role": ROLE, "T": table("trips"), "C": connector}
    assert edges(reading_of(resources, **SAM)) == {("F", "T", "certain")}


@pytest.mark.parametrize(
    "target", [{"Id": "Q"}, {"Type": "AWS::SQS::Queue", "Arn": "arn:aws:sqs:x:1:q"}, {"Id": 5}, None]
)
def test_a_connector_to_something_else_grants_no_table(reading_of: Read, target: Any) -> None:
    properties = {"Source": {"Id": "F"}, "Destination": target, "Permissions": ["Read"]}
    connector = {"Type": "AWS::Serverless::Connector", "Properties": properties}
    resources = {"F": function(), "Role": ROLE, "Q": {"Type": "AWS::SQS::Queue"}, "C": connector}
    assert edges(reading_of(resources, **SAM)) == set()


@pytest.mark.parametrize(
    ("variables", "store"),
    [
        ({"DYNAMODB_TABLE": TRIPS}, "external:Trips"),
        ({"ORDERS_TABLE": TRIPS, "DDB_REGION": "eu-west-1"}, "external:Trips"),
        (
            {"ORDERS_TABLE": {"Fn::GetAtt": ["Data", "Outputs.OrdersDynamoTable"]}, "DDB": "1"},
            "external:OrdersDynamoTable",
        ),
        ({"ORDERS_TABLE": TRIPS}, "external:Trips"),
        ({"ORDERS_TABLE": "orders", "LOG_LEVEL": "INFO"}, "external:orders"),
        ({"ORDERS_TABLE": TRIPS, "DB_NAME": "shop"}, None),
        ({"ORDERS_TABLE": TRIPS, "ATHENA_WORKGROUP": "reports"}, None),
        ({"ROUTE_TABLE": TRIPS}, None),
    ],
)
def test_a_table_in_the_environment_of_a_function_whose_role_nobody_sees(
    reading_of: Read, variables: Body, store: str | None
) -> None:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "https://s3.amazonaws.com/b/data.json"},
    }
    resources = {"F": function(variables, **HIDDEN), "Data": nested}
    assert edges(reading_of(resources, Parameters=PARAMETERS)) == ({("F", store, "likely")} if store else set())
    inside = function(variables, VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}, **HIDDEN)
    spoken = any("DYNAMO" in name or "DDB" in name for name in variables)
    found = edges(reading_of({**resources, "F": inside}, Parameters=PARAMETERS))
    assert found == ({("F", store, "likely")} if spoken else set())


def test_a_table_that_nobody_of_the_template_may_use_is_that_of_whose_environment_names_it(reading_of: Read) -> None:
    logs = role("*", actions="logs:PutLogEvents")
    named = {"Trips": TABLE, "F": function({"TABLE_NAME": TRIPS}), "Role": logs, "G": function()}
    assert edges(reading_of(named)) == {("F", "Trips", "likely")}
    outside = {"F": function({"TABLE_NAME": "visits"}), "Role": logs}
    assert edges(reading_of(outside)) == {("F", "external:visits", "likely")}
    granted = {"Other": role(TRIPS), "Trips": TABLE, "H": function(Role={"Fn::GetAtt": ["Other", "Arn"]})}
    assert edges(reading_of({**outside, **granted})) == {("H", "Trips", "certain")}
    other = {**named, "Other": role(TRIPS), "H": function(Role={"Fn::GetAtt": ["Other", "Arn"]})}
    assert edges(reading_of(other)) == {("H", "Trips", "certain")}


@pytest.mark.parametrize("managed", [False, True])
def test_a_role_that_may_do_everything_uses_what_the_environment_names(reading_of: Read, managed: bool) -> None:
    arns = ["arn:aws:iam::aws:policy/AdministratorAccess"]
    admin = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": arns}} if managed else role("*", actions="*")
    resources = {
        "Trips": TABLE,
        "F": function({"TABLE_NAME": TRIPS}),
        "G": function(),
        "Role": admin,
        "Other": role(TRIPS),
    }
    beside = {**resources, "H": function(Role={"Fn::GetAtt": ["Other", "Arn"]})}
    assert edges(reading_of(beside)) == {("F", "Trips", "likely"), ("H", "Trips", "certain")}


@pytest.mark.parametrize(
    ("policy", "certainty"),
    [
        ("AmazonDynamoDBFullAccess", "certain"),
        ("AmazonDynamoDBFullAccess_v2", "certain"),
        ("AmazonDynamoDBReadOnlyAccess", "certain"),
        ("AmazonSSMReadOnlyAccess", "likely"),  # nobody may use a table: the permissions were left out
    ],
)
def test_policies_of_aws(reading_of: Read, policy: str, certainty: str) -> None:
    may = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [f"arn:aws:iam::aws:policy/{policy}"]}}
    reading = reading_of({"F": function({"TABLE_NAME": {"Ref": "Trips"}}), "Role": may, "Trips": TABLE})
    assert edges(reading) == {("F", "Trips", certainty)}


@pytest.mark.parametrize("named", ["variable", "permission", "both"])
def test_a_function_and_its_table_may_have_one_name(reading_of: Read, named: str) -> None:
    variables = {} if named == "permission" else {"TABLE_NAME": "carts"}
    allowed = role("*") if named == "variable" else role(arn("carts"))
    resources = {"Carts": table("carts"), "F": function(variables, FunctionName="carts"), "Role": allowed}
    (edge,) = reading_of(resources).fleet.connections
    assert (edge.consumer, edge.store, edge.via) == ("F", "Carts", "http")


def test_an_arn_tells_what_kind_of_thing_it_names(reading_of: Read) -> None:
    variables = {"STORE": "arn:aws:dynamodb:eu-west-1:111122223333:table/carts"}
    resources = {"Carts": table("carts"), "F": function(variables, FunctionName="carts"), "Role": role("*")}
    assert edges(reading_of(resources)) == {("F", "Carts", "certain")}


def test_a_managed_policy_is_for_the_only_table_of_the_template(reading_of: Read) -> None:
    policies = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"]}
    resources = {"F": function(), "Role": {"Type": "AWS::IAM::Role", "Properties": policies}, "Trips": TABLE}
    assert edges(reading_of(resources)) == {("F", "Trips", "likely")}
    assert edges(reading_of({**resources, "Other": TABLE})) == set()


@pytest.mark.parametrize(
    ("name", "handler", "stores"),
    [
        ("GetOrders", "index.handler", {"OrdersTable"}),
        ("PlaceOrder", "index.handler", {"OrdersTable"}),
        ("Lookup", "get_pincode_info.handler", {"LocationsTable"}),
        ("OrderLocations", "index.handler", {"OrdersTable", "LocationsTable"}),
        ("Reorder", "index.handler", set()),
        ("Ids", "table.handler", set()),
    ],
)
def test_of_several_tables_those_that_a_function_is_called_like(
    reading_of: Read, name: str, handler: str, stores: set[str]
) -> None:
    """With a permission on every table and not one word about which: of the name, or of what the partition key is."""
    by_pincode = {**TABLE, "Properties": {"KeySchema": [{"AttributeName": "pincode", "KeyType": "HASH"}]}}
    by_id = {**TABLE, "Properties": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}
    resources = {name: function(Handler=handler), "Role": role("*"), "OrdersTable": by_id, "LocationsTable": by_pincode}
    assert edges(reading_of(resources)) == {(name, store, "likely") for store in stores}
