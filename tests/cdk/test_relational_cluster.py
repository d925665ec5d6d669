from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk.assertions import Template

from constructs_lib import ProvisionedCluster, RelationalStore, Role, ServerlessCluster, Via, WhateverFits
from constructs_lib.cdk.proxy_pool import PoolOptions
from constructs_lib.facts.reserved import engine_slots
from tests.cdk.conftest import (
    ISOLATED,
    actions_of,
    connections_of,
    function_of,
    make_app,
    make_function,
    make_vpc,
    resource,
    variables_of,
)

pytestmark = pytest.mark.cdk


@pytest.fixture(scope="module")
def templates() -> tuple[Template, Template]:
    """Two stores in one stack, their functions in another: stores must never depend on their clients."""
    app = make_app()
    stores = cdk.Stack(app, "Stores")
    clients = cdk.Stack(app, "Clients")
    vpc = make_vpc(stores)
    large = ProvisionedCluster(instance_type=ec2.InstanceType("r6g.large"), readers=2)
    aurora = RelationalStore(stores, "Aurora", vpc=vpc, vpc_subnets=ISOLATED, database=large, max_connections=200)
    serverless = RelationalStore(
        stores,
        "Serverless",
        vpc=vpc,
        vpc_subnets=ISOLATED,
        database=ServerlessCluster(min_acu=1, max_acu=4, readers=0),
        data_api=True,
        pool=None,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    aurora.connect(make_function(clients, "Writes", vpc), concurrency=30)
    aurora.connect(make_function(clients, "Reads", vpc), concurrency=WhateverFits(), role=Role.READER)
    aurora.connect(make_function(clients, "Scans", vpc), concurrency=2, role=Role.READER, via=Via.DIRECT)
    serverless.connect(make_function(clients, "Http"), via=Via.DATA_API)
    serverless.connect(make_function(clients, "Sockets", vpc))
    return Template.from_stack(stores), Template.from_stack(clients)


def test_logical_ids_are_public(templates: tuple[Template, Template]) -> None:
    assert sorted(templates[0].find_resources("AWS::RDS::DBCluster")) == ["AuroraD3E7074B", "ServerlessF485E67E"]
    assert sorted(templates[0].find_resources("AWS::RDS::DBInstance")) == [
        "AuroraReader15D90C5C9",
        "AuroraReader208EB7F09",
        "AuroraWriter5E64D709",
        "ServerlessWriterE0C98A5B",
    ]


def test_cluster_limits_stand_in_the_cluster_group(templates: tuple[Template, Template]) -> None:
    groups = templates[0].find_resources("AWS::RDS::DBClusterParameterGroup")
    limits = {name[:6]: body["Properties"]["Parameters"]["max_connections"] for name, body in groups.items()}
    # 4 ACU of Aurora PostgreSQL carry 823 connections (AWS's table).
    assert limits == {"Aurora": "200", "Server": "823"}
    assert {body["Properties"]["Parameters"]["transaction_timeout"] for body in groups.values()} == {"2000"}


def test_readers_are_reached_through_a_read_only_endpoint_of_the_proxy(templates: tuple[Template, Template]) -> None:
    endpoint = resource(templates[0], "AWS::RDS::DBProxyEndpoint")["Properties"]
    assert endpoint["TargetRole"] == "READ_ONLY"
    host = variables_of(templates[1], "Reads")["POOLPROOF_DATABASE_HOST"]
    assert "Reader" in str(host)
    assert "Reader" not in str(variables_of(templates[1], "Writes")["POOLPROOF_DATABASE_HOST"])
    assert "ReadEndpoint" in str(variables_of(templates[1], "Scans")["POOLPROOF_DATABASE_HOST"])


def test_every_reader_has_a_pool_of_its_own(templates: tuple[Template, Template]) -> None:
    # Writers and readers do not share connections: 30 writing clients leave the readers' pool whole.
    reads = function_of(templates[1], "Reads")["Properties"]["ReservedConcurrentExecutions"]
    writes = function_of(templates[1], "Writes")["Properties"]["ReservedConcurrentExecutions"]
    assert writes == 30
    assert reads > 5 * 150


def test_ids_of_another_stack_carry_the_name_of_its_template(templates: tuple[Template, Template]) -> None:
    declared = connections_of(templates[1], "Writes")[0]
    assert declared["store"].startswith("Stores/Aurora")
    assert declared["pool"].startswith("Stores/AuroraProxy")
    assert declared["store"].removeprefix("Stores/") in templates[0].find_resources("AWS::RDS::DBCluster")


def test_the_data_api_needs_no_network_and_reserves_nothing(templates: tuple[Template, Template]) -> None:
    function = function_of(templates[1], "Http")["Properties"]
    assert "VpcConfig" not in function
    assert "ReservedConcurrentExecutions" not in function
    assert variables_of(templates[1], "Http")["POOLPROOF_DATABASE_VIA"] == "data-api"
    assert "rds-data:ExecuteStatement" in actions_of(templates[1], "HttpServiceRole")
    assert connections_of(templates[1], "Http")[0]["via"] == "data-api"


def test_direct_functions_count_twice_because_deploys_overlap(templates: tuple[Template, Template]) -> None:
    usable = 823 - engine_slots("aurora-postgresql", "17.9").connections - 5
    assert function_of(templates[1], "Sockets")["Properties"]["ReservedConcurrentExecutions"] == usable // 2


def test_what_goes_with_its_stack_is_not_protected(templates: tuple[Template, Template]) -> None:
    serverless = resource(templates[0], "AWS::RDS::DBCluster", "Serverless")
    assert serverless["DeletionPolicy"] == "Delete"
    assert not serverless["Properties"].get("DeletionProtection", False)
    assert serverless["Properties"]["EnableHttpEndpoint"] is True


def test_pool_settings_are_taken_as_given() -> None:
    stack = cdk.Stack(make_app(), "Stack")
    vpc = make_vpc(stack)
    options = PoolOptions(
        max_connections_percent=40,
        max_idle_connections_percent=10,
        borrow_timeout=cdk.Duration.seconds(3),
        idle_client_timeout=cdk.Duration.minutes(5),
        iam_auth=False,
    )
    store = RelationalStore(stack, "Store", vpc=vpc, vpc_subnets=ISOLATED, max_connections=100, pool=options)
    store.connect(make_function(stack, "Function", vpc), concurrency=5)
    template = Template.from_stack(stack)
    group = resource(template, "AWS::RDS::DBProxyTargetGroup")["Properties"]["ConnectionPoolConfigurationInfo"]
    assert group == {"ConnectionBorrowTimeout": 3, "MaxConnectionsPercent": 40, "MaxIdleConnectionsPercent": 10}
    assert resource(template, "AWS::RDS::DBProxy")["Properties"]["IdleClientTimeout"] == 300
    assert variables_of(template, "Function")["POOLPROOF_DATABASE_AUTH"] == "secret"
    assert "POOLPROOF_DATABASE_SECRET_ARN" in variables_of(template, "Function")
