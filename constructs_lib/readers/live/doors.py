"""What invokes functions: event source mappings with their queues, front doors, rules and schedules, and who else may."""

from __future__ import annotations

import json
from typing import Any

from constructs_lib.readers.live.bodies import Bodies, ref


def add_doors(bodies: Bodies) -> None:
    """Everything that shows what invokes a function and how long it waits."""
    _queues(bodies)
    for mapping in bodies.recording.listed("lambda.list_event_source_mappings"):
        _mapping(bodies, mapping)
    _http(bodies)
    _rest(bodies)
    _timers(bodies)
    for name, policy in (bodies.recording.answers.get("lambda.get_policy") or {}).items():
        _permissions(bodies, name, policy)


def _queues(bodies: Bodies) -> None:
    for arn, attributes in (bodies.recording.answers.get("sqs.get_queue_attributes") or {}).items():
        name = arn.rpartition(":")[2]
        policy = attributes.get("RedrivePolicy")
        bodies.add(f"queue:{name}", "AWS::SQS::Queue", {
            "QueueName": name, "VisibilityTimeout": _number(attributes.get("VisibilityTimeout")),
            "RedrivePolicy": json.loads(policy) if isinstance(policy, str) and policy else None,
        }, arn)  # fmt: skip
    for mapping in bodies.recording.listed("lambda.list_event_source_mappings"):
        arn = str(mapping.get("EventSourceArn", ""))
        refusal = bodies.refused("sqs.get_queue_attributes", arn, f"attributes of '{arn}'") if ":sqs:" in arn else None
        name = f"queue:{arn.rpartition(':')[2]}"
        if refusal is not None and name not in bodies.resources:
            bodies.add(
                name,
                "AWS::SQS::Queue",
                {"VisibilityTimeout": refusal, "RedrivePolicy": {"maxReceiveCount": refusal}},
                arn,
            )


def _number(text: Any) -> Any:
    return int(text) if isinstance(text, str) and text.isdigit() else text


def _mapping(bodies: Bodies, mapping: dict[str, Any]) -> None:
    arn = str(mapping.get("FunctionArn", ""))
    name = arn.split(":")[6] if arn.count(":") >= 6 else arn
    bodies.add(f"event-source-mapping:{mapping['UUID']}", "AWS::Lambda::EventSourceMapping", {
        **{key: mapping.get(key) for key in (
            "EventSourceArn", "ScalingConfig", "ProvisionedPollerConfig", "BatchSize", "ParallelizationFactor",
            "MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "SelfManagedEventSource",
            "DocumentDBEventSourceConfig", "FunctionResponseTypes", "DestinationConfig", "BisectBatchOnFunctionError",
        )},
        "FunctionName": ref(f"function:{name}"), "Enabled": mapping.get("State") not in ("Disabled", "Disabling"),
    })  # fmt: skip


def _http(bodies: Bodies) -> None:
    integrations = bodies.recording.answers.get("apigatewayv2.get_integrations") or {}
    for api in bodies.recording.listed("apigatewayv2.get_apis"):
        logical_id = bodies.add(
            f"api:{api['ApiId']}", "AWS::ApiGatewayV2::Api", {"ProtocolType": api.get("ProtocolType")}
        )
        for item in integrations.get(api["ApiId"]) or ():
            bodies.add(f"{logical_id}:{item.get('IntegrationId')}", "AWS::ApiGatewayV2::Integration", {
                "ApiId": ref(logical_id), "IntegrationUri": item.get("IntegrationUri"), "TimeoutInMillis": item.get("TimeoutInMillis"),
            })  # fmt: skip


def _rest(bodies: Bodies) -> None:
    for api, resources in (bodies.recording.answers.get("apigateway.get_resources") or {}).items():
        for resource in resources:
            for verb, method in (resource.get("resourceMethods") or {}).items():
                integration = method.get("methodIntegration") or {}
                bodies.add(f"restapi:{api}:{verb} {resource.get('path')}", "AWS::ApiGateway::Method", {
                    "Integration": {"Uri": integration.get("uri"), "TimeoutInMillis": integration.get("timeoutInMillis")},
                })  # fmt: skip


def _timers(bodies: Bodies) -> None:
    for rule in bodies.recording.listed("events.list_rules"):
        targets = bodies.recording.of("events.list_targets_by_rule", rule["Name"]) or ()
        copied = ("Arn", "Input", "RetryPolicy", "DeadLetterConfig")
        bodies.add(f"rule:{rule['Name']}", "AWS::Events::Rule", {
            "ScheduleExpression": rule.get("ScheduleExpression"), "State": rule.get("State"),
            "Targets": [{key: target[key] for key in copied if key in target} for target in targets],
        }, rule.get("Arn"))  # fmt: skip
    for name, schedule in (bodies.recording.answers.get("scheduler.get_schedule") or {}).items():
        bodies.add(f"schedule:{name}", "AWS::Scheduler::Schedule", {
            key: schedule.get(key) for key in ("ScheduleExpression", "State", "Target")
        }, schedule.get("Arn"))  # fmt: skip
    for name, configs in (bodies.recording.answers.get("lambda.list_function_url_configs") or {}).items():
        for _ in configs:
            bodies.add(f"url:{name}", "AWS::Lambda::Url", {"TargetFunctionArn": ref(f"function:{name}")})
    for name, configs in (bodies.recording.answers.get("lambda.list_function_event_invoke_configs") or {}).items():
        for index, config in enumerate(configs):
            bodies.add(f"event-invoke-config:{name}:{index}", "AWS::Lambda::EventInvokeConfig", {
                "FunctionName": ref(f"function:{name}"), "DestinationConfig": config.get("DestinationConfig"),
            })  # fmt: skip


def _permissions(bodies: Bodies, name: str, policy: Any) -> None:
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = document.get("Statement", ()) if isinstance(document, dict) else ()
    for index, statement in enumerate(item for item in statements if item.get("Effect") == "Allow"):
        principal = statement.get("Principal")
        service = principal.get("Service") if isinstance(principal, dict) else principal
        bodies.add(f"permission:{name}:{statement.get('Sid', index)}", "AWS::Lambda::Permission", {
            "FunctionName": ref(f"function:{name}"), "Principal": service,
            "SourceArn": ((statement.get("Condition") or {}).get("ArnLike") or {}).get("AWS:SourceArn"),
        })  # fmt: skip
