"""Functions that ask a database over HTTP: what names the cluster, and what an address beside it means."""

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
ARN = "arn:aws:rds:eu-west-1:111122223333:cluster:shop"
DATA_API = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonRDSDataFullAccess"]}
NETWORK = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}


def cluster(**properties: Any) -> Body:
    return {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "aurora-postgresql", **properties}}


def function(variables: Body | None = None, **properties: Any) -> Body:
    made = {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Environment": {"Variables": variables or {}}, **properties}
    return {"Type": "AWS::Lambda::Function", "Properties": made}


def role(resource: Any = None) -> Body:
    if resource is None:
        return {"Type": "AWS::IAM::Role", "Properties": DATA_API}
    statement = {"Effect": "Allow", "Action": "rds-data:ExecuteStatement", "Resource": resource}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}}


def found(reading: Reading) -> set[tuple[str, str, str]]:
    return {(c.store, c.via, c.certainty) for c in reading.fleet.connections}


@pytest.mark.parametrize(
    ("name", "value", "store"),
    [
        ("DATABASE", ARN, "external:shop"),
        ("ANY", {"Fn::Sub": "arn:aws:rds:${AWS::Region}:${AWS::AccountId}:cluster:${Cluster}"}, "external:Cluster"),
        ("CLUSTER_ARN", {"Ref": "Cluster"}, "external:Cluster"),
        ("ANY", {"Fn::ImportValue": "shop-ClusterArn"}, "external:shop-ClusterArn"),
        ("SECRET_ARN", {"Ref": "Cluster"}, None),
        ("DATABASE", f"{ARN}-*", None),
        ("DATABASE", ARN.replace("rds", "redshift"), None),
    ],
)
def test_a_variable_with_the_arn_of_a_cluster_of_another_template(
    reading_of: Read, name: str, value: Any, store: str | None
) -> None:
    parameters = {"Cluster": {"Type": "String"}}
    reading = reading_of({"F": function({name: value}), "Role": role()}, Parameters=parameters)
    assert found(reading) == ({(store, "data-api", "likely")} if store else set())


def test_a_permission_on_a_cluster_decides_which_it_is(reading_of: Read) -> None:
    resources = {"F": function({"DATABASE": f"{ARN}2"}), "Role": role(ARN)}
    assert found(reading_of(resources)) == {("external:shop", "data-api", "likely")}


@pytest.mark.parametrize(
    ("enabled", "via"), [(True, "data-api"), ("true", "data-api"), (False, "direct"), (None, "direct")]
)
def test_a_secret_beside_a_permission_on_every_cluster(reading_of: Read, enabled: Any, via: str) -> None:
    switch = {} if enabled is None else {"EnableHttpEndpoint": enabled}
    attached = {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Db"}}
    resources = {
        "Db": cluster(**switch),
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "Attached": {"Type": "AWS::SecretsManager::SecretTargetAttachment", "Properties": attached},
        "F": function(),
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [
            {"Effect": "Allow", "Action": "rds-data:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "Secret"}},
        ]}}]}},
    }  # fmt: skip
    assert found(reading_of(resources)) == {("Db", via, "likely")}


CALLED = {"Fn::Sub": "arn:aws:rds:${AWS::Region}:${AWS::AccountId}:cluster:${Cluster}"}


@pytest.mark.parametrize("name", [{"Ref": "Cluster"}, {"Fn::Sub": "${Cluster}"}])
def test_a_permission_on_the_parameter_that_names_the_cluster(reading_of: Read, name: Any) -> None:
    resources = {"F": function(), "Role": role(CALLED), "Db": cluster(DBClusterIdentifier=name)}
    reading = reading_of(resources, Parameters={"Cluster": {"Type": "String"}})
    assert found(reading) == {("Db", "data-api", "certain")}
    two = reading_of({**resources, "Other": resources["Db"]}, Parameters={"Cluster": {"Type": "String"}})
    assert found(two) == {("external:Cluster", "data-api", "likely")}


def test_of_functions_that_share_a_role_those_that_name_the_cluster_ask_it(reading_of: Read) -> None:
    resources = {"F": function({"AURORA_ARN": ARN}), "G": function(), "Role": role(ARN)}
    edges = {(c.consumer, c.certainty) for c in reading_of(resources).fleet.connections}
    assert edges == {("F", "likely"), ("G", "possible")}


