"""Planned resources in CloudFormation's vocabulary, so that both are judged by one inference of relations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from constructs_lib.readers.cloudformation.invokers import INVOKED
from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.terraform import atlas
from constructs_lib.readers.terraform.gateways import method_settings, plan_stages, routes
from constructs_lib.readers.terraform.network import network_bodies, numbered
from constructs_lib.readers.terraform.plan import Plan, Planned, listed, mapping
from constructs_lib.readers.terraform.policies import attached_policies, inline_policies, policy
from constructs_lib.readers.terraform.references import Found, assumed, intrinsic
from constructs_lib.readers.terraform.tables import table, target_of
from constructs_lib.readers.terraform.values import AFTER_APPLY, Values, document, walk
from constructs_lib.readers.terraform.variables import DYNAMIC, variables
from constructs_lib.readers.terraform.vocabulary import WORDS
from constructs_lib.readers.terraform.watching import alarm
from constructs_lib.regex import regex

Bodies = dict[str, dict[str, Any]]
INVOCATION = "aws_lambda_invocation"


def translate(plan: Plan) -> Bodies:
    """Resource bodies by Terraform address."""
    return _Translation(plan).bodies


class _Translation:
    def __init__(self, plan: Plan) -> None:
        self.values = Values(plan)
        self.bodies: Bodies = {}
        self.planned = [resource for resource in plan.resources if not resource.data]
        for resource in plan.resources:
            if resource.type == INVOCATION:
                self.bodies[resource.address] = _invocation(self.values, resource)
        for resource in self.planned:
            if resource.type in WORDS:
                self.bodies[resource.address] = self._body(resource)
        joined: dict[str, Callable[[Planned], None]] = {
            "aws_iam_role_policy": self._role_policy,
            "aws_iam_policy": self._managed_policy,
            "aws_iam_role_policy_attachment": self._attachment,
            "aws_iam_policy_attachment": self._attachments,
            "aws_db_proxy_target": self._proxy_target,
            "aws_secretsmanager_secret_version": self._secret_version,
            "aws_cloudwatch_event_target": self._event_target,
            "aws_lb_target_group_attachment": self._balancer,
            "aws_s3_bucket_notification": self._bucket,
            "aws_sqs_queue_redrive_policy": self._redrive,
            "aws_lambda_function_scaling_config": self._environments,
            "aws_api_gateway_method_settings": self._method_settings,
        }
        for resource in sorted(self.planned, key=lambda item: item.type == "aws_iam_role_policy_attachment"):
            if resource.type in joined:
                joined[resource.type](resource)
        self._shared_passwords()
        for resource in self.planned:
            self.bodies.update(network_bodies(self.values, resource, self.bodies.get(resource.address)))
        numbered(self.planned, self.bodies)

    def _body(self, resource: Planned) -> dict[str, Any]:
        word = WORDS[resource.type]
        properties: dict[str, Any] = {}
        for name, path in word.properties.items():
            value = self.values.get(resource, *path.split("."))
            if value is not None and value != "":
                _put(properties, name.split("."), value)
        special = _SPECIAL.get(resource.type)
        if special is not None:
            special(self.values, resource, properties)
        return {"Type": word.type, "Properties": properties}

    def _of(self, resource: Planned, *path: str, kind: str) -> dict[str, Any] | None:
        """The properties of the planned resource that an argument names, by reference or by its name."""
        value = self.values.get(resource, *path)
        reference = value.get("Fn::GetAtt") if isinstance(value, dict) else None
        body = self.bodies.get(reference[0]) if reference else None
        if body is not None and body["Type"] == kind:
            return mapping(body["Properties"])  # type: ignore[return-value]
        named = [
            self.bodies[other.address]
            for other in self.planned
            if isinstance(value, str)
            and other.address in self.bodies
            and value in (other.values.get("name"), other.values.get("id"))
        ]
        found = [body["Properties"] for body in named if body["Type"] == kind]
        return found[0] if len(found) == 1 else None

    def _role_policy(self, resource: Planned) -> None:
        properties = {
            "Roles": [self.values.get(resource, "role")],
            "PolicyDocument": policy(self.values, resource, "policy"),
        }
        self.bodies[resource.address] = {"Type": "AWS::IAM::Policy", "Properties": properties}

    def _managed_policy(self, resource: Planned) -> None:
        self.bodies[resource.address]["Properties"]["PolicyDocument"] = policy(self.values, resource, "policy")

    def _attachment(self, resource: Planned) -> None:
        role = self._of(resource, "role", kind="AWS::IAM::Role")
        if role is not None:
            role.setdefault("ManagedPolicyArns", []).extend(self._attached(resource))

    def _attached(self, resource: Planned) -> list[Any]:
        """The policy of an attachment; of a list that ``count`` goes through, the one in its place, or all where that is not clear."""
        targets = self.values.targets(resource, "policy_arn")
        made = [item for item in targets if isinstance(item, Found) and item.resource.type == "aws_iam_policy"]
        if len(made) < 2 or resource.values.get("policy_arn") is not None:
            arn = self.values.get(resource, "policy_arn")
            return [] if arn is None else [arn]
        beside = self.values.references.plan.named.get((resource.module, False, resource.type, resource.name), ())
        place = resource.index
        if isinstance(place, int) and 0 <= place < len(made) == len(beside):
            made = [made[place]]
        return [intrinsic(item) for item in made]

    def _attachments(self, resource: Planned) -> None:
        """One policy for several roles, named or referred to."""
        names = listed(resource.values.get("roles"))
        named = [item for item in self.planned if item.values.get("name") in names]
        referred = [item.resource for item in self.values.targets(resource, "roles") if isinstance(item, Found)]
        arn = self.values.get(resource, "policy_arn")
        for address in dict.fromkeys(item.address for item in [*named, *referred]):
            body = self.bodies.get(address)
            if body is not None and body["Type"] == "AWS::IAM::Role" and arn is not None:
                body["Properties"].setdefault("ManagedPolicyArns", []).append(arn)

    def _proxy_target(self, resource: Planned) -> None:
        body = self.bodies[resource.address]["Properties"]
        proxy = _proxy_name(body.get("DBProxyName"), self.bodies)
        body["DBProxyName"] = proxy
        groups = [
            other["Properties"]
            for other in self.bodies.values()
            if other["Type"] == "AWS::RDS::DBProxyTargetGroup" and other["Properties"].get("DBProxyName") == proxy
        ]
        target = groups[0] if groups else body
        for word, key in (("Instance", "DBInstanceIdentifiers"), ("Cluster", "DBClusterIdentifiers")):
            if word in body:
                target.setdefault(key, []).append(body[word])
        if not groups:
            self.bodies[resource.address]["Type"] = "AWS::RDS::DBProxyTargetGroup"

    def _secret_version(self, resource: Planned) -> None:
        secret = self._of(resource, "secret_id", kind="AWS::SecretsManager::Secret")
        text = self.values.get(resource, "secret_string")
        if secret is not None and text is not None:
            secret["SecretString"] = text

    def _event_target(self, resource: Planned) -> None:
        rule = self._of(resource, "rule", kind="AWS::Events::Rule")
        if rule is not None:
            rule.setdefault("Targets", []).append(target_of(self.values, resource))

    def _balancer(self, resource: Planned) -> None:
        properties = {"Targets": [{"Id": self.values.get(resource, "target_id")}]}
        self.bodies[resource.address] = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": properties}

    def _bucket(self, resource: Planned) -> None:
        functions = self.values.get(resource, "lambda_function", "lambda_function_arn")
        notifications = {"LambdaConfigurations": [{"Function": functions}]}
        properties = {"NotificationConfiguration": notifications}
        self.bodies[resource.address] = {"Type": "AWS::S3::Bucket", "Properties": properties}

    def _environments(self, resource: Planned) -> None:
        function = self._of(resource, "function_name", kind="AWS::Lambda::Function")
        most = self.values.get(resource, "function_scaling_config", "max_execution_environments")
        if function is not None and most is not None:
            function["FunctionScalingConfig"] = {"MaxExecutionEnvironments": most}

    def _redrive(self, resource: Planned) -> None:
        queue = self._of(resource, "queue_url", kind="AWS::SQS::Queue")
        if queue is not None:
            _redrive_policy(self.values, resource, queue)

    def _method_settings(self, resource: Planned) -> None:
        stage = self._of(resource, "stage_name", kind="AWS::ApiGateway::Stage")
        if stage is not None:
            stage.setdefault("MethodSettings", []).append(method_settings(self.values, resource))

    def _shared_passwords(self) -> None:
        """A generated password that both a database and a secret take says whose secret it is."""
        secrets: dict[str, str] = {}
        for resource in self.planned:
            if resource.type == "aws_secretsmanager_secret_version":
                secret = self.values.get(resource, "secret_id")
                reference = secret.get("Fn::GetAtt") if isinstance(secret, dict) else None
                if not reference:
                    continue
                for password in self._passwords(resource, "secret_string"):
                    secrets.setdefault(password, reference[0])
        for resource in self.planned:
            for argument in ("password", "master_password", "auth_token") if resource.address in self.bodies else ():
                for password in self._passwords(resource, argument):
                    if password in secrets:
                        taken = {"Fn::GetAtt": [secrets[password], "Ref"]}
                        self.bodies[resource.address]["Properties"]["MasterUserPassword"] = taken

    def _passwords(self, resource: Planned, argument: str) -> list[str]:
        targets = self.values.targets(resource, argument)
        return [
            item.resource.address
            for item in targets
            if isinstance(item, Found) and item.resource.type == "random_password"
        ]


def _put(properties: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        properties = properties.setdefault(key, {})
    properties[path[-1]] = value


def _proxy_name(name: Any, bodies: Bodies) -> Any:
    """The proxy itself where a target names it through its default target group."""
    reference = name.get("Fn::GetAtt") if isinstance(name, dict) else None
    body = bodies.get(reference[0]) if reference else None
    if body is not None and body["Type"] == "AWS::RDS::DBProxyTargetGroup":
        return body["Properties"].get("DBProxyName")
    if isinstance(name, str):
        owners = [address for address, other in bodies.items() if other["Properties"].get("DBProxyName") == name]
        proxies = [address for address in owners if bodies[address]["Type"] == "AWS::RDS::DBProxy"]
        return {"Fn::GetAtt": [proxies[0], "Ref"]} if len(proxies) == 1 else name
    return name


def _function(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    if properties.get("ReservedConcurrentExecutions") in (-1, "-1"):
        del properties["ReservedConcurrentExecutions"]  # the provider's way to say that none is reserved
    if properties.get("Timeout") == 3 and resource.configured and "timeout" not in resource.expressions:
        del properties["Timeout"]  # the provider writes its default into every plan
    found = variables(values, resource)
    if found:
        properties["Environment"] = {"Variables": found}


def _invocation(values: Values, resource: Planned) -> dict[str, Any]:
    """Terraform calls a function when it applies the plan, as CloudFormation calls one for a custom resource."""
    told = values.get(resource, "input")
    written = document(told)
    properties = {"ServiceToken": values.get(resource, "function_name"), "Input": told if written is None else written}
    return {"Type": INVOKED, "Properties": properties}


def _parameters(_values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    flags = walk(resource.unknown, ("parameter",))
    blocks = listed(resource.values.get("parameter"))
    for block in blocks:
        if isinstance(block, dict) and isinstance(block.get("name"), str):
            value = block.get("value")
            found[block["name"]] = (
                Unresolved(f"a parameter of '{resource.address}' is {AFTER_APPLY}") if value is None else value
            )
    if flags is True or any(isinstance(block, dict) and "name" not in block for block in blocks):
        found.setdefault("max_connections", Unresolved(f"parameters of '{resource.address}' are {AFTER_APPLY}"))
    properties["Parameters"] = found


def _role(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    documents = inline_policies(values, resource)
    if documents:
        properties["Policies"] = [{"PolicyDocument": written} for written in documents]
    arns = attached_policies(values, resource)
    if arns:
        properties["ManagedPolicyArns"] = arns


def _queue(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    _redrive_policy(values, resource, properties)


def _redrive_policy(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    text = values.get(resource, "redrive_policy")
    written = document(resource.values.get("redrive_policy"))
    if isinstance(written, dict):
        properties["RedrivePolicy"] = {"maxReceiveCount": written.get("maxReceiveCount")}
    elif text is not None and text != "":
        properties["RedrivePolicy"] = {"maxReceiveCount": Unresolved(f"redrive_policy is {AFTER_APPLY}")}


def _proxy(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    written = listed(resource.expressions.get("auth"))
    blocks = listed(resource.values.get("auth"))
    auth: list[dict[str, Any]] = []
    flags = listed(mapping(resource.unknown).get("auth"))
    for index, block in enumerate(blocks):
        expression = mapping(written[index] if index < len(written) else None).get("secret_arn")
        targets = values.references.of(expression, resource)
        secret = values.value(mapping(block).get("secret_arn"), targets, f"secret_arn of '{resource.address}'")
        login = mapping(block).get("iam_auth")
        if login is None and mapping(flags[index] if index < len(flags) else None).get("iam_auth") is True:
            login = Unresolved(f"iam_auth of '{resource.address}' is {AFTER_APPLY}")
        auth.append({"IAMAuth": login, "SecretArn": secret})
    if len(auth) == 1 and not written and isinstance(auth[0]["SecretArn"], Unresolved):
        passed = [target for target in values.references.arguments(resource, _SECRETS) if isinstance(target, Found)]
        auth[0]["SecretArn"] = assumed(intrinsic(passed[0]), DYNAMIC) if len(passed) == 1 else auth[0]["SecretArn"]
    if auth:
        properties["Auth"] = auth


#: Arguments of modules that become what a proxy logs in with.
_SECRETS = regex(r"auth|secret")
_SPECIAL: dict[str, Callable[[Values, Planned, dict[str, Any]], None]] = {
    "aws_lambda_function": _function,
    "aws_db_parameter_group": _parameters,
    "aws_rds_cluster_parameter_group": _parameters,
    "aws_docdb_cluster_parameter_group": _parameters,
    "aws_iam_role": _role,
    "aws_sqs_queue": _queue,
    "aws_apigatewayv2_stage": routes,
    "aws_api_gateway_usage_plan": plan_stages,
    "aws_db_proxy": _proxy,
    "aws_cloudwatch_metric_alarm": alarm,
    "aws_dynamodb_table": table,
    "mongodbatlas_cluster": atlas.cluster,
    "mongodbatlas_advanced_cluster": atlas.advanced_cluster,
}
