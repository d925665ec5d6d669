"""A CDK app that knows poolproof only as an installed package; run by test_wheel.py in a folder of its own."""

from __future__ import annotations

import sys

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds

import constructs_lib
from constructs_lib import RelationalStore, StoreFunction

# Nothing is bundled: hashes come from contents, and no dependency has to be fetched.
app = cdk.App(outdir=sys.argv[1], context={"aws:cdk:bundling-stacks": []})
stack = cdk.Stack(app, "Existing")
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
database = rds.DatabaseInstance(
    stack,
    "Database",
    vpc=vpc,
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    instance_type=ec2.InstanceType("t4g.medium"),
    parameters={"max_connections": "100", "transaction_timeout": "500"},
)
assert database.secret is not None
proxy = database.add_proxy(
    "Proxy",
    vpc=vpc,
    secrets=[database.secret],
    iam_auth=True,
    borrow_timeout=cdk.Duration.seconds(5),
    max_connections_percent=40,
)
function = lambda_.Function(
    stack,
    "Function",
    vpc=vpc,
    runtime=lambda_.Runtime.PYTHON_3_13,
    handler="index.handler",
    code=lambda_.Code.from_inline("def handler(event, context): ..."),
    timeout=cdk.Duration.seconds(20),
)

store = RelationalStore.from_existing(
    stack,
    "Store",
    database=database,
    proxy=proxy,
    user="application",
    max_connections=100,
    max_connections_percent=40,
    borrow_timeout=cdk.Duration.seconds(5),
    transaction_timeout=cdk.Duration.millis(500),
)
store.connect(function, concurrency=60)
for name in sys.argv[2:]:
    StoreFunction(stack, name.title().replace("_", ""), entry=name)
app.synth()
sys.stdout.write(constructs_lib.__file__)