def test_an_arn_without_a_permission_is_no_connection(reading_of: Read) -> None:
    assert not found(reading_of({"F": function({"CLUSTER_ARN": ARN}), "Role": role("arn:aws:s3:::x")}))
    none = {"Type": "AWS::IAM::Role", "Properties": {}}
    assert not found(reading_of({"F": function({"CLUSTER_ARN": ARN}), "Role": none}))


@pytest.mark.parametrize(
    ("value", "made", "store"),
    [
        (ARN, {}, "external:shop"),
        ({"Fn::Sub": "arn:aws:rds:${AWS::Region}:${AWS::AccountId}:cluster:${Db}"}, {"Db": cluster()}, "app/Db"),
        (ARN, {"Db": cluster(DBClusterIdentifier="shop")}, "app/Db"),
    ],
)
def test_a_custom_resource_of_another_template_tells_of_a_cluster(
    tmp_path: Path, value: Any, made: Body, store: str
) -> None:
    asked = {
        "Resources": {"F": function(), "Role": role()},
        "Outputs": {"Provider": {"Value": {"Fn::GetAtt": ["F", "Arn"]}, "Export": {"Name": "schema-provider"}}},
    }
    told = {"ServiceToken": {"Fn::ImportValue": "schema-provider"}, "Where": {"ClusterArn": value}}
    asking = {"Resources": {"Schema": {"Type": "Custom::Schema", "Properties": told}, **made}}
    for name, template in (("provider", asked), ("app", asking)):
        (tmp_path / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
    reading = read(sorted(tmp_path.iterdir()))
    assert found(reading) == {(store, "data-api", "likely")}
    (edge,) = reading.fleet.connections
    assert edge.bound == "deployments only"
    assert "custom resource 'app/Schema'" in edge.evidence[0]


@pytest.mark.parametrize(
    ("made", "store"), [({}, "external:shop"), ({"Db": cluster(DBClusterIdentifier="shop")}, "Db")]
)
def test_a_schedule_tells_of_a_cluster(reading_of: Read, made: Body, store: str) -> None:
    target = {"Arn": {"Fn::GetAtt": ["F", "Arn"]}, "Input": json.dumps({"cluster": ARN, "table": "orders"})}
    schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": target}}
    reading = reading_of({"F": function(), "Role": role(), "Every": schedule, **made})
    assert found(reading) == {(store, "data-api", "likely")}


def test_a_cache_has_no_data_api(reading_of: Read) -> None:
    cache = {"Type": "AWS::ElastiCache::ServerlessCache", "Properties": {"Engine": "redis"}}
    assert not found(reading_of({"Cache": cache, "F": function({"CACHE": {"Ref": "Cache"}}), "Role": role()}))


HELD = {"DB_HOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}}
GRANT = {"Fn::GetAtt": ["Db", "DBClusterArn"]}
MEMBER = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": {"Ref": "Db"}, "DBInstanceClass": "x"}}


@pytest.mark.parametrize(
    ("resources", "direct"),
    [
        ({"Db": cluster(EngineMode="serverless"), "F": function(HELD)}, "possible"),
        ({"Db": cluster(EngineMode="serverless"), "F": function(HELD, VpcConfig=NETWORK)}, "certain"),
        ({"Db": cluster(), "F": function(HELD)}, "certain"),
        ({"Db": cluster(PubliclyAccessible=False, VpcSecurityGroupIds=["sg-1"]), "F": function(HELD)}, "possible"),
        ({"Db": cluster(PubliclyAccessible=True, VpcSecurityGroupIds=["sg-1"]), "F": function(HELD)}, "certain"),
    ],
)
def test_an_address_beside_the_data_api(reading_of: Read, resources: Body, direct: str) -> None:
    reading = reading_of({**resources, "Role": role(GRANT)})
    assert found(reading) == {("Db", "data-api", "certain"), ("Db", "direct", direct)}


def test_an_address_alone_stays_one_even_where_it_cannot_be_reached(reading_of: Read) -> None:
    resources = {"Db": cluster(EngineMode="serverless"), "F": function(HELD), "Role": role("arn:aws:s3:::x")}
    assert found(reading_of(resources)) == {("Db", "direct", "certain")}
