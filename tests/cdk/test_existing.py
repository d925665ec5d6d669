from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

from constructs_lib import PoolOptions, RelationalStore, Role, Share, Via, WhateverFits
from constructs_lib.errors import ConnectError
from tests.cdk.conftest import (
    ISOLATED,
    actions_of,
    connections_of,
    function_of,
    make_app,
    make_database,
    make_function,
    make_vpc,
    resource,
    variables_of,
)

pytestmark = pytest.mark.cdk


def site(outdir: Path | None = None) -> tuple[cdk.Stack, ec2.Vpc]:
    stack = cdk.Stack(make_app(outdir), "Shop")
    return stack, make_vpc(stack)


def budget_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "connection-budget.json").read_text()))


def test_an_existing_function_and_database_meet_through_a_new_proxy(tmp_path: Path) -> None:
    stack, vpc = site(tmp_path)
    database = make_database(stack, vpc)
    function = make_function(stack, "Api", vpc)
    store = RelationalStore.from_existing(stack, "Orders", database=database, max_connections=79)
    store.add_proxy(vpc=vpc, vpc_subnets=ISOLATED, options=PoolOptions(borrow_timeout=cdk.Duration.seconds(5)))
    connected = store.connect(function, concurrency=40)
    template = Template.from_stack(stack)
    pool = resource(template, "AWS::RDS::DBProxyTargetGroup")["Properties"]["ConnectionPoolConfigurationInfo"]
    # 79 − 9 − 5 = 65 connections for the pool: floor(6500 / 79) %.
    assert pool == {"ConnectionBorrowTimeout": 5, "MaxConnectionsPercent": 82, "MaxIdleConnectionsPercent": 41}
    assert function_of(template, "Api")["Properties"]["ReservedConcurrentExecutions"] == connected.settle() == 40
    assert actions_of(template, "ApiServiceRole") == {"rds-db:connect"}
    assert variables_of(template, "Api")["POOLPROOF_DATABASE_AUTH"] == "iam"
    (declared,) = connections_of(template, "Api")
    assert declared["store"] in template.find_resources("AWS::RDS::DBInstance")
    assert declared["pool"] in template.find_resources("AWS::RDS::DBProxy")
    (connection,) = budget_of(tmp_path)["connections"]
    assert (connection["via"], connection["certainty"]) == ("proxy", "certain")


def test_an_existing_proxy_of_the_app_keeps_its_settings(tmp_path: Path) -> None:
    stack, vpc = site(tmp_path)
    database = make_database(stack, vpc)
    proxy = rds.DatabaseProxy(
        stack,
        "Proxy",
        proxy_target=rds.ProxyTarget.from_instance(database),
        secrets=[database.secret] if database.secret else [],
        vpc=vpc,
        vpc_subnets=ISOLATED,
        iam_auth=True,
        max_connections_percent=60,
        borrow_timeout=cdk.Duration.seconds(8),
    )
    store = RelationalStore.from_existing(
        stack,
        "Orders",
        database=database,
        proxy=proxy,
        max_connections=79,
        max_connections_percent=60,
        borrow_timeout=cdk.Duration.seconds(8),
    )
    connected = store.connect(make_function(stack, "Api", vpc), concurrency=WhateverFits())
    template = Template.from_stack(stack)
    # Nothing ends a transaction in this database, so nobody may wait: floor(79 × 60 %) clients.
    assert connected.settle() == 47
    assert len(template.find_resources("AWS::RDS::DBProxy")) == 1
    assert variables_of(template, "Api")["POOLPROOF_DATABASE_BORROW_TIMEOUT_SECONDS"] == "8"


def test_without_a_declared_limit_the_class_bounds_what_is_handed_out() -> None:
    stack, vpc = site()
    store = RelationalStore.from_existing(stack, "Orders", database=make_database(stack, vpc))
    connected = store.connect(make_function(stack, "Api", vpc), concurrency=WhateverFits())
    # The class surely carries 79: 65 usable, two versions during a deploy.
    assert connected.settle() == 32


