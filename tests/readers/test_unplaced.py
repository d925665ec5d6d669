"""What a function holds for a database that nothing else places: a secret by name, parameter or ARN, and a host left open."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read

Read = Callable[..., Reading]
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
NETWORK = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
DB = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro"}}
ATTACHED = {
    "Type": "AWS::SecretsManager::SecretTargetAttachment",
    "Properties": {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Db"}},
}
ASKED = {"Secret": {"Type": "String"}}
REF = {"Ref": "Secret"}
UNKNOWN = "environment variable {} names credentials of a database that is not known"


def secret(name: Any) -> dict[str, Any]:
    return {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name}}


def function(inside: bool = True, code: str = "", **variables: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Environment": {"Variables": variables},
        **({"VpcConfig": NETWORK} if inside else {}),
        **({"Code": {"ZipFile": code}} if code else {}),
    }
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def role(resource: Any = "*", action: Any = "secretsmanager:GetSecretValue") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}


def found(reading: Reading) -> set[tuple[str, str, str]]:
    return {(c.store, c.via, c.certainty) for c in reading.fleet.connections if c.consumer.endswith("F")}


def gaps(reading: Reading) -> list[str]:
    return [gap.missing for gap in reading.fleet.gaps]


def together(folder: Path, **templates: dict[str, Any]) -> Reading:
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
    return read(sorted(folder.glob("*.json")))


@pytest.mark.parametrize(
    ("variable", "value", "declared", "store"),
    [
        ("DB_SECRET_ARN", REF, {}, "Secret"),
        ("DB_SECRET_NAME", REF, {"Default": "prod/db"}, "prod/db"),
        ("DB_SECRET_ARN", REF, {"Default": f"{ARN}prod/db-AbC123"}, "prod/db"),
        ("DB_SECRET_NAME", "prod/main", {}, "prod/main"),
        ("SECRET_NAME", "checkout-db-secret", {}, "checkout-db-secret"),
        ("SECRET_NAME", "docdbcreds", {}, "docdbcreds"),
        ("dbsecret", REF, {}, "Secret"),
        ("ORACLE_CREDENTIALS", REF, {}, "Secret"),
        ("SECRET_ARN", {"Fn::Sub": "arn:aws:secretsmanager:${AWS::Region}:1:secret:shop-rds-*"}, {}, "shop-rds"),
        ("SECRET_ID", {"Fn::ImportValue": "shop-db-secret"}, {}, "shop-db-secret"),
        ("DB_PASSWORD", "{{resolve:secretsmanager:prod/db:SecretString:password}}", {}, "prod/db"),
        ("DB_SECRET", "hunter-2", {}, "DB_SECRET"),
    ],
)
def test_credentials_of_a_database_outside(
    reading_of: Read, variable: str, value: Any, declared: dict[str, Any], store: str
) -> None:
    parameters = {"Secret": {"Type": "String", **declared}}
    reading = reading_of({"F": function(**{variable: value})}, Parameters=parameters)
    assert found(reading) == {(f"external:{store}", "direct", "likely")}
    assert gaps(reading) == [UNKNOWN.format(variable)]
    outside = reading_of({"F": function(inside=False, **{variable: value})}, Parameters=parameters)
    assert (found(outside), gaps(outside)) == (set(), [UNKNOWN.format(variable)])


@pytest.mark.parametrize("key", ["Description", "ConstraintDescription"])
@pytest.mark.parametrize("default", [{}, {"Default": "prod/main"}], ids=["open", "default"])
def test_a_parameter_described_as_credentials(reading_of: Read, key: str, default: dict[str, str]) -> None:
    parameters = {"Secret": {"Type": "String", key: "Name of the secret that holds the DB credentials.", **default}}
    reading = reading_of({"F": function(SECRET_NAME=REF)}, Parameters=parameters)
    assert found(reading) == {(f"external:{default.get('Default', 'Secret')}", "direct", "likely")}
    (edge,) = reading.fleet.connections
    assert "as parameter 'Secret' is described" in edge.evidence[0]


@pytest.mark.parametrize(
    ("variable", "value", "description"),
    [
        ("SECRET_NAME", REF, "Name of the secret of the payment provider"),
        ("SECRET_NAME", "payment-provider", ""),
        ("JWT_SECRET", REF, ""),
        ("SECRET_NAME", "DynamoDB-encryption", ""),
        ("DB_SECRET_TTL", "300", ""),
        ("DB_SECRET_REGION", "eu-west-1", ""),
        ("USE_DB_SECRET", "true", ""),
        ("DB_SECRET_NAME", "", ""),
        ("TABLE_KEY_ARN", REF, "database key"),
    ],
)
def test_what_names_no_credentials_of_a_database(reading_of: Read, variable: str, value: Any, description: str) -> None:
    parameters = {"Secret": {"Type": "String", "Description": description}}
    reading = reading_of({"F": function(**{variable: value})}, Parameters=parameters)
    assert (found(reading), gaps(reading)) == (set(), [])


def test_what_the_role_may_read_is_a_secret_whatever_the_variable_is_called(reading_of: Read) -> None:
    resources = {"F": function(DB2_CONFIGURATION_ARN=REF), "Role": role(REF)}
    assert found(reading_of(resources, Parameters=ASKED)) == {("external:Secret", "direct", "likely")}
    resources["Role"] = role(action="kms:Decrypt")
    assert found(reading_of(resources, Parameters=ASKED)) == set()


def test_a_known_database_leaves_nothing_to_guess(reading_of: Read) -> None:
    host = {"Fn::GetAtt": ["Db", "Endpoint.Address"]}
    reading = reading_of({"Db": DB, "F": function(DB_HOST=host, DB_SECRET_ARN=REF)}, Parameters=ASKED)
    assert (found(reading), gaps(reading)) == ({("Db", "direct", "certain")}, [])
    unplaced = reading_of({"Db": DB, "F": function(DB_SECRET_ARN=REF)}, Parameters=ASKED)
    assert (found(unplaced), gaps(unplaced)) == (set(), [UNKNOWN.format("DB_SECRET_ARN")])


def test_a_secret_of_the_template_that_belongs_to_none_of_its_databases_is_that_of_one_outside(
    reading_of: Read,
) -> None:
    reading = reading_of({"Secret": secret("main"), "F": function(DB_SECRET_ARN=REF)})
    assert (found(reading), gaps(reading)) == (
        {("external:main", "direct", "likely")},
        [UNKNOWN.format("DB_SECRET_ARN")],
    )
    beside = reading_of({"Secret": secret("main"), "F": function(DB_SECRET_ARN=REF), "Db": DB})
    assert (found(beside), gaps(beside)) == (set(), [UNKNOWN.format("DB_SECRET_ARN")])


def test_a_secret_that_holds_an_address_is_for_a_connection_outside_of_a_network_as_well(reading_of: Read) -> None:
    url = function(inside=False, SQL_CONNECTION_STRING_SECRET_NAME=REF)
    assert found(reading_of({"Secret": secret("main"), "F": url})) == {("external:main", "direct", "likely")}
    assert found(reading_of({"Secret": secret("main"), "F": function(inside=False, DB_SECRET_NAME=REF)})) == set()


@pytest.mark.parametrize(
    ("name", "description", "edges"),
    [("shop/db/neon-url", "", 1), ("shop/neon", "PostgreSQL connection URL", 1), ("shop/neon", "API key", 0)],
)
def test_a_secret_of_the_template_says_itself_that_it_is_a_database_s(
    reading_of: Read, name: str, description: str, edges: int
) -> None:
    """The variable speaks of a public service, and only the secret of a database."""
    properties = {"Name": name, "Description": description, "GenerateSecretString": {}}
    made = {"Type": "AWS::SecretsManager::Secret", "Properties": properties}
    reading = reading_of({"Secret": made, "F": function(inside=False, NEON_SECRET_ARN=REF)})
    assert found(reading) == ({(f"external:{name}", "direct", "likely")} if edges else set())


def test_credentials_beside_the_permission_for_a_data_api_make_no_connection(tmp_path: Path) -> None:
    asked = {"Secret": {"Type": "String"}}
    code = {
        "Parameters": asked,
        "Resources": {
            "F": function(DB_SECRET_ARN=REF), "Role": role("*", ["redshift-data:ExecuteStatement", "secretsmanager:GetSecretValue"]),
        },
    }  # fmt: skip
    assert found(together(tmp_path, data={"Resources": {"Db": DB}}, code=code)) == set()
    code["Resources"]["Role"] = role("*")
    assert found(together(tmp_path, data={"Resources": {"Db": DB}}, code=code)) == {("data/Db", "direct", "likely")}


@pytest.mark.parametrize(("readable", "edges"), [("${Secret}*", 1), ("${Other}*", 0)])
def test_who_may_read_the_credentials_it_holds_connects_from_outside_of_a_network_too(
    reading_of: Read, readable: str, edges: int
) -> None:
    resources = {"Role": role({"Fn::Sub": readable}), "F": function(inside=False, DATABASE_SECRET_ARN=REF)}
    reading = reading_of(resources, Parameters={**ASKED, "Other": {"Type": "String"}})
    assert found(reading) == ({("external:Secret", "direct", "likely")} if edges else set())
    assert gaps(reading) == [UNKNOWN.format("DATABASE_SECRET_ARN")]


@pytest.mark.parametrize(("variable", "edges"), [("PG_DB_PASS", 1), ("PG_DB_USER", 0), ("API_PASS", 0)])
def test_a_password_from_an_ssm_parameter(reading_of: Read, variable: str, edges: int) -> None:
    reading = reading_of({"F": function(**{variable: "{{resolve:ssm:/acf/one/DB_PASS:1}}"})})
    assert found(reading) == {("external:/acf/one/DB_PASS", "direct", "likely") for _ in range(edges)}


@pytest.mark.parametrize(("name", "edges"), [("prod/mysql", 1), ("stripe-key", 0)])
def test_a_secret_is_known_by_its_own_name_where_the_variable_says_nothing(
    reading_of: Read, name: str, edges: int
) -> None:
    reading = reading_of({"F": function(SETTINGS=f"{{{{resolve:secretsmanager:{name}}}}}")})
    assert found(reading) == ({(f"external:{name}", "direct", "likely")} if edges else set())


def test_a_secret_that_two_templates_are_given_under_one_name(tmp_path: Path) -> None:
    described = {"SecretArn": {"Type": "String", "Description": "ARN of the secret"}}
    password = {"Fn::Sub": "{{resolve:secretsmanager:${SecretArn}:SecretString:password}}"}
    database = {**DB, "Properties": {**DB["Properties"], "MasterUserPassword": password}}
    apart = {
        "data": {"Parameters": described, "Resources": {"Db": database}},
        "code": {"Parameters": described, "Resources": {"F": function(SECRET_ARN={"Ref": "SecretArn"})}},
    }
    assert found(together(tmp_path, **apart)) == {("data/Db", "direct", "likely")}
    twice = together(tmp_path, **apart, more={"Parameters": described, "Resources": {"Db": database}})
    assert found(twice) == set()


def test_a_policy_of_the_secret_itself_may_let_anybody_read_it(reading_of: Read) -> None:
    made = {**function(DB_SECRET_ARN={"Ref": "Attachment"})}
    reader = {**made, "Properties": {**made["Properties"], "Role": {"Fn::GetAtt": ["Reader", "Arn"]}}}
    policy = {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": {"SecretId": {"Ref": "Secret"}}}
    resources = {
        "Secret": secret("main"),
        "Db": DB,
        "Attachment": ATTACHED,
        "Reader": role(),
        "G": reader,
        "Policy": policy,
    }
    reading = reading_of({**resources, "Role": role("*", "s3:GetObject"), "F": made})
    assert found(reading) == {("Db", "direct", "certain")}


@pytest.mark.parametrize(("allowed", "certainty"), [("Own", "certain"), ("Less", "possible"), ("Unseen", "certain")])
def test_a_shared_environment_names_the_secret_for_those_who_may_read_it(
    reading_of: Read, allowed: str, certainty: str
) -> None:
    def runs_with(name: str) -> dict[str, Any]:
        made = function(DB_SECRET_ARN={"Ref": "Attachment"})
        return {**made, "Properties": {**made["Properties"], "Role": {"Fn::GetAtt": [name, "Arn"]}}}

    reading = reading_of(
        {
            "Secret": secret("main"), "Db": DB, "Attachment": ATTACHED, "Own": role({"Ref": "Secret"}), "Reader": runs_with("Own"),
            "Less": role("*", "dynamodb:GetItem"), "Unseen": role("*", {"Ref": "Given"}), "F": runs_with(allowed),
        },
        Parameters={"Given": {"Type": "String"}},
    )  # fmt: skip
    assert found(reading) == {("Db", "direct", certainty)}


def test_credentials_beside_a_data_api_open_no_connection(reading_of: Read) -> None:
    resources = {"F": function(DB_SECRET_ARN=REF), "Role": role(action="rds-data:ExecuteStatement")}
    reading = reading_of(resources, Parameters=ASKED)
    assert (found(reading), gaps(reading)) == (set(), [UNKNOWN.format("DB_SECRET_ARN")])


@pytest.mark.parametrize("variable", ["CLUSTER_ARN", "DatabaseArn", "RESOURCE_ARN"])
def test_credentials_beside_the_arn_of_a_cluster_are_for_its_data_api(reading_of: Read, variable: str) -> None:
    arn = {"Fn::ImportValue": "shop-cluster"}
    reading = reading_of({"F": function(**{variable: arn, "DB_SECRET_ARN": REF})}, Parameters=ASKED)
    assert (found(reading), gaps(reading)) == (set(), [UNKNOWN.format("DB_SECRET_ARN")])


def test_credentials_that_the_inline_code_does_not_name_open_no_connection(reading_of: Read) -> None:
    code = "import os, psycopg2\nstage = os.environ['STAGE']\n"
    reading = reading_of({"F": function(code=code, DB_SECRET_ARN=REF)}, Parameters=ASKED)
    assert found(reading) == set()


def test_two_secrets_make_one_database_at_most(reading_of: Read) -> None:
    reading = reading_of({"F": function(DB_SECRET_NAME="prod/db", DB_ADMIN_SECRET_NAME="prod/admin")})
    assert found(reading) == {("external:prod/db", "direct", "likely")}
    assert gaps(reading) == [UNKNOWN.format("DB_SECRET_NAME"), UNKNOWN.format("DB_ADMIN_SECRET_NAME")]


@pytest.mark.parametrize("order", [("DB_USER_SECRET", "DB_SECRET"), ("DB_SECRET", "DB_USER_SECRET")])
def test_a_secret_written_in_full_names_the_database_whichever_comes_first(reading_of: Read, order: Any) -> None:
    parts = {"Fn::Select": [6, {"Fn::Split": [":", {"Fn::ImportValue": "data:secret"}]}]}
    values = {"DB_USER_SECRET": parts, "DB_SECRET": "prod/db"}
    reading = reading_of({"F": function(**{name: values[name] for name in order})})
    assert {store for store, _, _ in found(reading)} == {"external:prod/db"}


@pytest.mark.parametrize("name", [REF, "prod/main"])
def test_the_secret_that_a_master_password_lies_in(reading_of: Read, name: Any) -> None:
    password = {"Fn::Sub": ["{{resolve:secretsmanager:${S}:SecretString:password}}", {"S": name}]}
    database = {**DB, "Properties": {**DB["Properties"], "MasterUserPassword": password}}  # type: ignore[dict-item]
    reading = reading_of({"Db": database, "F": function(DB_SECRET_NAME=name)}, Parameters=ASKED)
    assert (found(reading), gaps(reading)) == ({("Db", "direct", "likely")}, [])


def test_a_parameter_for_the_only_database_of_the_other_templates(tmp_path: Path) -> None:
    app = {"Parameters": {"DbSecretArn": {"Type": "String"}}, "Resources": {}}
    named = {**app, "Resources": {"F": function(SECRET_ARN={"Ref": "DbSecretArn"})}}
    reading = together(tmp_path, app=named, data={"Resources": {"Db": DB}})
    assert (found(reading), gaps(reading)) == ({("data/Db", "direct", "likely")}, [])
    readable = {**app, "Resources": {"F": function(), "Role": role({"Ref": "DbSecretArn"})}}
    reading = together(tmp_path, app=readable, data={"Resources": {"Db": DB}})
    assert (found(reading), gaps(reading)) == ({("data/Db", "direct", "likely")}, [])
    reading = together(tmp_path, app=named, data={"Resources": {"Db": DB, "Other": DB}})
    assert (found(reading), gaps(reading)) == (set(), [UNKNOWN.format("SECRET_ARN")])


RESOLVED = "{{resolve:secretsmanager:prod/other:SecretString:password}}"


@pytest.mark.parametrize(("password", "fits"), [("written-Out-1", True), (RESOLVED, False)])
def test_a_secret_in_writing_for_the_only_database_without_one(tmp_path: Path, password: str, fits: bool) -> None:
    made = {"Type": "AWS::RDS::DBInstance", "Properties": {**DB["Properties"], "MasterUserPassword": password}}
    app = {"Resources": {"F": function(DB_SECRET="prod/main")}}
    reading = together(tmp_path, data={"Resources": {"Db": made}}, app=app)
    assert found(reading) == ({("data/Db", "direct", "likely")} if fits else set())


def test_a_secret_attached_to_a_database_outside(reading_of: Read) -> None:
    outside = {**ATTACHED, "Properties": {**ATTACHED["Properties"], "TargetId": {"Ref": "Cluster"}}}
    resources = {"F": function(DB_SECRET_ARN=REF), "Secret": secret("s"), "Attached": outside, "Role": role(REF)}
    reading = reading_of(resources, Parameters={"Cluster": {"Type": "String"}})
    assert (found(reading), gaps(reading)) == ({("external:Cluster", "direct", "certain")}, [])
    only_permitted = reading_of({**resources, "F": function()}, Parameters={"Cluster": {"Type": "String"}})
    assert found(only_permitted) == {("external:Cluster", "direct", "likely")}


@pytest.mark.parametrize(("name", "sure"), [("pricing/upstash-redis", True), ("pricing/redis", False)])
def test_the_secret_of_a_service_that_needs_no_network(reading_of: Read, name: str, sure: bool) -> None:
    reading = reading_of({"F": function(inside=False, REDIS_SECRET_NAME=name), "Role": role("*")})
    assert found(reading) == ({(f"external:{name}", "direct", "likely")} if sure else set())


def pooled(**properties: Any) -> dict[str, Any]:
    """A machine that reads the secret of the database and that of the pooler which runs on it."""
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": [REF, {"Ref": "Pooled"}]}
    machine = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}
    made = {"Type": "AWS::SecretsManager::Secret", "Properties": properties}
    return {"Db": DB, "Secret": secret("a"), "Attached": ATTACHED, "Machine": machine, "Pooled": made}


@pytest.mark.parametrize("description", ["login of PgBouncer", "login of the mailer"])
def test_the_secret_of_a_pooler_on_a_machine(reading_of: Read, description: str) -> None:
    function_ = function(DB_SECRET_ARN={"Ref": "Pooled"})
    reading = reading_of({**pooled(Description=description), "F": function_, "Role": role({"Ref": "Pooled"})})
    assert found(reading) == ({("Db", "proxy", "likely")} if "PgBouncer" in description else set())


def test_a_secret_that_only_the_role_names(reading_of: Read) -> None:
    resources = {"F": function(), "Role": role(f"{ARN}shop-rds-AbC123")}
    reading = reading_of(resources)
    expected = "permission to read 'shop-rds' names credentials of a database that is not known"
    assert (found(reading), gaps(reading)) == ({("external:shop-rds", "direct", "likely")}, [expected])
    assert gaps(reading_of({**resources, "G": function()})) == []
    both = reading_of({"F": function(), "Role": role([f"{ARN}shop-rds-AbC123", f"{ARN}audit-db-XyZ789"])})
    assert (found(both), len(gaps(both))) == (set(), 2)


@pytest.mark.parametrize(
    ("name", "arn", "certainty"),
    [
        ("shop", f"{ARN}shop-AbC123", "certain"),
        ({"Fn::Sub": "${AWS::StackName}-secret"}, f"{ARN}shop-rds-secret-AbC123", "certain"),
        ({"Fn::Sub": "${AWS::StackName}-secret"}, f"{ARN}jwt-secret-AbC123", None),
        ("shop-AbC123", f"{ARN}shop-XyZ789", None),
        ("shop", f"{ARN}shop-master", None),
    ],
)
def test_a_whole_arn_leads_to_the_secret_by_name(reading_of: Read, name: Any, arn: str, certainty: str | None) -> None:
    resources = {"Db": DB, "Secret": secret(name), "Attached": ATTACHED, "F": function(SOME_ARN=arn)}
    assert found(reading_of(resources)) == ({("Db", "direct", certainty)} if certainty else set())


@pytest.mark.parametrize(("host", "store"), [("", "PGHOST"), ("localhost", None), ("127.0.0.1", None)])
def test_a_host_left_open_beside_a_login(reading_of: Read, host: str, store: str | None) -> None:
    expected = ["environment variable PGHOST holds no address, and others hold the login of a database"]
    reading = reading_of({"F": function(PGHOST=host, PGUSER="", PGPASSWORD="")})
    edges = {(f"external:{store}", "direct", "likely")} if store else set()
    assert (found(reading), gaps(reading)) == (edges, expected)
    assert gaps(reading_of({"F": function(inside=False, PGHOST=host, PGUSER="")})) == []
    assert gaps(reading_of({"F": function(PGHOST=host, LOG_LEVEL="info")})) == []
    left_open = expected if host else []
    assert gaps(reading_of({"F": function(inside=False, PGHOST=host, PGUSER="app")})) == left_open


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(("variable", "value"), [("DB_PASSWORD", "/app/dev/DB_PASSWORD"), ("PGUSER", "app")])
def test_a_login_without_an_address(reading_of: Read, variable: str, value: str, inside: bool) -> None:
    expected = [f"environment variable {variable} holds the login of a database, and nothing says where that is"]

    def asked(code: str = "", **others: str) -> list[str]:
        return gaps(reading_of({"F": function(inside=inside, code=code, **{variable: value}, **others)}))

    assert asked() == expected
    assert not set(expected) & set(asked(DB_HOST=""))
    assert asked(code="import os, psycopg2\nstage = os.environ['STAGE']\n") == []
    assert gaps(reading_of({"F": function(inside=inside, **{variable: ""})})) == []
    assert found(reading_of({"F": function(inside=inside, **{variable: value})})) == set()


@pytest.mark.parametrize("action", ["rds-data:ExecuteStatement", "redshift-data:ExecuteStatement"])
def test_a_login_for_a_data_api_needs_no_address(reading_of: Read, action: str) -> None:
    said = gaps(reading_of({"Role": role(action=action), "F": function(inside=False, DB_USER="app")}))
    assert not any("holds the login" in missing for missing in said)


def test_an_address_that_refers_to_nothing(reading_of: Read) -> None:
    reading = reading_of({"F": function(inside=False, DB_HOST={"Ref": "postgres"})})
    assert found(reading) == {("external:postgres", "direct", "likely")}
    assert "neither a parameter nor a resource" in gaps(reading)[0]


def test_an_address_that_refers_to_nothing_beside_a_database(reading_of: Read) -> None:
    address = {"Fn::Sub": "postgresql://${User}:${Password}@${DBEndpoint}:5432/shop"}
    resources = {"F": function(DATABASE_URL=address), "Db": DB}
    assert found(reading_of(resources)) == {("Db", "direct", "possible")}
    assert "refers to 'DBEndpoint', which is not there" in reading_of(resources).fleet.connections[0].evidence[0]
    assert found(reading_of({**resources, "Other": DB})) == set()
    assert gaps(reading_of(resources)) == [
        "environment variable DATABASE_URL names a database whose address the templates do not show"
    ]


READS = "import os, boto3\nhost = os.environ['Cluster_EndPoint']\n"


@pytest.mark.parametrize(
    ("code", "certainty"),
    [
        ("", "likely"),
        (f"{READS}import socket\nprint(socket.gethostbyname_ex(host))", "possible"),
        (f"{READS}import psycopg2\npool = psycopg2.pool(host)", "likely"),
        (f"{READS}import socket\nsocket.create_connection((host, 5432))", "likely"),
        ("const dns = require('node:dns');\ndns.lookup(process.env.Cluster_EndPoint);", "possible"),
        ("const dns = require('dns');\nimport { Pool } from 'pg';\nnew Pool(process.env.Cluster_EndPoint);", "likely"),
        ("# replaced after the first deployment, no variables here", "likely"),
    ],
)
def test_inline_code_that_talks_to_no_database(reading_of: Read, code: str, certainty: str) -> None:
    resources = {"F": function(code=code, Cluster_EndPoint={"Ref": "pDBEndPoint"})}
    reading = reading_of(resources, Parameters={"pDBEndPoint": {"Type": "String"}})
    assert found(reading) == {("external:pDBEndPoint", "direct", certainty)}
    assert bool(gaps(reading)) == (certainty == "likely")


def test_a_declared_connection_answers_the_question(reading_of: Read) -> None:
    declared = {**function(DB_SECRET_ARN=REF), "Metadata": {"poolproof:connections": [{"store": "Orders"}]}}
    stores = {"poolproof:stores": [{"id": "Orders"}]}
    reading = reading_of({"F": declared}, Parameters=ASKED, Metadata=stores)
    assert (found(reading), gaps(reading)) == ({("Orders", "direct", "certain")}, [])


@pytest.mark.parametrize(("layer", "edges"), [("psycopg2-layer:3", 1), ("powertools:3", 0)])
def test_a_driver_says_what_credentials_are_for(reading_of: Read, layer: str, edges: int) -> None:
    layers = [f"arn:aws:lambda:eu-west-1:111122223333:layer:{layer}"]
    made = function(SECRET_NAME="shop/main-login")
    made["Properties"]["Layers"] = layers
    reading = reading_of(
        {"Role": role({"Fn::Sub": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/main-login-*"}), "F": made}
    )
    assert found(reading) == {("external:shop/main-login", "direct", "likely") for _ in range(edges)}


@pytest.mark.parametrize(("own", "edges"), [(True, 1), (False, 0)])
def test_credentials_of_one_database_more(reading_of: Read, own: bool, edges: int) -> None:
    """Where the login of the known one is known too, another secret is for another one; else it may be that login."""
    variables: dict[str, Any] = {
        "SOURCE_HOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]},
        "RESEARCH_DB_SECRET": "research/db",
    }
    resources = {
        "Db": DB,
        "Secret": secret("main"),
        "Attachment": ATTACHED,
        "Role": role("arn:aws:secretsmanager:eu-west-1:111122223333:secret:research/db-*"),
    }
    if own:
        variables["SOURCE_SECRET"] = {"Ref": "Attachment"}
    reading = reading_of({**resources, "F": function(**variables)})
    assert found(reading) == {("Db", "direct", "certain")} | {
        ("external:research/db", "direct", "likely") for _ in range(edges)
    }
