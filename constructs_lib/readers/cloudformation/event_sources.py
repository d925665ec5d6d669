"""What invokes each function: event source mappings, HTTP front doors, schedules, topics, buckets, custom resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from constructs_lib.model.fleet import EventSource
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.functions import HANDS_ON, function_of, is_generated
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.schedules import schedule
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.throttles import Throttle, Throttles
from constructs_lib.readers.cloudformation.values import (
    Text,
    Value,
    entries_of,
    items_of,
    limit_of,
    quantity_of,
    references_in,
    text_of,
    truth_of,
)

#: How long a front door waits for an answer, in seconds, when nothing is set (API Gateway quotas, read 2026-11-21).
REST_API_SECONDS = Quantity.exact(29)
HTTP_API_SECONDS = Quantity.exact(30)
API_SECONDS = Quantity.bounded(29, 30, "a REST API waits 29 s, an HTTP API 30 s")
_STREAMS = {
    "kinesis": "kinesis", "dynamodb": "dynamodb-stream", "sqs": "sqs", "kafka": "kafka", "mq": "mq", "rds": "documentdb",
}  # fmt: skip
_BY_TYPE = {
    "AWS::SQS::Queue": "sqs", "AWS::Kinesis::Stream": "kinesis", "AWS::Kinesis::StreamConsumer": "kinesis",
    "AWS::DynamoDB::Table": "dynamodb-stream", "AWS::DynamoDB::GlobalTable": "dynamodb-stream", "AWS::MSK::Cluster": "kafka",
    "AWS::MSK::ServerlessCluster": "kafka", "AWS::AmazonMQ::Broker": "mq", "AWS::DocDB::DBCluster": "documentdb",
}  # fmt: skip
_SAM_KINDS = {"AlexaSkill": "alexa", "S3": "s3", "Cognito": "cognito", "IoTRule": "iot", "CloudWatchLogs": "logs"}
#: Services by the principal that a permission names.
_INVOKERS = {
    "apigateway": "api-gateway", "s3": "s3", "sns": "sns", "events": "events", "elasticloadbalancing": "alb", "iot": "iot",
    "logs": "logs", "cognito-idp": "cognito", "scheduler": "schedule", "alexa-appkit": "alexa", "lex": "lex", "secretsmanager": "rotation",
}  # fmt: skip
_SAME_DOOR = {
    "api-gateway": {"rest-api", "http-api", "websocket-api", "api-gateway"}, "events": {"events", "schedule"},
    "rotation": {"rotation", "custom-resource"},
}  # fmt: skip
#: With ``'Event'`` a REST API hands the request on and does not wait.
_INVOCATION_TYPE = "integration.request.header.X-Amz-Invocation-Type"
_DEPLOY = frozenset({"custom-resource", "rotation"})


class EventSources:
    """Event sources by function."""

    def __init__(self, estate: Estate, named: Named) -> None:
        self.estate = estate
        self.named = named
        self.found: dict[tuple[str, str], dict[EventSource, None]] = {}
        self.schedules: dict[tuple[str, str], str] = {}
        self.mapped: dict[tuple[str, str], list[Resource]] = {}
        self.throttles = Throttles(estate)
        readers: dict[str, Callable[[Resource], None]] = {
            "AWS::Lambda::EventSourceMapping": self._mapping,
            "AWS::ApiGateway::Method": self._rest,
            "AWS::ApiGatewayV2::Integration": self._http,
            "AWS::Lambda::Url": self._url,
            "AWS::Events::Rule": self._rule,
            "AWS::Scheduler::Schedule": self._scheduler,
            "AWS::SNS::Subscription": self._topic,
            "AWS::ElasticLoadBalancingV2::TargetGroup": self._balancer,
            "AWS::AppSync::DataSource": self._appsync,
            "AWS::S3::Bucket": self._bucket,
            "AWS::Cognito::UserPool": self._cognito,
            "AWS::SecretsManager::RotationSchedule": self._rotation,
            "AWS::StepFunctions::StateMachine": self._state_machine,
            "AWS::ApiGateway::RestApi": self._described_rest,
            "AWS::Serverless::Api": self._described_rest,
            "AWS::ApiGatewayV2::Api": self._described_http,
            "AWS::Serverless::HttpApi": self._described_http,
            "poolproof:event": self._sam,
            "AWS::Lambda::Permission": self._permission,
        }
        for kind, reader in readers.items():
            for resource in estate.of_type(kind):
                reader(resource)
        for kind, resources in estate.by_type.items():
            if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
                for resource in resources:
                    self._custom(kind, resource)
        self._hand_on()

    def of(self, function: Resource) -> Iterator[EventSource]:
        yield from self.found.get(function.key, {})

    def is_deploy_time(self, function: Resource) -> bool:
        """Whether only deployments (and secret rotation) invoke the function."""
        kinds = {source.kind for source in self.found.get(function.key, {})}
        return bool(kinds) and kinds <= _DEPLOY

    def _add(self, target: Value, resource: Resource, kind: str, **details: Any) -> Resource | None:
        function = function_of(self.estate, self.named, target)
        if function is not None:
            source = EventSource(id=resource.id, kind=kind, origin=resource.origin, **details)
            self.found.setdefault(function.key, {})[source] = None
        return function

    def _mapping(self, resource: Resource) -> None:
        source = resource.get("EventSourceArn")
        origin = next((found for r in references_in(source) if (found := self.estate.resource(r)) is not None), None)
        what = f"of '{resource.id}'"
        maximum = quantity_of(resource.get("ScalingConfig", "MaximumConcurrency"), f"MaximumConcurrency {what}")
        pollers = quantity_of(resource.get("ProvisionedPollerConfig", "MaximumPollers"), f"MaximumPollers {what}")
        kind = self._mapping_kind(source, origin, resource)
        function = self._add(
            resource.get("FunctionName"),
            resource,
            kind,
            maximum_concurrency=maximum,
            provisioned_pollers=pollers,
            max_receive_count=self._receives(origin),
            enabled=truth_of(resource.get("Enabled")) is not False,
            visibility_timeout_seconds=self._visibility(origin) if kind == "sqs" else None,
            shards=self._shards(origin, kind),
            **_pace(resource),
        )
        if function is not None and origin is not None:
            self.mapped.setdefault(function.key, []).append(origin)

    def _mapping_kind(self, source: Value, origin: Resource | None, resource: Resource) -> str:
        if origin is not None and origin.type in _BY_TYPE:
            return _BY_TYPE[origin.type]
        if resource.get("SelfManagedEventSource") is not None:
            return "kafka"
        if resource.get("DocumentDBEventSourceConfig") is not None:
            return "documentdb"
        shown = (
            "".join(p if isinstance(p, str) else "" for p in source.parts)
            if isinstance(source, Text)
            else text_of(source) or ""
        )
        service = shown.split(":")[2] if shown.count(":") > 2 else ""
        return _STREAMS.get(service, "events")

    def _receives(self, queue: Resource | None) -> Quantity | None:
        if queue is None or queue.type != "AWS::SQS::Queue":
            return None
        return quantity_of(queue.get("RedrivePolicy", "maxReceiveCount"), f"maxReceiveCount of '{queue.id}'")

    def _visibility(self, queue: Resource | None) -> Quantity | None:
        if queue is None or queue.type != "AWS::SQS::Queue":
            return Quantity.unknown("the queue is not in the given templates")
        return quantity_of(queue.get("VisibilityTimeout"), f"VisibilityTimeout of '{queue.id}'")

    def _shards(self, stream: Resource | None, kind: str) -> Quantity | None:
        if kind == "dynamodb-stream":
            return Quantity.unknown("AWS splits a table's stream into shards as its partitions need them")
        if kind != "kinesis":
            return None
        if stream is not None and stream.type == "AWS::Kinesis::StreamConsumer":
            found = (self.estate.resource(reference) for reference in references_in(stream.get("StreamARN")))
            stream = next((resource for resource in found if resource is not None), None)
        if stream is None or stream.type != "AWS::Kinesis::Stream":
            return Quantity.unknown("the stream is not in the given templates")
        if text_of(stream.get("StreamModeDetails", "StreamMode")) == "ON_DEMAND":
            return Quantity.unknown(f"'{stream.id}' is an on-demand stream: its shards follow its traffic")
        shards = quantity_of(stream.get("ShardCount"), f"ShardCount of '{stream.id}'")
        return Quantity.unknown(f"'{stream.id}' sets no ShardCount") if shards is None else shards

    def _rest(self, resource: Resource) -> None:
        wait = _seconds(resource.get("Integration", "TimeoutInMillis"), resource)
        invocation = entries_of(resource.get("Integration", "RequestParameters")).get(_INVOCATION_TYPE)
        waits = text_of(invocation) != "'Event'"
        self._add(
            resource.get("Integration", "Uri"),
            resource,
            "rest-api",
            timeout_seconds=(wait or REST_API_SECONDS) if waits else None,
            **_limits(self.throttles.of(resource.get("RestApiId"))),
        )

    def _http(self, resource: Resource) -> None:
        api = next((self.estate.resource(r) for r in references_in(resource.get("ApiId"))), None)
        socket = api is not None and text_of(api.get("ProtocolType")) == "WEBSOCKET"
        wait = _seconds(resource.get("TimeoutInMillis"), resource)
        default = REST_API_SECONDS if socket else HTTP_API_SECONDS
        kind = "websocket-api" if socket else "http-api"
        throttle = self.throttles.of(resource.get("ApiId"))
        self._add(resource.get("IntegrationUri"), resource, kind, timeout_seconds=wait or default, **_limits(throttle))

    def _described_rest(self, resource: Resource) -> None:
        self._described(resource, "rest-api", REST_API_SECONDS)

    def _described_http(self, resource: Resource) -> None:
        self._described(resource, "http-api", HTTP_API_SECONDS)

    def _described(self, resource: Resource, kind: str, wait: Quantity) -> None:
        """Integrations inside an OpenAPI description."""
        for key in ("Body", "DefinitionBody"):
            value = resource.get(key)
            for logical_id, reference in (
                {r.logical_id: r for r in references_in(value)}.items() if value is not None else ()
            ):
                if logical_id:
                    throttle = self.throttles.of_key(resource.key)
                    self._add(reference, resource, kind, timeout_seconds=wait, **_limits(throttle))

    def _permission(self, resource: Resource) -> None:
        """A service that may invoke a function, where nothing else shows what it does."""
        kind = _INVOKERS.get((text_of(resource.get("Principal")) or "").partition(".")[0])
        function = function_of(self.estate, self.named, resource.get("FunctionName"))
        if kind is None or function is None:
            return
        known = {source.kind for source in self.found.get(function.key, {})}
        if not known & _SAME_DOOR.get(kind, {kind}):
            api = kind == "api-gateway"
            limits = _limits(self.throttles.of(resource.get("SourceArn"))) if api else {}
            self._add(
                resource.get("FunctionName"), resource, kind, timeout_seconds=API_SECONDS if api else None, **limits
            )

    def _url(self, resource: Resource) -> None:
        self._add(resource.get("TargetFunctionArn"), resource, "function-url")

    def _rule(self, resource: Resource) -> None:
        expression = text_of(resource.get("ScheduleExpression"))
        enabled = text_of(resource.get("State")) != "DISABLED"
        for target in items_of(resource.get("Targets")):
            arn = target.get("Arn") if isinstance(target, dict) else None
            kind = "events" if resource.get("ScheduleExpression") is None else "schedule"
            planned = schedule(expression, target) if kind == "schedule" else None
            function = self._add(arn, resource, kind, enabled=enabled, schedule=planned)
            if function is not None and expression:
                self.schedules[function.key] = expression

    def _scheduler(self, resource: Resource) -> None:
        enabled = text_of(resource.get("State")) != "DISABLED"
        expression = text_of(resource.get("ScheduleExpression"))
        planned = schedule(expression, resource.get("Target"))
        function = self._add(resource.get("Target", "Arn"), resource, "schedule", enabled=enabled, schedule=planned)
        if function is not None and expression:
            self.schedules[function.key] = expression

    def _topic(self, resource: Resource) -> None:
        if text_of(resource.get("Protocol")) == "lambda":
            self._add(resource.get("Endpoint"), resource, "sns")

    def _balancer(self, resource: Resource) -> None:
        for target in items_of(resource.get("Targets")):
            self._add(target.get("Id") if isinstance(target, dict) else None, resource, "alb")

    def _appsync(self, resource: Resource) -> None:
        self._add(
            resource.get("LambdaConfig", "LambdaFunctionArn"), resource, "appsync", timeout_seconds=HTTP_API_SECONDS
        )

    def _bucket(self, resource: Resource) -> None:
        for item in items_of(resource.get("NotificationConfiguration", "LambdaConfigurations")):
            self._add(item.get("Function") if isinstance(item, dict) else None, resource, "s3")

    def _cognito(self, resource: Resource) -> None:
        for target in entries_of(resource.get("LambdaConfig")).values():
            self._add(target.get("LambdaArn") if isinstance(target, dict) else target, resource, "cognito")

    def _rotation(self, resource: Resource) -> None:
        self._add(resource.get("RotationLambdaARN"), resource, "rotation")

    def _state_machine(self, resource: Resource) -> None:
        definition = [resource.get(key) for key in ("DefinitionString", "Definition", "DefinitionSubstitutions")]
        seen = set()
        for reference in references_in([value for value in definition if value is not None]):
            if reference.logical_id not in seen:
                seen.add(reference.logical_id)
                self._add(reference, resource, "step-functions")

    def _sam(self, resource: Resource) -> None:
        kind = text_of(resource.get("Kind")) or ""
        self._add(resource.get("Target"), resource, _SAM_KINDS.get(kind, "events"))

    def _custom(self, kind: str, resource: Resource) -> None:
        self._add(resource.get("ServiceToken"), resource, "custom-resource")
        if kind == "Custom::Trigger":
            self._add(resource.get("HandlerArn"), resource, "custom-resource")
        if kind == "Custom::S3BucketNotifications":
            for item in items_of(resource.get("NotificationConfiguration", "LambdaFunctionConfigurations")):
                self._add(item.get("LambdaFunctionArn") if isinstance(item, dict) else None, resource, "s3")

    def _hand_on(self) -> None:
        """The provider framework of the CDK passes a custom resource's events on to a function of the user."""
        for function in list(self.estate.of_type("AWS::Lambda::Function")):
            if is_generated(function) and self.is_deploy_time(function):
                variables = entries_of(function.get("Environment", "Variables"))
                for name in HANDS_ON:
                    self._add(variables.get(name), function, "custom-resource")


def _pace(resource: Resource) -> dict[str, Quantity | None]:
    """How an event source mapping gathers records, and how long it retries them."""
    names = {
        "batch_size": "BatchSize", "batching_window_seconds": "MaximumBatchingWindowInSeconds",
        "parallelization_factor": "ParallelizationFactor", "maximum_retry_attempts": "MaximumRetryAttempts",
        "maximum_record_age_seconds": "MaximumRecordAgeInSeconds",
    }  # fmt: skip
    return {name: limit_of(resource.get(word), f"{word} of '{resource.id}'") for name, word in names.items()}


def _limits(throttle: Throttle) -> dict[str, Quantity | None]:
    return {"throttle_rate": throttle.rate, "throttle_burst": throttle.burst}


def _seconds(value: Value, resource: Resource) -> Quantity | None:
    wait = quantity_of(value, f"TimeoutInMillis of '{resource.id}'")
    return None if wait is None else wait * Quantity.exact(Fraction(1, 1000))