def test_imported_databases_and_proxies_are_declared_on_the_template(tmp_path: Path) -> None:
    stack, vpc = site(tmp_path)
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-0123456789abcdef0")
    database = rds.DatabaseInstance.from_database_instance_attributes(
        stack,
        "Imported",
        instance_endpoint_address="legacy.example.org",
        port=5432,
        instance_identifier="legacy",
        security_groups=[group],
    )
    proxy = rds.DatabaseProxy.from_database_proxy_attributes(
        stack,
        "ImportedProxy",
        db_proxy_name="legacy",
        db_proxy_arn="arn:aws:rds:eu-west-1:111111111111:db-proxy:prx-1",
        endpoint="legacy-proxy.example.org",
        security_groups=[group],
    )
    store = RelationalStore.from_existing(
        stack,
        "Orders",
        database=database,
        proxy=proxy,
        proxy_peer=ec2.Connections(security_groups=[group]),
        user="application",
        max_connections=200,
        max_connections_percent=50,
        borrow_timeout=cdk.Duration.seconds(5),
        transaction_timeout=cdk.Duration.seconds(1),
        other_connections={"bi": 10},
    )
    store.connect(make_function(stack, "Api", vpc), concurrency=Share(0.5))
    template = Template.from_stack(stack).to_json()
    assert template["Metadata"]["poolproof:stores"] == [
        {
            "id": "external:Shop/Orders",
            "kind": "external",
            "hosts": ["legacy.example.org"],
            "engine": "postgres",
            "max_connections": 200,
            "other_connections": [{"name": "bi", "connections": 10}],
        }
    ]
    assert template["Metadata"]["poolproof:pools"] == [
        {
            "id": "external:Shop/Orders/pool",
            "store": "external:Shop/Orders",
            "percent": 50,
            "hosts": ["legacy-proxy.example.org"],
            "borrow_timeout_seconds": 5,
        }
    ]
    report = budget_of(tmp_path)
    assert [store["max_connections"] for store in report["stores"]] == [{"exact": 200}]
    assert [pool["connections"] for pool in report["pools"]] == [{"exact": 100}]
    # 100 connections, 4 rounds of 1 s below 5 s: 500 clients, half of them.
    assert [consumer["reserved_concurrency"] for consumer in report["consumers"]] == [{"exact": 250}]


def test_a_pooler_on_this_machine_needs_no_network_of_the_app(tmp_path: Path) -> None:
    stack = cdk.Stack(make_app(tmp_path), "Local")
    secret = secretsmanager.Secret(stack, "Secret")
    store = RelationalStore.from_existing(
        stack,
        "Orders",
        host="127.0.0.1",
        port=6432,
        user="application",
        secret=secret,
        tls=False,
        max_connections=100,
        pool_connections=20,
        borrow_timeout=cdk.Duration.seconds(5),
        transaction_timeout=cdk.Duration.seconds(2),
    )
    store.connect(make_function(stack, "Api"), concurrency=50)
    template = Template.from_stack(stack)
    assert variables_of(template, "Api") == {
        "POOLPROOF_DATABASE_HOST": "127.0.0.1",
        "POOLPROOF_DATABASE_PORT": "6432",
        "POOLPROOF_DATABASE_NAME": "application",
        "POOLPROOF_DATABASE_USER": "application",
        "POOLPROOF_DATABASE_ENGINE": "postgresql",
        "POOLPROOF_DATABASE_AUTH": "secret",
        "POOLPROOF_DATABASE_SECRET_ARN": {"Ref": "SecretA720EF05"},
        "POOLPROOF_DATABASE_TLS": "disable",
        "POOLPROOF_DATABASE_CONNECTIONS": "1",
        "POOLPROOF_DATABASE_BORROW_TIMEOUT_SECONDS": "5",
    }
    assert "VpcConfig" not in function_of(template, "Api")["Properties"]
    assert connections_of(template, "Api")[0]["pool"] == "external:Local/Orders/pool"
    (pool,) = budget_of(tmp_path)["pools"]
    assert pool["connections"] == {"exact": 20}


def _imported_cluster(stack: cdk.Stack) -> rds.IDatabaseCluster:
    return rds.DatabaseCluster.from_database_cluster_attributes(
        stack,
        "Cluster",
        cluster_identifier="legacy",
        cluster_endpoint_address="writer.example.org",
        reader_endpoint_address="reader.example.org",
        port=5432,
        security_groups=[ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-0123456789abcdef0")],
        engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_6),
    )


