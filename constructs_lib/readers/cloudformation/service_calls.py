"""AWS services that a function calls over the network, by what its role allows on resources that it names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from constructs_lib.model.network import ServiceCall
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.permissions import Permissions, Statement
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import entries_of

#: Actions by the name of the service's VPC endpoint (AWS PrivateLink guide, services that integrate, read 2026-11-21). A token for
#: RDS IAM is signed locally, logs and traces leave through Lambda itself, and queues are polled by Lambda: none of them is a call.
SERVICES: dict[str, tuple[str, ...]] = {
    "secretsmanager": ("secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"),
    "ssm": ("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
    "sts": ("sts:AssumeRole",),
    "athena": ("athena:StartQueryExecution",),
    "s3": ("s3:GetObject", "s3:PutObject", "s3:ListBucket"),
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "events": ("events:PutEvents",),
    "lambda": ("lambda:InvokeFunction",),
    "states": ("states:StartExecution",),
    "kinesis-streams": ("kinesis:PutRecord", "kinesis:PutRecords"),
    "firehose": ("firehose:PutRecord", "firehose:PutRecordBatch"),
}
_TYPES = {
    "secretsmanager": "AWS::SecretsManager::", "ssm": "AWS::SSM::", "sts": "AWS::IAM::", "athena": "AWS::Athena::", "s3": "AWS::S3::",
    "sqs": "AWS::SQS::", "sns": "AWS::SNS::", "events": "AWS::Events::", "lambda": "AWS::Lambda::", "states": "AWS::StepFunctions::",
    "kinesis-streams": "AWS::Kinesis::", "firehose": "AWS::KinesisFirehose::",
}  # fmt: skip


_ASKED_BY_LAMBDA = ("AWS::Lambda::Function", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping")


class ServiceCalls:
    """Calls of the functions of one estate."""

    def __init__(self, environment: Environment, permissions: Permissions) -> None:
        self.environment = environment
        self.permissions = permissions
        self._lambdas = frozenset(self._used_by_lambda())

    def _used_by_lambda(self) -> Iterator[str]:
        """Destinations, dead letters and credentials of event sources: the role allows them, but Lambda itself makes the call."""
        for resource in self.environment.estate.of_type(*_ASKED_BY_LAMBDA):
            for key in ("DeadLetterConfig", "DestinationConfig", "SourceAccessConfigurations"):
                yield from (use.resource.id for use in self.environment.uses(resource.get(key), ""))

    def of(self, function: Resource) -> tuple[ServiceCall, ...]:
        """One call for each service, the best evidence first; nothing for a role that several functions share or nobody sees."""
        found: dict[str, ServiceCall] = {}
        for call in self._all(function):
            known = found.get(call.service)
            if known is None or (call.named and not known.named):
                found[call.service] = call
        return tuple(found.values())

    def _all(self, function: Resource) -> Iterator[ServiceCall]:
        named = self._named(function)
        for statement in self.permissions.of_function(function) or ():
            for service in () if statement.conditional else _services(statement.actions):
                yield from self._call(service, statement, named)

    def _call(self, service: str, statement: Statement, named: dict[str, tuple[str, str]]) -> Iterator[ServiceCall]:
        """A grant on one's own resource is likely a call; one that the environment names surely is."""
        own = {name: where for name, (kind, where) in named.items() if kind.startswith(_TYPES[service])}
        granted = self._granted(service, statement)
        both = [name for name in own if name in granted or statement.everywhere]
        if both:
            yield ServiceCall(service, f"{own[both[0]]} names '{both[0]}', and the role may call {service}", named=True)
        elif granted and not statement.shared:
            yield ServiceCall(service, f"the role may call {service} for '{granted[0]}'")

    def _granted(self, service: str, statement: Statement) -> list[str]:
        uses = [use for resource in statement.resources for use in self.environment.uses(resource, "")]
        found = [use.resource for use in uses if use.resource.type.startswith(_TYPES[service])]
        return [resource.id for resource in found if resource.id not in self._lambdas]

    def _named(self, function: Resource) -> dict[str, tuple[str, str]]:
        """Resources that the environment names, with their type and the variable."""
        found: dict[str, tuple[str, str]] = {}
        for name, value in entries_of(function.get("Environment", "Variables")).items():
            for use in self.environment.uses(value, f"environment variable {name}"):
                if "{{resolve:" not in use.text:
                    found.setdefault(use.resource.id, (use.resource.type, f"environment variable {name}"))
        return found


@lru_cache(maxsize=8192)
def _services(allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The services that these actions of a statement call."""
    statement = Statement(allowed, ())
    return tuple(service for service, actions in SERVICES.items() if statement.allows(*actions))
