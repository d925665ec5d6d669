"""Addresses that only words tell: a variable's name, its parameter's name and description, and the variables beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.readers.reading import Reading

Read = Callable[..., Reading]
Body = dict[str, Any]
GIVEN = {"Ref": "Given"}


def function(variables: Body, **properties: Any) -> Body:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}, **properties}}


def found(reading: Reading) -> set[tuple[str, str, str]]:
    return {(c.store, c.via, c.certainty) for c in reading.fleet.connections}


@pytest.mark.parametrize(
    ("description", "via"),
    [
        ("RDS Proxy hostname", "proxy"),
        ("Endpoint of the RDS proxy of the reports", "proxy"),
        ("Endpoint of the database or of its proxy", "direct"),
        ("Endpoint of the database", "direct"),
    ],
)
def test_a_parameter_described_as_that_of_a_proxy(reading_of: Read, description: str, via: str) -> None:
    parameters = {"Given": {"Type": "String", "Description": description}}
    reading = reading_of({"F": function({"DB_HOST": GIVEN})}, Parameters=parameters)
    assert found(reading) == {("external:Given", via, "likely")}


@pytest.mark.parametrize(
    ("variables", "declared"),
    [
        ({"DATABASE__URL": GIVEN}, {"Default": ""}),
        ({"DB_HOST": GIVEN}, {"Default": "Given"}),
        ({"REDIS_CONFIGURATION": GIVEN}, {"Default": "<REDIS>"}),
        ({"MONGODB_CONNECTION": GIVEN}, {}),
        ({"CACHE_HOST": GIVEN}, {}),
        ({"PROXY_DB_HOST": GIVEN}, {"Default": "localhost"}),
        ({"HOST": GIVEN}, {"Description": "The DB host (IP or DNS name)"}),
        ({"SERVER": GIVEN}, {"ConstraintDescription": "must be the endpoint of the RDS cluster"}),
        ({"HOST": GIVEN, "DBUSER": "app", "DBPASSWORD": "secret"}, {}),
        ({"HOST": GIVEN, "DATABASE": "shop", "USER": "app", "PASSWORD": "secret"}, {}),
    ],
    ids=lambda value: ",".join(map(str, value)),
)
def test_a_parameter_that_holds_an_address(reading_of: Read, variables: Body, declared: Body) -> None:
    reading = reading_of({"F": function(variables)}, Parameters={"Given": {"Type": "String", **declared}})
    via = "proxy" if "PROXY_DB_HOST" in variables else "direct"
    assert found(reading) == {("external:Given", via, "likely")}
    assert "names a database that is not known" in reading.fleet.gaps[0].missing


@pytest.mark.parametrize(
    ("variables", "declared"),
    [
        ({"HOST": GIVEN}, {"Description": "Host of the mail server"}),
        ({"HOST": GIVEN, "PORT": "25", "USER": "app", "PASSWORD": "secret"}, {}),
        ({"SERVICE_URL": GIVEN}, {"Description": "URL of the service in front of the database"}),
        ({"URL": GIVEN}, {"Description": "Address to call once the nightly copy of the whole database is there"}),
        ({"DB_ENDPOINT_PORT": GIVEN}, {}),
        ({"MAX_DB_CONN": GIVEN}, {}),
        ({"CACHE_CONTROL": GIVEN}, {}),
        ({"MODE": GIVEN}, {"Default": "<REDIS>"}),
    ],
    ids=lambda value: ",".join(map(str, value)),
)
def test_a_parameter_that_holds_something_else(reading_of: Read, variables: Body, declared: Body) -> None:
    reading = reading_of({"F": function(variables)}, Parameters={"Given": {"Type": "String", **declared}})
    assert (found(reading), reading.fleet.gaps) == (set(), ())


def test_the_host_of_something_else_beside_a_login(reading_of: Read) -> None:
    variables = {"APP_HOST": GIVEN, "DBUSER": "app", "DBPASSWORD": "secret"}
    reading = reading_of({"F": function(variables)}, Parameters={"Given": {"Type": "String"}})
    assert found(reading) == set()
    assert [gap.missing for gap in reading.fleet.gaps] == [
        "environment variable DBUSER holds the login of a database, and nothing says where that is"
    ]


@pytest.mark.parametrize(
    ("variables", "store"),
    [
        ({"HOST": "db.example.com", "DBUSER": "app", "DBPASSWORD": "secret"}, "db.example.com"),
        ({"HOST": "mail.example.com", "USER": "app", "PASSWORD": "secret"}, None),
        ({"DB_HOST": "db.example.com"}, "db.example.com"),
        ({"DB_HOST_PORT": "db.example.com"}, None),
        ({"AUTH_DB_HOST": "db.example.com"}, "db.example.com"),
        ({"DB_API_URL": "db.example.com"}, None),
        ({"ConnectionStrings__Shop": "Server=tcp:db.example.com,1433;Database=shop;User Id=app;"}, "db.example.com"),
        ({"DB_DSN": "host=db.example.com port=5432 dbname=shop"}, "db.example.com"),
        ({"DB_DSN": "host=localhost port=5432 dbname=shop"}, None),
        (
            {"TNS_STRING": "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=erp.corp.example)(PORT=1521)))"},
            "erp.corp.example",
        ),
        ({"DB_CONN": "Server=db.example.com;Password={{resolve:secretsmanager:a:SecretString:p}}"}, "db.example.com"),
        ({"DATABASE_URL": "postgres://app:{{resolve:ssm:/shop/pw}}@db.example.com/shop"}, "db.example.com"),
        ({"PSCALE_HOST": "{{resolve:ssm:/shop/planetscale/host}}"}, "/shop/planetscale/host"),
        ({"ADDRESS": "{{resolve:ssm:/shop/planetscale/host}}"}, "/shop/planetscale/host"),
        ({"DB_HOST_PARAM": "/shop/data/host"}, "/shop/data/host"),
        ({"MONGODB_CONNECTION_PARAM": "/shop/mongodb/uri"}, "/shop/mongodb/uri"),
        ({"QUEUE_PARAM": "/shop/db/host"}, None),
        ({"CUBEJS_DB_HOST": "<YOUR_DB_HOST_HERE>"}, "CUBEJS_DB_HOST"),
        ({"DB_HOST": "changeme"}, "DB_HOST"),
        ({"DB_HOST": "TODO"}, "DB_HOST"),
        ({"DB_HOST": "your-db-host"}, "DB_HOST"),
        ({"DB_HOST": "orders-db"}, "orders-db"),
        ({"DB_HOST": "none"}, None),
        ({"DB_HOST": "5432"}, None),
        ({"DATABASE_URL": "sqlite"}, None),
        ({"DB_HOST_KEY": "host"}, None),
        ({"DATABASE_URL_SECRET": "shop"}, "DATABASE_URL_SECRET"),
        ({"API_HOST": "changeme"}, None),
        ({"SMTP_HOST": "<YOUR_MAIL_HOST>"}, None),
        ({"SERVIDOR_BD": "central.example.com"}, "central.example.com"),
        ({"SERVIDOR_CENTRAL": "sqlcentral.example.com"}, "sqlcentral.example.com"),
        ({"SERVIDOR_SMTP": "email-smtp.example.com"}, None),
        ({"UPSTREAM_HOST": "orders-db01.corp.example"}, "orders-db01.corp.example"),
        ({"UPSTREAM_HOST": "feedback.example.com"}, None),
        ({"SUPABASE_AUTH_URL": "https://shop.supabase.co/auth/v1"}, None),
        ({"COUCHBASE_HOST": "cb.abc.cloud.couchbase.com"}, "cb.abc.cloud.couchbase.com"),
        ({"SETTINGS": "Server=db.example.com;Database=shop"}, None),
        ({"SPRING_DATASOURCE_URL": "jdbc:aws-wrapper:postgresql://db.example.com:5432/shop"}, "db.example.com"),
        ({"ANY": "postgresql+asyncpg://app@db.example.com/shop"}, "db.example.com"),
        ({"ANY": "mongodb+srv://one.example.com,two.example.com:27017/shop"}, "one.example.com"),
    ],
)
def test_a_host_in_writing(reading_of: Read, variables: Body, store: str | None) -> None:
    assert found(reading_of({"F": function(variables)})) == (
        {(f"external:{store}", "direct", "likely")} if store else set()
    )


@pytest.mark.parametrize(
    ("variable", "value", "store"),
    [
        ("UPSTASH_REDIS_REST_URL", GIVEN, "Given"),
        ("KV_REST_API_URL", GIVEN, "Given"),
        ("SUPABASE_URL", "https://shop.supabase.co", "shop.supabase.co"),
        ("UPSTASH_REDIS_REST_URL", "https://eu1-shop.upstash.io", "eu1-shop.upstash.io"),
    ],
)
def test_a_database_asked_over_http_holds_no_connection(
    reading_of: Read, variable: str, value: Any, store: str
) -> None:
    reading = reading_of({"F": function({variable: value})}, Parameters={"Given": {"Type": "String"}})
    assert found(reading) == {(f"external:{store}", "http", "likely")}


@pytest.mark.parametrize(
    "kind", ["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::EC2::Instance", "AWS::Lambda::Function"]
)
def test_an_address_that_no_database_gives(reading_of: Read, kind: str) -> None:
    resources = {"F": function({"DB_HOST": {"Ref": "Front"}}), "Front": {"Type": kind, "Properties": {}}}
    assert found(reading_of(resources)) == {("external:Front", "direct", "likely")}
    other = {"F": function({"TARGET": {"Ref": "Front"}}), "Front": {"Type": kind, "Properties": {}}}
    assert found(reading_of(other)) == set()


@pytest.mark.parametrize(
    ("name", "store"), [("${Given}-DbHost", {"external:Given-DbHost"}), ("${AWS::StackName}-${Nobody}", set())]
)
def test_an_import_whose_name_a_parameter_begins(reading_of: Read, name: str, store: set[str]) -> None:
    host = {"Fn::ImportValue": {"Fn::Sub": name}}
    reading = reading_of({"F": function({"DB_HOST": host})}, Parameters={"Given": {"Type": "String"}})
    assert {item.id for item in reading.fleet.stores} == store


def test_a_placeholder_in_a_host_is_what_the_database_is_called_by(reading_of: Read) -> None:
    host = {"Fn::Sub": "${Given}.${AWS::Region}.rds.amazonaws.com"}
    parameters = {"Given": {"Type": "String", "Default": "<DATABASE_HOST>"}}
    reading = reading_of({"F": function({"DB_HOST": host})}, Parameters=parameters)
    assert found(reading) == {("external:Given", "direct", "likely")}


@pytest.mark.parametrize(
    ("text", "stores"),
    [
        ("Server=tcp:${Given},1433;Database=shop;User Id=app;Password=hunter-2", {"external:Given"}),
        ("host=${Given} dbname=shop password=hunter-2", {"external:Given"}),
        ("tns=${Given};uid=app;pwd=hunter-2", set()),
        ("postgres://app:hunter-2@${Given}:5432/shop", {"external:Given"}),
    ],
)
def test_a_connection_string_with_a_hole_shows_no_password(reading_of: Read, text: str, stores: set[str]) -> None:
    reading = reading_of(
        {"F": function({"DB_CONNECTION_STRING": {"Fn::Sub": text}})}, Parameters={"Given": {"Type": "String"}}
    )
    assert {store.id for store in reading.fleet.stores} == stores
    assert "hunter-2" not in repr(reading)


def test_a_placeholder_that_is_tested_against_is_a_value(reading_of: Read) -> None:
    parameters = {"Given": {"Type": "String", "Default": "<none>", "AllowedValues": ["<none>", "a"]}}
    conditions = {"Open": {"Fn::Equals": [GIVEN, "<none>"]}}
    made = {**function({"DB_HOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}}), "Condition": "Open"}
    reading = reading_of({"F": made, "Db": NETWORK["Db"]}, Parameters=parameters, Conditions=conditions)
    assert found(reading) == {("Db", "direct", "certain")}


NETWORK = {
    "Inside": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "of functions"}},
    "Around": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"SecurityGroupIngress": [{"SourceSecurityGroupId": {"Ref": "Inside"}}]},
    },
    "Db": {
        "Type": "AWS::RDS::DBInstance",
        "Properties": {"Engine": "mysql", "VPCSecurityGroups": [{"Ref": "Around"}]},
    },
}
PLACED = {"VpcConfig": {"SecurityGroupIds": [{"Ref": "Inside"}], "SubnetIds": ["subnet-1"]}}


@pytest.mark.parametrize(
    ("name", "properties", "certainty"),
    [
        ("F", {}, "possible"),
        ("F", {"Handler": "aurora-handler.handler"}, "likely"),
        ("F", {"Layers": [{"Ref": "PyMySqlLayer"}]}, "likely"),
        ("GetFromDatabase", {}, "likely"),
        ("GetFromDynamoDb", {}, "possible"),
        ("MigrateDb", {"Environment": {"Variables": {"SERVICE": "shop"}}}, "likely"),
        ("MigrateDb", {"Environment": {"Variables": {"LB_ADDRESS": "http://lb.example.com"}}}, "possible"),
        ("MigrateDb", {"Environment": {"Variables": {"OAUTH_REDIRECT_URI": "https://app.example.com/back"}}}, "likely"),
        ("F", {"Description": "reads redis"}, "possible"),
        ("F", {"Environment": {"Variables": {"AURORA_MASTER_PASSWORD": "example"}}}, "likely"),
        ("F", {"Environment": {"Variables": {"REDIS_PASSWORD": "example"}}}, "possible"),
    ],
)
def test_a_network_path_and_what_the_function_calls_itself(
    reading_of: Read, name: str, properties: Body, certainty: str
) -> None:
    layer = {"Type": "AWS::Lambda::LayerVersion"}
    made = {"Type": "AWS::Lambda::Function", "Properties": {**PLACED, **properties}}
    resources = {**NETWORK, "PyMySqlLayer": layer, name: made}
    assert found(reading_of(resources)) == {("Db", "direct", certainty)}


def test_words_do_not_choose_between_two_databases(reading_of: Read) -> None:
    resources = {**NETWORK, "Other": NETWORK["Db"], "GetFromMysql": function({}, **PLACED)}
    assert found(reading_of(resources)) == {("Db", "direct", "possible"), ("Other", "direct", "possible")}


@pytest.mark.parametrize(
    ("name", "role", "expected"),
    [
        ("RdsResolver", {"Ref": "Given"}, {("Db", "direct", "likely")}),
        ("Resolver", {"Ref": "Given"}, set()),
        ("RdsResolver", {"Fn::GetAtt": ["Role", "Arn"]}, set()),
    ],
)
def test_a_function_whose_role_nobody_sees_beside_the_only_store(
    reading_of: Read, name: str, role: Body, expected: set[tuple[str, str, str]]
) -> None:
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql"}}
    placed = function({}, VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}, Role=role)
    resources = {"Db": database, "Role": {"Type": "AWS::IAM::Role"}, name: placed}
    assert found(reading_of(resources, Parameters={"Given": {"Type": "String"}})) == expected


@pytest.mark.parametrize(("text", "edges"), [("/shop-db-host", 1), ("shop/db/host", 1), ("/", 0)])
def test_a_path_under_which_an_address_is_kept(reading_of: Read, text: str, edges: int) -> None:
    """The name of an SSM parameter in the place of the address itself: the code reads it from there."""
    reading = reading_of({"F": function({"DB_HOST": text})})
    assert found(reading) == {(f"external:{text}", "direct", "likely") for _ in range(edges)}
    assert len(reading.fleet.gaps) == edges


@pytest.mark.parametrize(("text", "gaps"), [("postgresql://u:p@localhost:5432/db", 1), ("sqlite:///tmp/x.db", 0)])
def test_a_connection_string_that_leads_to_the_machine_itself_is_no_address(
    reading_of: Read, text: str, gaps: int
) -> None:
    """What a developer has at home: as the default of a parameter it is to be replaced, else nobody knows what is meant."""
    written = reading_of({"F": function({"DATABASE_URL": text})})
    assert (found(written), len(written.fleet.gaps)) == (set(), gaps)
    parameters = {"Given": {"Type": "String", "Default": text, "Description": "database connection URL"}}
    given = reading_of({"F": function({"DATABASE_URL": GIVEN})}, Parameters=parameters)
    assert found(given) == {("external:Given", "direct", "likely")}


@pytest.mark.parametrize(("place", "certainty"), [("Globals", "possible"), ("Properties", "likely")])
def test_a_placeholder_says_nothing_of_variables_that_were_written_for_it(
    reading_of: Read, place: str, certainty: str
) -> None:
    """Code that reads no variable at all may be replaced after the deployment; what all functions have is not about this one."""
    environment = {"Environment": {"Variables": {"REDIS_URL": "redis://cache.example.com:6379"}}}
    made: Body = {
        "InlineCode": "def handler(event, context): return 'hello'",
        **(environment if place == "Properties" else {}),
    }
    globals_ = {"Function": environment if place == "Globals" else {}}
    reading = reading_of(
        {"F": {"Type": "AWS::Serverless::Function", "Properties": made}}, Transform="AWS::Serverless-2016-10-31", Globals=globals_
    )  # fmt: skip
    assert found(reading) == {("external:cache.example.com", "direct", certainty)}


@pytest.mark.parametrize(("folder", "store"), [("/dev/shop/db", "Db"), ("/dev/crm/db", "external:/dev/crm/db/url")])
def test_an_address_that_is_kept_beside_the_password_of_a_database(reading_of: Read, folder: str, store: str) -> None:
    password = "{{resolve:ssm-secure:/dev/shop/db/password:1}}"
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", "MasterUserPassword": password}}
    reading = reading_of({"Db": database, "F": function({"DATABASE_URL": f"{{{{resolve:ssm:{folder}/url}}}}"})})
    assert found(reading) == {(store, "direct", "likely")}


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("jdbc:oracle:thin:@//core.example.com:1521/CORE", "core.example.com"),
        ("jdbc:oracle:thin:app/secret@core.example.com:1521:CORE", "core.example.com"),
        ("jdbc:mysql:loadbalance://core.example.com,other.example.com/shop", "core.example.com"),
        ("jdbc:oracle:thin:@localhost:1521:CORE", None),
    ],
)
def test_connection_strings_of_java(reading_of: Read, text: str, host: str | None) -> None:
    assert found(reading_of({"F": function({"CORE_JDBC_URL": text})})) == {
        (f"external:{name}", "direct", "likely") for name in (host,) if name
    }


def test_what_is_handed_over_at_an_address_is_none(reading_of: Read) -> None:
    reading = reading_of({"F": function({"UPSTASH_REDIS_REST_TOKEN": GIVEN})}, Parameters={"Given": {"Type": "String"}})
    assert (found(reading), reading.fleet.gaps) == (set(), ())


def test_the_path_below_which_an_address_is_kept(reading_of: Read) -> None:
    """What the code reads from there when it runs is what lies there."""
    host = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/shop/db/host", "Value": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}},
    }
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres"}}
    for path, edges in (
        ("/shop/db", {("Db", "direct", "likely")}),
        ("/shop/db/", {("Db", "direct", "likely")}),
        ("/shop/d", set()),
    ):
        assert found(reading_of({"Db": database, "Host": host, "F": function({"SSM_PATH": path})})) == edges


@pytest.mark.parametrize(
    ("actions", "variables", "certainty"),
    [
        (["rds:StartDBInstance", "rds:StopDBInstance"], {}, "possible"),
        (["rds:StartDBInstance", "secretsmanager:GetSecretValue"], {}, "certain"),
        (["rds:StartDBInstance"], {"DB_USER": "app"}, "certain"),
        (["rds:DescribeDBInstances"], {}, "certain"),
    ],
)
def test_who_manages_a_database_and_has_no_login_is_no_client(
    reading_of: Read, actions: list[str], variables: Body, certainty: str
) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres"}}
    worker = function(
        {"DB_HOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}, **variables}, Role={"Fn::GetAtt": ["Role", "Arn"]}
    )
    assert found(reading_of({"Db": database, "Role": role, "F": worker})) == {("Db", "direct", certainty)}


@pytest.mark.parametrize(
    ("variables", "edges"),
    [
        ({"WAWI_HOST": GIVEN, "WAWI_USER": "a", "WAWI_PASS": "b", "WAWI_DB": "c"}, 1),
        ({"WAWI_HOST": GIVEN, "OTHER_USER": "a", "OTHER_PASS": "b", "OTHER_DB": "c"}, 0),
        ({"SMTP_HOST": GIVEN, "SMTP_USER": "a", "SMTP_PASS": "b"}, 0),
    ],
)
def test_a_host_beside_user_password_and_database_of_one_prefix(reading_of: Read, variables: Body, edges: int) -> None:
    reading = reading_of({"F": function(variables)}, Parameters={"Given": {"Type": "String"}})
    assert found(reading) == {("external:Given", "direct", "likely") for _ in range(edges)}


@pytest.mark.parametrize("value", ["postgres", "mysql", "mssql"])
def test_the_kind_of_a_connection_is_no_host(reading_of: Read, value: str) -> None:
    assert found(reading_of({"F": function({"TYPEORM_CONNECTION": value})})) == set()
    assert found(reading_of({"F": function({"TYPEORM_HOST": value})})) == {(f"external:{value}", "direct", "likely")}


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("prisma://accelerate.prisma-data.net/?api_key=x", "http"),
        ("libsql://shop-me.turso.io", "http"),
        ("redis://cache.example.com", "direct"),
    ],
)
def test_databases_that_are_asked_over_http_by_their_address(reading_of: Read, text: str, via: str) -> None:
    assert {found_via for _, found_via, _ in found(reading_of({"F": function({"DATABASE_URL": text})}))} == {via}


@pytest.mark.parametrize("url", ["https://postgresweekly.com/feed", "https://redisearch.docs.example.com"])
def test_a_page_about_databases_is_none(reading_of: Read, url: str) -> None:
    assert found(reading_of({"F": function({"FEED_URL": url})})) == set()


@pytest.mark.parametrize(("server", "edges"), [("StagingMysql", 1), ("Bastion", 0)])
def test_a_machine_that_is_called_a_database(reading_of: Read, server: str, edges: int) -> None:
    resources = {
        server: {"Type": "AWS::EC2::Instance"},
        "F": function({"STAGING_HOST": {"Fn::GetAtt": [server, "PrivateIp"]}}),
    }
    assert found(reading_of(resources)) == {(f"external:{server}", "direct", "likely") for _ in range(edges)}
