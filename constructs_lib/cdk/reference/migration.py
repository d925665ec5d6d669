"""Schema and application role, brought up to date by the deployment itself before anything else is called."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources
from constructs import Construct

from constructs_lib.cdk._assets import EXCLUDE, lambda_source
from constructs_lib.cdk.reference.acknowledge import acknowledge, logical_id

SOURCE = "database_migration"


class DatabaseMigration(Construct):
    """Runs ``function`` at deploy time, and again whenever its folder changes: the folder's fingerprint is the version.

    The function must already be connected as the owner. It applies what the database has not seen yet, so running it again is
    harmless; a failure fails the deployment.
    """

    def __init__(self, scope: Construct, id: str, *, function: lambda_.Function) -> None:
        super().__init__(scope, id)
        self.function = function
        self.version = cdk.FileSystem.fingerprint(str(lambda_source(SOURCE)), exclude=list(EXCLUDE))
        provider = custom_resources.Provider(
            self,
            "Provider",
            on_event_handler=function,
            log_group=logs.LogGroup(
                self, "ProviderLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
            ),
        )
        self.resource = cdk.CustomResource(
            self,
            "Resource",
            service_token=provider.service_token,
            resource_type="Custom::DatabaseMigration",
            properties={"Version": self.version},
        )
        _acknowledge_provider(provider, function)


def _acknowledge_provider(provider: custom_resources.Provider, function: lambda_.Function) -> None:
    framework = (
        "made by the CDK's provider framework, which sets it; it runs while a stack deploys and carries no requests"
    )
    acknowledge(
        provider,
        {
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]": framework,
            f"AwsSolutions-IAM5[Resource::<{logical_id(function)}.Arn>:*]": "the framework may call any version of this one function",
            "Serverless-LambdaDLQ": "CloudFormation waits for the answer and fails the deployment: nothing is left to queue",
            "Serverless-LambdaDefaultMemorySize": framework,
            "Serverless-LambdaTracing": framework,
        },
    )