def test_an_imported_cluster_is_reached_at_its_reader() -> None:
    stack, vpc = site()
    secret = secretsmanager.Secret(stack, "Secret")
    store = RelationalStore.from_existing(
        stack, "Orders", database=_imported_cluster(stack), secret=secret, engine="aurora-postgresql"
    )
    store.connect(make_function(stack, "Reads", vpc), concurrency=3, role=Role.READER)
    store.connect(make_function(stack, "Writes", vpc), concurrency=3)
    template = Template.from_stack(stack)
    assert variables_of(template, "Reads")["POOLPROOF_DATABASE_HOST"] == "reader.example.org"
    assert variables_of(template, "Writes")["POOLPROOF_DATABASE_HOST"] == "writer.example.org"


def test_a_share_of_an_unknown_capacity_is_refused_at_synth() -> None:
    stack, vpc = site()
    secret = secretsmanager.Secret(stack, "Secret")
    store = RelationalStore.from_existing(stack, "Orders", database=_imported_cluster(stack), secret=secret)
    store.connect(make_function(stack, "Api", vpc), concurrency=Share(0.5))
    with pytest.raises(
        RuntimeError, match="asks for a share of 'Shop/Orders', whose capacity is unknown.*pass max_connections="
    ):
        Template.from_stack(stack)


def test_what_makes_no_sense_is_refused() -> None:
    stack, vpc = site()
    database = make_database(stack, vpc)
    secret = secretsmanager.Secret(stack, "Secret")
    make = RelationalStore.from_existing
    with pytest.raises(ConnectError, match="needs exactly one of database= and host="):
        make(stack, "A")
    with pytest.raises(ConnectError, match="needs exactly one of database= and host="):
        make(stack, "B", database=database, host="127.0.0.1")
    with pytest.raises(ConnectError, match="pool_connections of 'Shop/C' must be a whole number from 1 up, got 0"):
        make(stack, "C", host="h", pool_connections=0)
    with pytest.raises(ConnectError, match="max_connections_percent of 'Shop/D' .* got 150"):
        make(stack, "D", database=database, proxy=_foreign_proxy(stack, "P1"), max_connections_percent=150)
    with pytest.raises(ConnectError, match="takes max_connections_percent="):
        make(stack, "E", database=database, proxy=_foreign_proxy(stack, "P2"), pool_connections=5)
    direct = make(stack, "F", database=database)
    with pytest.raises(ConnectError, match="has no proxy; pass proxy= or pool_connections="):
        direct.connect(make_function(stack, "F1", vpc), via=Via.PROXY)
    with pytest.raises(ConnectError, match="is an instance without readers"):
        direct.connect(make_function(stack, "F2", vpc), role=Role.READER)
    with pytest.raises(ConnectError, match="has no Data API here"):
        direct.connect(make_function(stack, "F3", vpc), via=Via.DATA_API)
    with pytest.raises(ConnectError, match="has no secret to log in with; pass secret="):
        make(stack, "G", host="h").connect(make_function(stack, "G1"), concurrency=1)
    proxied = make(stack, "H", database=database, proxy=_foreign_proxy(stack, "P3"), user="u")
    with pytest.raises(ConnectError, match="is imported; pass its security groups as proxy_peer="):
        proxied.connect(make_function(stack, "H1", vpc), concurrency=1)
    with pytest.raises(ConnectError, match="cannot get a proxy: it needs a database= and no proxy yet"):
        proxied.add_proxy(vpc=vpc)
    with pytest.raises(ConnectError, match="cannot get a proxy"):
        make(stack, "I", host="h", secret=secret).add_proxy(vpc=vpc)
    direct.connect(make_function(stack, "F4", vpc), concurrency=1)
    with pytest.raises(ConnectError, match="is connected to already; call add_proxy"):
        direct.add_proxy(vpc=vpc)
    unsized = make(stack, "J", database=_imported_cluster(stack), secret=secret)
    with pytest.raises(ConnectError, match="cannot be sized: pass max_connections="):
        unsized.add_proxy(vpc=vpc)


def _foreign_proxy(stack: cdk.Stack, name: str) -> rds.IDatabaseProxy:
    return rds.DatabaseProxy.from_database_proxy_attributes(
        stack,
        name,
        db_proxy_name="legacy",
        db_proxy_arn="arn:aws:rds:eu-west-1:111111111111:db-proxy:prx-1",
        endpoint="legacy-proxy.example.org",
        security_groups=[],
    )
