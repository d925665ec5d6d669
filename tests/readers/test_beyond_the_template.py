"""Databases that lie outside the given templates, and what a function is told of when it is invoked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read

Read = Callable[..., Reading]
DB = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro"}}
HOST = {"Fn::GetAtt": ["Db", "Endpoint.Address"]}
SECRET = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "shop/db"}}
ATTACHED = {
    "Type": "AWS::SecretsManager::SecretTargetAttachment",
    "Properties": {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Db"}},
}
PROXY = {"Type": "AWS::RDS::DBProxy", "Properties": {"DBProxyName": "Shop-Proxy", "EngineFamily": "MYSQL"}}
ARN = {"Fn::GetAtt": ["F", "Arn"]}


def function(**variables: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Environment": {"Variables": variables}},
    }


def in_vpc(made: dict[str, Any]) -> dict[str, Any]:
    network = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    return {**made, "Properties": {**made["Properties"], "VpcConfig": network}}


def role(action: Any, resource: Any = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}


def found(reading: Reading) -> set[tuple[str, str, str]]:
    return {(c.store, c.via, c.certainty) for c in reading.fleet.connections if c.consumer == "F"}


@pytest.mark.parametrize(
    ("resource", "store"),
    [
        ({"Fn::ImportValue": "shop-ClusterArn"}, "external:shop-ClusterArn"),
        ("{{resolve:ssm:/shop/clusterArn}}", "external:/shop/clusterArn"),
        ({"Fn::Sub": "arn:aws:rds:${AWS::Region}:${AWS::AccountId}:cluster:shop"}, "external:shop"),
    ],
)
def test_the_data_api_of_a_cluster_of_another_template(reading_of: Read, resource: Any, store: str) -> None:
    resources = {"F": function(), "Role": role("rds-data:ExecuteStatement", resource)}
    assert found(reading_of(resources)) == {(store, "data-api", "likely")}


@pytest.mark.parametrize("resource", ["*", {"Fn::Sub": "arn:aws:rds:${AWS::Region}:${AWS::AccountId}:cluster:*"}])
def test_the_data_api_of_no_cluster_in_particular_names_none(reading_of: Read, resource: Any) -> None:
    assert not found(reading_of({"F": function(), "Role": role("rds-data:*", resource)}))


def test_a_role_that_may_use_a_graph(reading_of: Read) -> None:
    arn = {"Fn::Sub": "arn:aws:neptune-db:${AWS::Region}:${AWS::AccountId}:${Graph.ClusterResourceId}/*"}
    resources = {
        "Graph": {"Type": "AWS::Neptune::DBCluster", "Properties": {}},
        "F": function(),
        "Role": role("neptune-db:*", arn),
    }
    assert found(reading_of(resources)) == {("Graph", "direct", "likely")}


@pytest.mark.parametrize(("action", "edges"), [("redshift-data:*", set()), ("s3:GetObject", {"direct"})])
def test_the_secret_of_a_warehouse_is_for_its_data_api_where_there_is_one(
    reading_of: Read, action: str, edges: set[str]
) -> None:
    resources = {
        "Db": {"Type": "AWS::Redshift::Cluster", "Properties": {"NodeType": "ra3.large"}},
        "Secret": SECRET,
        "Attached": ATTACHED,
        "F": function(SECRET_ARN={"Ref": "Secret"}),
        "Role": role([action, "secretsmanager:GetSecretValue"], {"Ref": "Secret"}),
    }
    assert {via for _, via, _ in found(reading_of(resources))} == edges


TOLD: dict[str, dict[str, Any]] = {
    "custom resource": {
        "Type": "Custom::Schema",
        "Properties": {"ServiceToken": ARN, "Connection": {"Host": HOST, "Port": 5432}},
    },
    "rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {"Targets": [{"Arn": ARN, "Input": {"Fn::Sub": '{"host": "${Db.Endpoint.Address}"}'}}]},
    },
    "schedule": {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {"Target": {"Arn": ARN, "Input": {"Fn::Sub": '{"secret": "${Secret}"}'}}},
    },
    "rotation": {
        "Type": "AWS::SecretsManager::RotationSchedule",
        "Properties": {"RotationLambdaARN": ARN, "SecretId": {"Ref": "Attached"}},
    },
}


@pytest.mark.parametrize("what", TOLD)
def test_what_invokes_a_function_tells_it_of_a_database(reading_of: Read, what: str) -> None:
    resources = {
        "Db": DB,
        "Secret": SECRET,
        "Attached": ATTACHED,
        "T": TOLD[what],
        "F": in_vpc(function()),
        "Role": role("logs:*"),
    }
    assert found(reading_of(resources)) == {("Db", "direct", "likely")}


def test_an_address_told_to_a_function_outside_the_network_may_be_for_something_else(reading_of: Read) -> None:
    resources = {"Db": DB, "T": TOLD["custom resource"], "F": function(), "Role": role("route53:*")}
    assert found(reading_of(resources)) == {("Db", "direct", "possible")}


def test_what_the_environment_says_outweighs_what_an_event_tells(reading_of: Read) -> None:
    resources = {
        "Db": DB,
        "Other": DB,
        "T": TOLD["custom resource"],
        "F": function(DB_HOST={"Fn::GetAtt": ["Other", "Endpoint.Address"]}),
        "Role": role("logs:*"),
    }
    assert found(reading_of(resources)) == {("Other", "direct", "certain")}


@pytest.mark.parametrize("value", [{"Ref": "Record"}, "db.shop.internal"])
def test_a_dns_record_leads_to_the_database_behind_it(reading_of: Read, value: Any) -> None:
    record = {
        "Type": "AWS::Route53::RecordSet",
        "Properties": {"Name": "db.shop.internal", "Type": "CNAME", "TTL": "60", "ResourceRecords": [HOST]},
    }
    resources = {"Db": DB, "Record": record, "F": function(DB_HOST=value), "Role": role("logs:*")}
    assert found(reading_of(resources)) == {("Db", "direct", "certain")}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("parameter/shop/db/*", {"likely"}),
        ("parameter/shop/db/host", {"likely"}),
        ("parameter/*", {"likely"}),
        ("parameter/other/*", set()),
    ],
)
def test_parameters_that_only_a_permission_names(reading_of: Read, path: str, expected: set[str]) -> None:
    stored = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/shop/db/host", "Type": "String", "Value": HOST}}
    allowed = role("ssm:GetParameter*", {"Fn::Sub": f"arn:aws:ssm:${{AWS::Region}}:${{AWS::AccountId}}:{path}"})
    resources = {"Db": DB, "Stored": stored, "F": function(PREFIX="/shop/db"), "Role": allowed}
    assert {certainty for _, _, certainty in found(reading_of(resources))} == expected


@pytest.mark.parametrize(("inside", "certainty"), [(True, "likely"), (False, "possible")])
def test_a_secret_below_a_path_that_may_be_read(reading_of: Read, inside: bool, certainty: str) -> None:
    attached = {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Db"}}
    network = {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}} if inside else {}
    worker = function()
    resources = {
        "Db": DB,
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "Attached": {"Type": "AWS::SecretsManager::SecretTargetAttachment", "Properties": attached},
        "Stored": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/shop/secret", "Value": {"Ref": "Secret"}}},
        "Role": role("ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/*"),
        "F": {**worker, "Properties": {**worker["Properties"], **network}},
    }
    assert {strength for _, _, strength in found(reading_of(resources))} == {certainty}


@pytest.mark.parametrize(
    ("variable", "is_database"),
    [
        ("PROXY_ENDPOINT", True), ("READER_HOST", True), ("CONNECTION_STRING", True), ("DBEndpoint", True), ("mysqlhost", True),
        ("HTTPS_PROXY_HOST", False), ("PROXY_URL", False), ("READER_URL", False), ("DB_SERVICE_URL", False), ("DATABASE_API_URL", False),
    ],
)  # fmt: skip
def test_names_that_speak_of_a_database(reading_of: Read, variable: str, is_database: bool) -> None:
    resources = {"F": function(**{variable: {"Fn::ImportValue": "elsewhere"}}), "Role": role("logs:*")}
    assert bool(found(reading_of(resources))) is is_database


def test_the_case_of_an_attribute_does_not_matter(reading_of: Read) -> None:
    cache = {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {"Engine": "redis"}}
    value = {"Fn::GetAtt": ["Cache", "PrimaryEndpoint.Address"]}
    resources = {"Cache": cache, "F": function(REDIS_HOST=value), "Role": role("logs:*")}
    assert found(reading_of(resources)) == {("Cache", "direct", "certain")}


def test_a_host_that_only_a_proxy_has(reading_of: Read) -> None:
    host = "shop-proxy.proxy-abc123.eu-west-1.rds.amazonaws.com"
    alone = {"F": function(DB_HOST=host), "Role": role("logs:*")}
    assert found(reading_of(alone)) == {(f"external:{host}", "proxy", "likely")}
    made = reading_of({**alone, "Proxy": PROXY})
    assert found(made) == {("external:behind Proxy", "proxy", "likely")}
    assert [connection.pool for connection in made.fleet.connections] == ["Proxy"]


def test_an_address_that_a_product_of_the_catalogue_gives(reading_of: Read) -> None:
    product = {"Type": "AWS::ServiceCatalog::CloudFormationProvisionedProduct", "Properties": {}}
    value = {"Fn::GetAtt": ["Cache", "Outputs.EndpointAddress"]}
    resources = {"Cache": product, "F": function(REDIS_HOST=value, API_URL=value), "Role": role("logs:*")}
    assert found(reading_of(resources)) == {("external:Cache", "direct", "likely")}


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("REDIS_HOST", {("db/Cache", "direct", "likely")}),
        ("DB_HOST", {("db/Db", "direct", "likely")}),
        ("NEPTUNE_ENDPOINT", {("external:Address", "direct", "likely")}),
    ],
)
def test_a_parameter_means_the_only_store_of_its_family(
    tmp_path: Path, variable: str, expected: set[tuple[str, str, str]]
) -> None:
    made = {"Db": DB, "Cache": {"Type": "AWS::ElastiCache::ServerlessCache", "Properties": {"Engine": "redis"}}}
    asking = {
        "Parameters": {"Address": {"Type": "String"}},
        "Resources": {"F": function(**{variable: {"Ref": "Address"}}), "Role": role("logs:*")},
    }
    (tmp_path / "db.json").write_text(json.dumps({"Resources": made}), encoding="utf-8")
    (tmp_path / "app.json").write_text(json.dumps(asking), encoding="utf-8")
    fleet = read(sorted(tmp_path.iterdir())).fleet
    assert {(c.store, c.via, c.certainty) for c in fleet.connections} == expected
