"""SAM resources to the CloudFormation resources they stand for: functions with role, event sources and aliases; simple tables.

Follows the SAM specification (Globals merge into functions: mappings deeply, lists appended, other values replaced). What a generated
resource was written as stays known through ``poolproof:from``, so that findings point at the line of the SAM resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib.readers.cloudformation.sam_events import event_resources, implicit_apis
from constructs_lib.readers.cloudformation.sam_policies import statements_of

Bodies = dict[str, Mapping[str, Any]]
_COPIED = (
    "FunctionName", "Handler", "Runtime", "MemorySize", "Timeout", "VpcConfig", "Environment", "ReservedConcurrentExecutions",
    "Layers", "Architectures", "TenancyConfig", "CapacityProviderConfig", "PackageType",
)  # fmt: skip
#: Where a body keeps the names of the variables that only the globals give.
SHARED = "poolproof:shared-variables"
_TABLE = "AWS::DynamoDB::Table"
_TABLE_COPIED = ("TableName", "ProvisionedThroughput", "PointInTimeRecoverySpecification")


def expanded(bodies: Mapping[str, Mapping[str, Any]], globals_: Mapping[str, Any]) -> Bodies:
    """The bodies with every SAM resource replaced; other resources as they are."""
    result: Bodies = {}
    for name, body in bodies.items():
        kind = body.get("Type")
        if kind == "AWS::Serverless::Function":
            result.update(_function(name, body, globals_.get("Function")))
        elif kind == "AWS::Serverless::SimpleTable":
            result[name] = _simple_table(body)
        elif kind in ("AWS::Serverless::Api", "AWS::Serverless::HttpApi"):
            result[name] = {
                **body,
                "Properties": _merged(globals_.get(str(kind).rsplit(":", 1)[1]), body.get("Properties")),
            }
        else:
            result[name] = body
    for name, (kind, function) in implicit_apis(result).items():
        made = globals_.get(kind.rsplit(":", 1)[1])
        result.setdefault(name, {"Type": kind, "Properties": made or {}, "poolproof:from": function})
    for name, body in bodies.items():
        _connect(result, name, body)
    return result


def _merged(outer: Any, inner: Any) -> Any:
    """A global value under a local one."""
    if isinstance(outer, dict) and isinstance(inner, dict) and not _is_intrinsic(outer) and not _is_intrinsic(inner):
        return {**outer, **{key: _merged(outer.get(key), value) for key, value in inner.items()}}
    if isinstance(outer, list) and isinstance(inner, list):
        return [*outer, *inner]
    return outer if inner is None else inner


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def _shared(body: Mapping[str, Any], globals_: Any) -> frozenset[str]:
    """The variables that a function has from the globals alone: they say less of it than those written for it."""
    names = [set(_variables(properties)) for properties in (globals_, body.get("Properties"))]
    return frozenset(names[0] - names[1])


def _variables(properties: Any) -> Mapping[str, Any]:
    for key in ("Environment", "Variables"):
        properties = properties.get(key) if isinstance(properties, dict) else None
    return properties if isinstance(properties, dict) else {}


def _function(name: str, body: Mapping[str, Any], globals_: Any) -> Bodies:
    properties = _merged(globals_ if isinstance(globals_, dict) else {}, body.get("Properties") or {})
    properties = properties if isinstance(properties, dict) else {}
    made = {key: properties[key] for key in _COPIED if key in properties}
    if isinstance(properties.get("DeadLetterQueue"), dict):
        made["DeadLetterConfig"] = {"TargetArn": properties["DeadLetterQueue"].get("TargetArn")}
    made["Code"] = {"ZipFile": properties["InlineCode"]} if "InlineCode" in properties else {}
    role = properties.get("Role")
    made["Role"] = role if role is not None else {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    result: Bodies = {
        name: {**body, "Type": "AWS::Lambda::Function", "Properties": made, SHARED: _shared(body, globals_)}
    }
    kept = {key: body[key] for key in ("Condition",) if key in body}
    extra: Bodies = {}
    if role is None:
        extra[f"{name}Role"] = {"Type": "AWS::IAM::Role", "Properties": _role(properties.get("Policies"))}
    if properties.get("AutoPublishAlias"):
        extra.update({**_alias(name, properties), **_deployment_group(name, properties)})
    invocations = properties.get("EventInvokeConfig")
    if isinstance(invocations, dict) and "DestinationConfig" in invocations:
        settings = {"FunctionName": {"Ref": name}, "DestinationConfig": invocations["DestinationConfig"]}
        extra[f"{name}EventInvokeConfig"] = {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": _sam_destinations(settings),
        }
    if properties.get("FunctionUrlConfig"):
        extra[f"{name}Url"] = {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Ref": name}}}
    extra.update(event_resources(name, properties.get("Events")))
    for key, item in extra.items():
        result[key] = {**kept, **item, "poolproof:from": name}
    return result


def _sam_destinations(settings: dict[str, Any]) -> dict[str, Any]:
    """SAM makes the queue or topic itself where a destination has a type but no address."""
    config = settings["DestinationConfig"]
    failure = config.get("OnFailure") if isinstance(config, dict) else None
    if isinstance(failure, dict) and "Destination" not in failure and "Type" in failure:
        settings["DestinationConfig"] = {**config, "OnFailure": {"Destination": f"made by SAM: {failure['Type']}"}}
    return settings


def _role(policies: Any) -> dict[str, Any]:
    statements, managed = statements_of(policies)
    document = {"PolicyName": "inline", "PolicyDocument": {"Statement": statements}}
    return {"Policies": [document] if statements else [], "ManagedPolicyArns": managed}


def _alias(name: str, properties: Mapping[str, Any]) -> Bodies:
    made = {"FunctionName": {"Ref": name}, "Name": properties["AutoPublishAlias"]}
    if "ProvisionedConcurrencyConfig" in properties:
        made["ProvisionedConcurrencyConfig"] = properties["ProvisionedConcurrencyConfig"]
    alias = properties["AutoPublishAlias"]
    suffix = alias if isinstance(alias, str) else ""
    return {f"{name}Alias{suffix}": {"Type": "AWS::Lambda::Alias", "Properties": made, **_shift(name, properties)}}


def _shift(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The update policy that SAM gives the alias of a function with a deployment preference."""
    if not _preference(properties):
        return {}
    return {"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"DeploymentGroupName": {"Ref": f"{name}DeploymentGroup"}}}}


def _preference(properties: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = properties.get("DeploymentPreference")
    return found if isinstance(found, dict) and found.get("Type") and found.get("Enabled") is not False else None


def _deployment_group(name: str, properties: Mapping[str, Any]) -> Bodies:
    preference = _preference(properties)
    if preference is None:
        return {}
    made = {"DeploymentConfigName": {"Fn::Join": ["", ["CodeDeployDefault.Lambda", preference["Type"]]]}}
    return {f"{name}DeploymentGroup": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": made}}


def _simple_table(body: Mapping[str, Any]) -> dict[str, Any]:
    properties = dict(body.get("Properties") or {}) if isinstance(body.get("Properties"), dict) else {}
    throughput = properties.get("ProvisionedThroughput")
    made: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST" if throughput is None else "PROVISIONED"}
    key = properties.get("PrimaryKey")
    if isinstance(key, dict):
        made["KeySchema"] = [{"AttributeName": key.get("Name"), "KeyType": "HASH"}]
    kept = {name: properties[name] for name in _TABLE_COPIED if name in properties}
    return {**body, "Type": _TABLE, "Properties": {**made, **kept}}


def _connect(result: Bodies, name: str, body: Mapping[str, Any]) -> None:
    """Connectors give a function's role access to a table; other targets hold no connections."""
    if body.get("Type") == "AWS::Serverless::Connector":
        properties = body.get("Properties")
        _grant(result, name, properties.get("Source") if isinstance(properties, dict) else None, properties)
    connectors = body.get("Connectors")
    for key, connector in connectors.items() if isinstance(connectors, dict) else ():
        inner = connector.get("Properties") if isinstance(connector, dict) else None
        _grant(result, f"{name}{key}", {"Id": name}, inner)


def _grant(result: Bodies, made: str, source: Any, properties: Any) -> None:
    if not isinstance(source, dict) or not isinstance(properties, dict):
        return
    targets = properties.get("Destination")
    permissions = properties.get("Permissions")
    wanted = permissions if isinstance(permissions, list) else ["Read", "Write"]
    actions = (["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"] if "Read" in wanted else []) + (
        ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"] if "Write" in wanted else []
    )
    for index, target in enumerate(targets if isinstance(targets, list) else [targets]):
        arn = _table_arn(result, target)
        if arn is not None:
            statement = {"Effect": "Allow", "Action": actions, "Resource": arn, "poolproof:ready-made": True}
            result[f"{made}Policy{index}"] = {
                "Type": "AWS::IAM::Policy",
                "Properties": {"Roles": [_role_of(result, source)], "PolicyDocument": {"Statement": [statement]}},
                "poolproof:from": made if made in result else source.get("Id"),
            }


def _table_arn(result: Bodies, target: Any) -> Any:
    """The table that a connector leads to: of the template by its id, or another one by type and ARN; ``None`` for anything else."""
    if not isinstance(target, dict):
        return None
    table = target.get("Id")
    if isinstance(table, str):
        return {"Fn::GetAtt": [table, "Arn"]} if result.get(table, {}).get("Type") == _TABLE else None
    return target.get("Arn") if target.get("Type") in (_TABLE, "AWS::Serverless::SimpleTable") else None


def _role_of(result: Bodies, source: Mapping[str, Any]) -> Any:
    """The role that a connector's source runs with, as it says itself or as the source's own properties do."""
    made = result.get(source["Id"]) if isinstance(source.get("Id"), str) else None
    properties = made.get("Properties") if made is not None else None
    return properties.get("Role") if isinstance(properties, dict) else source.get("RoleName")
