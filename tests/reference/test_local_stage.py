"""The same constructs on one machine."""

from __future__ import annotations

import pytest

from tests.reference.conftest import LOCAL, Assembly, synthesize

pytestmark = pytest.mark.cdk

#: Refused or not answered by the local cloud, measured with MiniStack 1.5.33.
REFUSED = {
    "AWS::EC2::FlowLog",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBProxyEndpoint",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "Custom::S3AutoDeleteObjects",
    "Custom::VpcRestrictDefaultSG",
}


def test_nothing_is_asked_of_the_local_cloud_that_it_refuses(local: Assembly) -> None:
    assert not REFUSED & {resource["Type"] for resource in local.template["Resources"].values()}
    assert not any("Metrics" in alarm["Properties"] for alarm in local.of_type("AWS::CloudWatch::Alarm").values())


def test_every_construct_but_the_network_and_its_database_is_the_same(aws: Assembly, local: Assembly) -> None:
    elsewhere = {
        "AWS::EC2::FlowLog",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::RouteTable",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCEndpoint",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBProxy",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::SecretsManager::SecretTargetAttachment",
        "Custom::VpcRestrictDefaultSG",
    }
    there = {resource["Type"] for resource in aws.template["Resources"].values()}
    here = {resource["Type"] for resource in local.template["Resources"].values()}
    assert there - here == elsewhere
    assert here - there == set()


def test_functions_reach_the_pooler_and_the_migration_goes_past_it(local: Assembly) -> None:
    def address(function: str) -> tuple[str, str, str]:
        variables = local.function(function)["Environment"]["Variables"]
        return tuple(variables[f"POOLPROOF_DATABASE_{name}"] for name in ("HOST", "PORT", "TLS"))

    assert address("OrdersOrderApi") == ("127.0.0.1", "6432", "disable")
    assert address("SalesProjector") == ("127.0.0.1", "6432", "disable")
    assert address("OrdersMigrationFunction") == ("127.0.0.1", "5432", "disable")


def test_the_migration_runs_alone_here_too(local: Assembly) -> None:
    assert local.function("OrdersMigrationFunction")["ReservedConcurrentExecutions"] == 1


def test_the_order_api_takes_what_one_machine_carries(local: Assembly) -> None:
    assert local.function("OrdersOrderApi")["ReservedConcurrentExecutions"] == 20


def test_the_pooler_is_part_of_the_budget(local: Assembly) -> None:
    (pool,) = local.template["Metadata"]["poolproof:pools"]
    assert (pool["connections"], pool["borrow_timeout_seconds"]) == (10, 10)
    (store,) = local.template["Metadata"]["poolproof:stores"]
    assert store["max_connections"] == 100


def test_more_than_the_pool_carries_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("over")
    with pytest.raises(RuntimeError, match=r"201 clients share 10 connections and one may wait 40 s"):
        synthesize(folder, {**LOCAL, "poolproof:order_api_concurrency": "200"})
    assert [finding["code"] for finding in Assembly(folder).budget["findings"] if finding["severity"] == "error"] == [
        "PP202"
    ]
