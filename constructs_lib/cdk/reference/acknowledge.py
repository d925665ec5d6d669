"""Findings of the cdk-nag packs that are accepted, each on the construct it is about and with its reason."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings under ``construct``: rule id such as ``AwsSolutions-L1`` to reason. The synth report keeps both."""
    rules = [cdk.Acknowledgment(id=f"{rule.split('-')[0]}::{rule}", reason=reason) for rule, reason in reasons.items()]
    cdk.Validations.of(construct).acknowledge(*rules)


def acknowledge_function(function: lambda_.Function, *, dead_letters: str) -> None:
    """Accept what holds for every function of the stack; ``dead_letters`` says where its failed work goes instead of a queue."""
    version = (
        "the runtime layer is built for and tested on Python 3.13; it moves to a newer one together with its wheels"
    )
    policies = [
        "AWSLambdaBasicExecutionRole",
        *(["AWSLambdaVPCAccessExecutionRole"] if function.is_bound_to_vpc else []),
    ]
    acknowledge(
        function,
        {
            "AwsSolutions-L1": version,
            "Serverless-LambdaLatestVersion": version,
            "Serverless-LambdaDLQ": dead_letters,
            "AwsSolutions-IAM5[Resource::*]": "writing traces to X-Ray: its actions know no resource to name",
            **{_managed(policy): _POLICY_REASONS[policy] for policy in policies},
        },
    )


def objects_under(bucket: IConstruct, prefix: str) -> str:
    """The rule id of a wildcard over the objects below one prefix of one bucket."""
    return f"AwsSolutions-IAM5[Resource::<{logical_id(bucket)}.Arn>/{prefix}*]"


def logical_id(construct: IConstruct) -> str:
    """The literal logical id of a construct's resource, as cdk-nag writes it into its finding ids."""
    resource = construct.node.default_child
    return str(cdk.Stack.of(construct).resolve(resource.logical_id))  # type: ignore[union-attr]


def _managed(policy: str) -> str:
    return f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{policy}]"


_POLICY_REASONS = {
    "AWSLambdaBasicExecutionRole": "lets Lambda write this function's logs and nothing else; AWS keeps it current",
    "AWSLambdaVPCAccessExecutionRole": "lets Lambda attach the function to the VPC; these EC2 actions know no resource to name",
}
