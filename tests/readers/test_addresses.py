"""Addresses of stores in writing, and permissions that stand for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.capacity import capacity_of
from constructs_lib.model.settings import Settings
from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read

Read = Callable[..., Reading]
Body = dict[str, Any]
GIVEN = {"Ref": "Given"}
PROXY: Body = {
    "Proxy": {"Type": "AWS::RDS::DBProxy", "Properties": {"DBProxyName": "orders", "EngineFamily": "POSTGRESQL"}},
    "Reading": {
        "Type": "AWS::RDS::DBProxyEndpoint",
        "Properties": {"DBProxyName": {"Ref": "Proxy"}, "DBProxyEndpointName": "orders-ro", "TargetRole": "READ_ONLY"},
    },
    "Targets": {
        "Type": "AWS::RDS::DBProxyTargetGroup",
        "Properties": {
            "DBProxyName": {"Ref": "Proxy"},
            "DBClusterIdentifiers": [{"Ref": "Store"}],
            "TargetGroupName": "default",
        },
    },
}


def function(role: str = "Role", **variables: Any) -> Body:
    properties = {"Environment": {"Variables": variables}, "Role": {"Fn::GetAtt": [role, "Arn"]}}
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def role(*statements: tuple[str, Any]) -> Body:
    said = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": said}}]}}


def found(reading: Reading) -> set[tuple[str, str, str]]:
    return {(c.store, c.via, c.certainty) for c in reading.fleet.connections if c.consumer.endswith("F")}


@pytest.mark.parametrize(
    ("kind", "named", "host"),
    [
        ("RDS::DBInstance", "DBInstanceIdentifier", "orders.abc123.eu-west-1.rds.amazonaws.com"),
        ("RDS::DBCluster", "DBClusterIdentifier", "orders.cluster-abc123.eu-west-1.rds.amazonaws.com"),
        ("DocDB::DBCluster", "DBClusterIdentifier", "orders.cluster-abc123.eu-west-1.docdb.amazonaws.com"),
        ("Neptune::DBCluster", "DBClusterIdentifier", "orders.cluster-abc123.eu-west-1.neptune.amazonaws.com"),
        ("ElastiCache::CacheCluster", "ClusterName", "orders.abc123.0001.euw1.cache.amazonaws.com"),
        ("ElastiCache::ReplicationGroup", "ReplicationGroupId", "master.orders.abc123.euw1.cache.amazonaws.com"),
        ("ElastiCache::ServerlessCache", "ServerlessCacheName", "orders-1a2b3c.serverless.euw1.cache.amazonaws.com"),
        ("MemoryDB::Cluster", "ClusterName", "clustercfg.orders.abc123.memorydb.eu-west-1.amazonaws.com"),
        ("Redshift::Cluster", "ClusterIdentifier", "orders.abc123.eu-west-1.redshift.amazonaws.com"),
        (
            "RedshiftServerless::Workgroup",
            "WorkgroupName",
            "orders.123456789012.eu-west-1.redshift-serverless.amazonaws.com",
        ),
    ],
)
def test_the_name_of_a_store_in_the_address_that_aws_gives_it(
    reading_of: Read, kind: str, named: str, host: str
) -> None:
    store: Body = {"Type": f"AWS::{kind}", "Properties": {named: "orders"}}
    assert found(reading_of({"Store": store, "F": function(DB_HOST=host)})) == {("Store", "direct", "likely")}
    other = {**store, "Properties": {named: "bills"}}
    assert found(reading_of({"Store": other, "F": function(DB_HOST=host)})) == {
        (f"external:{host}", "direct", "likely")
    }


@pytest.mark.parametrize("service", ["rds", "docdb", "neptune", "cache", "redshift"])
def test_the_regions_of_china_have_an_end_of_their_own(reading_of: Read, service: str) -> None:
    host = f"orders.abc123.cn-north-1.{service}.amazonaws.com.cn"
    assert found(reading_of({"F": function(DB_HOST=host)})) == {(f"external:{host}", "direct", "likely")}


def test_the_reader_behind_an_address(reading_of: Read) -> None:
    cluster: Body = {
        "Type": "AWS::RDS::DBCluster",
        "Properties": {"DBClusterIdentifier": "orders", "Engine": "aurora-postgresql"},
    }
    for host, pool in (
        ("orders.cluster-ro-abc123.eu-west-1.rds.amazonaws.com", None),
        ("orders-ro.endpoint.proxy-abc123.eu-west-1.rds.amazonaws.com", "Proxy"),
    ):
        (edge,) = reading_of({"Store": cluster, **PROXY, "F": function(DB_HOST=host)}).fleet.connections
        assert (edge.store, edge.pool, edge.role) == ("Store", pool, "reader")


@pytest.mark.parametrize(
    "host",
    [
        "bucket.s3-eu-west-1.amazonaws.com",
        "abc123.execute-api.eu-west-1.amazonaws.com",
        "search-orders-abc123.eu-west-1.es.amazonaws.com",
        "abc123.lambda-url.eu-west-1.on.aws",
    ],
)
def test_the_address_of_another_service_is_that_of_no_database(reading_of: Read, host: str) -> None:
    assert found(reading_of({"F": function(NEPTUNE_EXPORT_URI=f"https://{host}/it.jar", REDIS_URL=host)})) == set()


def test_a_load_balancer_may_stand_in_front_of_one(reading_of: Read) -> None:
    host = "pool-abc123.elb.eu-west-1.amazonaws.com"
    assert found(reading_of({"F": function(DB_HOST=host)})) == {(f"external:{host}", "direct", "likely")}


def test_an_address_that_depends_on_a_condition_is_the_one_that_can_be_named(reading_of: Read) -> None:
    stored = {"Fn::Sub": "{{resolve:ssm:/shop/${Stage}/rds-proxy-endpoint}}"}
    host = {"Fn::If": ["Local", GIVEN, {"Fn::If": ["Small", stored, "db.example.com"]}]}
    conditions = {
        "Local": {"Fn::Equals": [{"Ref": "Stage"}, "local"]},
        "Small": {"Fn::Equals": [{"Ref": "Stage"}, "small"]},
    }
    asked = {"Given": {"Type": "String"}, "Stage": {"Type": "String"}}
    reading = reading_of({"F": function(DB_HOST=host)}, Parameters=asked, Conditions=conditions)
    assert found(reading) == {
        ("external:/shop/Stage/rds-proxy-endpoint", "proxy", "likely"),
        ("external:db.example.com", "direct", "possible"),
        ("external:Given", "direct", "possible"),
    }


def test_half_an_address_that_only_a_database_has(reading_of: Read) -> None:
    host = "orders.XXXX.<region>.rds.amazonaws.com"
    assert found(reading_of({"F": function(DB_HOST=host)})) == {("external:DB_HOST", "direct", "likely")}


@pytest.mark.parametrize(
    ("action", "kind", "outside"),
    [
        ("neptune-db:*", "AWS::Neptune::DBCluster", "external:neptune-cluster"),
        ("dsql:DbConnect", "AWS::DSQL::Cluster", "external:aurora-dsql"),
        ("elasticache:Connect", "AWS::ElastiCache::ServerlessCache", "external:elasticache"),
        ("memorydb:Connect", "AWS::MemoryDB::Cluster", "external:memorydb"),
    ],
)
def test_a_permission_for_any_store_of_a_service(reading_of: Read, action: str, kind: str, outside: str) -> None:
    store = {"Type": kind, "Properties": {}}
    alone = {"F": function(), "Role": role((action, "*"))}
    assert found(reading_of(alone)) == {(outside, "direct", "likely")}
    assert found(reading_of({**alone, "Store": store})) == {("Store", "direct", "likely")}
    assert found(reading_of({**alone, "Store": store, "Other": store})) == {
        ("Store", "direct", "possible"),
        ("Other", "direct", "possible"),
    }
    assert found(reading_of({**alone, "F": function(REDIS_HOST="cache.example.com")})) == {
        ("external:cache.example.com", "direct", "likely")
    }
    assert found(reading_of({**alone, "G": function()})) == set()


def test_a_cluster_of_atlas(reading_of: Read) -> None:
    cluster = {"Type": "MongoDB::Atlas::Cluster", "Properties": {"Name": "orders"}}
    for attribute in ("SrvAddress", "ConnectionStrings.StandardSrv"):
        variables = {"MONGODB_URI": {"Fn::GetAtt": ["Cluster", *attribute.split(".", 1)]}}
        reading = reading_of({"Cluster": cluster, "F": function(**variables)})
        assert found(reading) == {("Cluster", "direct", "certain")}
        assert [(store.kind, store.engine) for store in reading.fleet.stores] == [("mongodb-atlas-cluster", "mongodb")]


def _sized(*sizes: object, least: str | None = None) -> Body:
    compute = {"Compute": {"ScaleDownEnabled": True, "MinInstanceSize": least}}
    regions = [
        {"ElectableSpecs": {"InstanceSize": size}, **({"AutoScaling": compute} if least else {})} for size in sizes
    ]
    return {
        "Type": "MongoDB::Atlas::Cluster",
        "Properties": {"ReplicationSpecs": [{"AdvancedRegionConfigs": regions}]},
    }


@pytest.mark.parametrize(
    ("cluster", "preset", "usable"),
    [
        (_sized("M10"), "mongodb-atlas:m10", "1,485"),  # 10 kept on each node, 5 for operators
        (_sized("M40", "M30"), "mongodb-atlas:m30", "2,985"),
        (_sized("M40", least="M10"), "mongodb-atlas:m10", "1,485"),
        (_sized("M40", {"Ref": "Size"}), None, None),
        (_sized("M41"), None, None),
        (_sized(), None, None),
        ({"Type": "MongoDB::Atlas::FlexCluster"}, "mongodb-atlas:flex", "485"),
        ({"Type": "MongoDB::Atlas::ServerlessInstance"}, None, None),
    ],
)
def test_the_size_of_a_cluster_of_atlas_tells_its_limit(
    reading_of: Read, cluster: Body, preset: str | None, usable: str | None
) -> None:
    variables = {"MONGODB_URI": {"Fn::GetAtt": ["Cluster", "ConnectionStrings.StandardSrv"]}}
    fleet = reading_of({"Cluster": cluster, "F": function(**variables)}, {"Size": {"Type": "String"}}).fleet
    (store,) = fleet.stores
    assert store.preset == preset
    capacity = capacity_of(store, Settings())
    assert capacity.max_connections.is_unknown == (usable is None)
    assert usable is None or str(capacity.usable) == usable


def test_parameters_as_amplify_calls_them(tmp_path: Path) -> None:
    table = {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "name"}}}}
    outputs = {"Name": {"Value": {"Ref": "Table"}}, "Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}}}
    asked = {"storageordersTableArn": {"Type": "String"}, "storageordersTableName": {"Type": "String"}}
    code = {
        "F": function(STORAGE_ORDERSTABLE_NAME={"Ref": "storageordersTableName"}),
        "Role": role(("dynamodb:PutItem", {"Ref": "storageordersTableArn"})),
    }
    for name, template in (
        ("ordersTable", {"Parameters": {"name": {"Type": "String"}}, "Resources": table, "Outputs": outputs}),
        ("ordersFunction", {"Parameters": asked, "Resources": code, "Outputs": {"Arn": {"Value": {"Ref": "F"}}}}),
    ):
        path = tmp_path / f"{name}-cloudformation-template.json"
        path.write_text(json.dumps(template), encoding="utf-8")
    (edge,) = read([tmp_path]).fleet.connections
    assert (edge.store, edge.certainty) == ("ordersTable-cloudformation-template/Table", "likely")


def test_the_login_of_a_replica_is_that_of_its_source(reading_of: Read) -> None:
    source: Body = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql"}}
    copy: Body = {"Type": "AWS::RDS::DBInstance", "Properties": {"SourceDBInstanceIdentifier": {"Ref": "Source"}}}
    attached: Body = {
        "Type": "AWS::SecretsManager::SecretTargetAttachment",
        "Properties": {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Source"}},
    }
    stores: Body = {
        "Source": source,
        "Copy": copy,
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "Attached": attached,
    }
    login = {"DB_SECRET": {"Ref": "Attached"}}
    hosts = {name: {"Fn::GetAtt": [name, "Endpoint.Address"]} for name in ("Source", "Copy")}
    reading = reading_of({**stores, "F": function(**login, DB_HOST=hosts["Copy"])})
    assert found(reading) == {("Copy", "direct", "certain")}
    assert reading.fleet.connections[0].secrets == ("Secret",)
    assert found(reading_of({**stores, "F": function(**login)})) == {("Source", "direct", "certain")}
    both = function(**login, DB_HOST=hosts["Source"], READ_DB_HOST=hosts["Copy"])
    assert found(reading_of({**stores, "F": both})) == {("Source", "direct", "certain"), ("Copy", "direct", "certain")}


@pytest.mark.parametrize(
    ("parameter", "store"),
    [
        ("SsmParameterValuesharedredisC96584B6F00A464EAD1953AFF4B05118Parameter", "/shared/redis"),
        ("RedisHost", "RedisHost"),
    ],
)
def test_an_ssm_parameter_that_cdk_looks_up_has_its_own_name(reading_of: Read, parameter: str, store: str) -> None:
    asked = {parameter: {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shared/redis"}}
    for url in ({"Ref": parameter}, {"Fn::Join": ["", ["redis://", {"Ref": parameter}, ":6379/0"]]}):
        reading = reading_of({"F": function(REDIS_URL=url)}, Parameters=asked)
        assert found(reading) == {(f"external:{store}", "direct", "likely")}


def test_the_host_of_a_url_and_not_its_login_names_the_store(reading_of: Read) -> None:
    asked = {name: {"Type": "String"} for name in ("User", "Word", "Host")}
    url = {"Fn::Sub": "mysql://${User}:${Word}@${Host}:3306/shop"}
    assert found(reading_of({"F": function(DATABASE_URL=url)}, Parameters=asked)) == {
        ("external:Host", "direct", "likely")
    }


LOGIN = "arn:aws:rds-db:eu-west-1:111122223333:dbuser:{}/app"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-db-AbC1dE"


@pytest.mark.parametrize(
    ("name", "via"), [("prx-0e51fa5ffbac02dbb", "proxy"), ("cluster-ABC", "direct"), ("db-ABC", "direct")]
)
def test_a_login_to_what_no_template_makes(reading_of: Read, name: str, via: str) -> None:
    may = role(("rds-db:connect", LOGIN.format(name)))
    assert found(reading_of({"F": function(), "Role": may})) == {(f"external:{name}", via, "likely")}
    assert found(reading_of({"F": function(), "G": function(), "Role": may})) == {(f"external:{name}", via, "possible")}
    addressed = function(DB_HOST="db.example.com")
    assert found(reading_of({"F": addressed, "Role": may})) == {("external:db.example.com", via, "likely")}
    inside = {"Role": may, "F": function(DB_SECRET=SECRET)}
    inside["F"]["Properties"]["VpcConfig"] = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert found(reading_of(inside)) == {("external:orders-db", via, "likely")}


def test_a_login_to_a_parameter_is_called_by_it(reading_of: Read) -> None:
    given = {"Fn::Sub": LOGIN.format("${ResourceId}")}
    fleet = {"F": function(), "Role": role(("rds-db:connect", given))}
    assert found(reading_of(fleet, {"ResourceId": {"Type": "String"}})) == {("external:ResourceId", "direct", "likely")}


@pytest.mark.parametrize("resource", ["*", LOGIN.format("*")])
def test_a_login_to_any_database_names_none(reading_of: Read, resource: str) -> None:
    assert found(reading_of({"F": function(), "Role": role(("rds-db:connect", resource))})) == set()


def test_a_function_may_be_called_by_a_whole_arn(tmp_path: Path) -> None:
    """A custom resource of one template is told of the database, the provider of another one reads it."""
    arn = {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:users-of-${VPC}"}
    parameters = {"VPC": {"Type": "AWS::EC2::VPC::Id"}}
    provider = function()
    provider["Properties"].update(FunctionName=arn, VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    user = {
        "Type": "Custom::User",
        "Properties": {"ServiceToken": arn, "Database": {"Host": {"Fn::GetAtt": ["Database", "Endpoint.Address"]}}},
    }
    for name, resources in (
        ("provider", {"F": provider, "Role": role(("ssm:GetParameter", "*"))}),
        ("app", {"Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "mysql"}}, "User": user}),
    ):
        body = json.dumps({"Parameters": parameters, "Resources": resources})
        (tmp_path / f"{name}.json").write_text(body, encoding="utf-8")
    reading = read([tmp_path])
    assert found(reading) == {("app/Database", "direct", "likely")}
    assert not [gap for gap in reading.fleet.gaps if "Host" in gap.missing]
