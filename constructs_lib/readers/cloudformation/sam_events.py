"""Events of a SAM function as the CloudFormation resources they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Bodies = dict[str, Mapping[str, Any]]
_MAPPED = frozenset({"SQS", "Kinesis", "DynamoDB", "MSK", "SelfManagedKafka", "MQ", "DocumentDB"})
_IMPLICIT = (
    ("RestApiId", "ServerlessRestApi", "AWS::Serverless::Api"),
    ("ApiId", "ServerlessHttpApi", "AWS::Serverless::HttpApi"),
)
_SOURCES = {
    "SQS": "Queue",
    "Kinesis": "Stream",
    "DynamoDB": "Stream",
    "MSK": "Stream",
    "DocumentDB": "Cluster",
    "MQ": "Broker",
}


def event_resources(function: str, events: Any) -> Bodies:
    """One resource for each event, named function + event as SAM names them."""
    result: Bodies = {}
    for name, event in events.items() if isinstance(events, dict) else ():
        if isinstance(event, dict):
            properties = event.get("Properties")
            made = _resource(function, str(event.get("Type")), properties if isinstance(properties, dict) else {})
            if made is not None:
                result[f"{function}{name}"] = made
    return result


def implicit_apis(bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """The APIs that SAM makes by itself for events that name none: by logical id their type and the function that wants them."""
    found: dict[str, tuple[str, str]] = {}
    for body in bodies.values():
        function, properties = body.get("poolproof:from"), body.get("Properties") or {}
        for key, name, kind in _IMPLICIT:
            if function is not None and properties.get(key) == {"Ref": name}:
                found.setdefault(name, (kind, function))
    return found


def _resource(function: str, kind: str, properties: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if kind in _MAPPED:
        return _mapping(function, kind, properties)
    maker = _MAKERS.get(kind)
    return (
        maker(function, properties)
        if maker
        else {"Type": "poolproof:event", "Properties": {"Kind": kind, "Target": _arn(function)}}
    )


def _arn(function: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [function, "Arn"]}


def _mapping(function: str, kind: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {key: value for key, value in properties.items() if key not in ("Queue", "Stream", "Cluster", "Broker")}
    made["FunctionName"] = {"Ref": function}
    source = properties.get(_SOURCES.get(kind, ""))
    if source is not None:
        made["EventSourceArn"] = source
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": made}


def _target(function: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        key: properties[key] for key in ("Input", "RetryPolicy", "DeadLetterConfig") if properties.get(key) is not None
    }
    return {"Arn": _arn(function), **told}


def _schedule(function: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {
        "ScheduleExpression": properties.get("Schedule"),
        "Targets": [_target(function, properties)],
        "State": properties.get("State"),
    }
    if properties.get("Enabled") is False:
        made["State"] = "DISABLED"
    return {"Type": "AWS::Events::Rule", "Properties": {key: value for key, value in made.items() if value is not None}}


def _scheduler(function: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {
        "ScheduleExpression": properties.get("ScheduleExpression"),
        "State": properties.get("State"),
        "Target": _target(function, properties),
    }
    given = {key: value for key, value in made.items() if value is not None}
    return {"Type": "AWS::Scheduler::Schedule", "Properties": given}


def _events(function: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {"EventPattern": properties.get("Pattern", {}), "Targets": [_target(function, properties)]}
    return {"Type": "AWS::Events::Rule", "Properties": made}


def _rest_api(function: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    made: dict[str, Any] = {
        "RestApiId": properties.get("RestApiId", {"Ref": "ServerlessRestApi"}),
        "Integration": {"Uri": _arn(function)},
    }
    if "TimeoutInMillis" in properties:
        made["Integration"]["TimeoutInMillis"] = properties["TimeoutInMillis"]
    return {"Type": "AWS::ApiGateway::Method", "Properties": made}


def _http_api(function: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {"ApiId": properties.get("ApiId", {"Ref": "ServerlessHttpApi"}), "IntegrationUri": _arn(function)}
    if "TimeoutInMillis" in properties:
        made["TimeoutInMillis"] = properties["TimeoutInMillis"]
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": made}


def _topic(function: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {"TopicArn": properties.get("Topic"), "Protocol": "lambda", "Endpoint": _arn(function)}
    return {"Type": "AWS::SNS::Subscription", "Properties": made}


_MAKERS: dict[str, Callable[[str, Mapping[str, Any]], Mapping[str, Any]]] = {
    "Schedule": _schedule,
    "ScheduleV2": _scheduler,
    "EventBridgeRule": _events,
    "CloudWatchEvent": _events,
    "Api": _rest_api,
    "HttpApi": _http_api,
    "SNS": _topic,
}
