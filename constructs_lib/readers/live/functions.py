"""Lambda functions with what is reserved and provisioned, their roles, and the secrets that may be named."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from constructs_lib.readers.live.bodies import Bodies, ref

_COPIED = (
    "FunctionName", "Role", "Timeout", "MemorySize", "Runtime", "Handler", "PackageType", "Architectures", "DeadLetterConfig",
    "Environment", "TenancyConfig", "CapacityProviderConfig", "SnapStart",
)  # fmt: skip
_PROVISIONED = "lambda.list_provisioned_concurrency_configs"


def add_functions(bodies: Bodies) -> None:
    """Functions, then what is provisioned for their versions and aliases."""
    for function in bodies.recording.listed("lambda.list_functions"):
        name = function["FunctionName"]
        network = function.get("VpcConfig") or {}
        logical_id = bodies.add(f"function:{name}", "AWS::Lambda::Function", {
            **{key: function.get(key) for key in _COPIED},
            "ReservedConcurrentExecutions": _reserved(bodies, name), "FunctionScalingConfig": _environments(bodies, name),
            "VpcConfig": {key: network[key] for key in ("SecurityGroupIds", "SubnetIds") if network.get(key)} or None,
        }, function.get("FunctionArn"))  # fmt: skip
        _provisioned(bodies, name, logical_id)


def _reserved(bodies: Bodies, name: str) -> Any:
    operation = "lambda.get_function_concurrency"
    found = bodies.recording.of(operation, name)
    return bodies.refused(operation, name, f"reserved concurrency of '{name}'") if found is None else found


def _environments(bodies: Bodies, name: str) -> Any:
    """The maximum of environments on managed instances; unknown when nobody may ask for it."""
    operation = "lambda.get_function_scaling_config"
    found = bodies.recording.of(operation, name)
    if found is not None:
        return found
    hidden = bodies.refused(operation, name, f"environments of '{name}'")
    return {"MaxExecutionEnvironments": hidden} if hidden is not None else None


def _provisioned(bodies: Bodies, name: str, logical_id: str) -> None:
    hidden = bodies.refused(_PROVISIONED, name, f"provisioned concurrency of '{name}'")
    configs = bodies.recording.of(_PROVISIONED, name) or ()
    found = [
        (str(c.get("FunctionArn", "")).rpartition(":")[2], c.get("RequestedProvisionedConcurrentExecutions"))
        for c in configs
    ]
    for qualifier, executions in [("any", hidden)] if hidden is not None else found:
        bodies.add(f"{logical_id}:{qualifier}", "AWS::Lambda::Alias", {
            "FunctionName": ref(logical_id), "Name": qualifier,
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": executions},
        })  # fmt: skip


def add_roles(bodies: Bodies) -> None:
    """Roles that functions run with, each with its inline and attached policies."""
    whole = bodies.recording.answers.get("iam.get_account_authorization_details") or {}
    managed = {policy.get("Arn"): _document(_in_force(policy)) for policy in whole.get("Policies") or ()}
    for role in whole.get("RoleDetailList") or ():
        inline = [_document(policy.get("PolicyDocument")) for policy in role.get("RolePolicyList") or ()]
        arns = [policy.get("PolicyArn") for policy in role.get("AttachedManagedPolicies") or ()]
        own = [managed[arn] for arn in arns if arn in managed]
        bodies.add(f"role:{role['RoleName']}", "AWS::IAM::Role", {
            "RoleName": role["RoleName"],
            "Policies": [{"PolicyDocument": document} for document in (*inline, *own) if document] or None,
            "ManagedPolicyArns": [arn for arn in arns if arn not in managed] or None,
        }, role.get("Arn"))  # fmt: skip


def _in_force(policy: dict[str, Any]) -> Any:
    versions = policy.get("PolicyVersionList") or ()
    return next((version.get("Document") for version in versions if version.get("IsDefaultVersion")), None)


def _document(document: Any) -> Any:
    """boto3 hands policies over as mappings, other clients as the URL-encoded text that IAM sends."""
    return json.loads(unquote(document)) if isinstance(document, str) else document


def add_secrets(bodies: Bodies) -> None:
    """Secrets by name; nothing asks for what they hold."""
    for secret in bodies.recording.listed("secretsmanager.list_secrets"):
        name, arn = secret.get("Name"), secret.get("ARN")
        logical_id = bodies.add(f"secret:{name}", "AWS::SecretsManager::Secret", {"Name": name})
        if isinstance(arn, str):
            bodies.arns[logical_id] = arn
            bodies.texts.know(arn, logical_id, "Ref")
            # ARNs end in a dash and six random characters; code and policies also write them without, or with a pattern there.
            bare = arn.rpartition("-")[0]
            for ending in ("", "-*", "-??????", "*"):
                bodies.texts.know(f"{bare}{ending}", logical_id, "Ref")
