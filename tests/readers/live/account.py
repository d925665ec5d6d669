"""One account, made through boto3 in moto's memory; what moto cannot do is laid over its answers here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import boto3

from constructs_lib.readers.live.collect import Asking, NotAnswered, record
from constructs_lib.readers.live.recording import Recording

REGION = "eu-west-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def make_account() -> None:
    """A database with a proxy, two functions, a queue: the fleet of the parity test, made by API calls."""
    address, proxy = _database()
    queue = _client("sqs").create_queue(QueueName="orders-queue")["QueueUrl"]
    arn = _client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    _function("direct", 10, 10, address)
    _function("proxied", 15, 20, proxy)
    _client("lambda").create_event_source_mapping(
        FunctionName="proxied", EventSourceArn=arn, ScalingConfig={"MaximumConcurrency": 8}
    )


def _client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def _database() -> tuple[str, str]:
    rds = _client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="orders", DBParameterGroupFamily="postgres16", Description="orders"
    )
    limit = {"ParameterName": "max_connections", "ParameterValue": "200", "ApplyMethod": "pending-reboot"}
    rds.modify_db_parameter_group(DBParameterGroupName="orders", Parameters=[limit])
    instance = rds.create_db_instance(
        DBInstanceIdentifier="orders-db", DBInstanceClass="db.t4g.medium", Engine="postgres", EngineVersion="16.4",
        MasterUsername="orders", MasterUserPassword="not-in-the-recording", AllocatedStorage=20, DBParameterGroupName="orders",
    )["DBInstance"]  # fmt: skip
    proxy = rds.create_db_proxy(
        DBProxyName="orders", EngineFamily="POSTGRESQL", Auth=[], RoleArn=_role("proxy"), VpcSubnetIds=_subnets(), RequireTLS=True
    )["DBProxy"]  # fmt: skip
    rds.modify_db_proxy_target_group(
        TargetGroupName="default", DBProxyName="orders",
        ConnectionPoolConfig={"MaxConnectionsPercent": 50, "ConnectionBorrowTimeout": 5},
    )  # fmt: skip
    rds.register_db_proxy_targets(DBProxyName="orders", TargetGroupName="default", DBInstanceIdentifiers=["orders-db"])
    return instance["Endpoint"]["Address"], proxy["Endpoint"]


def _subnets() -> list[str]:
    ec2 = _client("ec2")
    return [item["SubnetId"] for item in ec2.describe_subnets()["Subnets"][:2]]


def _role(name: str) -> str:
    return str(_client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"])


def _function(name: str, seconds: int, reserved: int, host: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", "def handler(event, context): ...")
    functions = _client("lambda")
    functions.create_function(
        FunctionName=name, Runtime="python3.13", Role=_role(name), Handler="app.handler", Code={"ZipFile": archive.getvalue()},
        Timeout=seconds, Environment={"Variables": {"DB_HOST": host, "DB_PASSWORD": "hunter2"}},
    )  # fmt: skip
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)


class MotoAsking(Asking):
    """A session with moto, which raises for operations that it does not have."""

    def call(self, service: str, operation: str, key: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return super().call(service, operation, key, arguments)
        except (NotImplementedError, ImportError) as error:
            raise NotAnswered("NotImplemented", str(error)) from error


#: What moto does not have, as AWS answers it for this account.
ANSWERED: dict[str, Any] = {
    "lambda.get_account_settings": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 970},
    "lambda.list_provisioned_concurrency_configs": {"direct": [], "proxied": []},
    "lambda.list_function_url_configs": {"direct": [], "proxied": []},
    "lambda.get_policy": {},
    "rds.describe_db_proxy_endpoints": [],
    "elasticache.describe_serverless_caches": [],
    "apigatewayv2.get_apis": [],
    "apigateway.get_rest_apis": [],
    "cloudformation.list_stacks": [],
}


def recorded() -> Recording:
    """The account as the audit records it; call it inside ``mock_aws``."""
    make_account()
    recording = record(MotoAsking(REGION, None))
    missing = {item.operation for item in recording.refused}
    assert missing <= ANSWERED.keys(), missing - ANSWERED.keys()
    recording.answers.update({name: ANSWERED[name] for name in missing})
    recording.refused.clear()
    return recording
