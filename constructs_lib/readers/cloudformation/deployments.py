"""How aliases move to the next version: CodeDeploy's deployment groups, and weights that an alias has for good.

CloudFormation names the group in an alias's update policy; SAM's ``DeploymentPreference`` is expanded to the same. Terraform, and whoever
deploys with an AppSpec file, leaves the two unconnected: then any function with an alias may be moved by any such group.
"""

from __future__ import annotations

from constructs_lib.model.deployment import DeploymentStyle
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, references_in, text_of

ALIAS, GROUP, CONFIGURATION = (
    "AWS::Lambda::Alias",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::CodeDeploy::DeploymentConfig",
)
_TYPES: dict[str | None, DeploymentStyle] = {
    "AllAtOnce": "all-at-once",
    "TimeBasedCanary": "canary",
    "TimeBasedLinear": "linear",
}


class Deployments:
    """The deployment style of every alias of an estate."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.groups = [group for group in estate.of_type(GROUP) if self._moves_functions(group)]
        self.named = {
            group.key: group for alias in estate.of_type(ALIAS) if (group := self._group_of(alias)) is not None
        }

    def style(self, alias: Resource) -> DeploymentStyle:
        """The style of one alias; ``all-at-once`` where nothing shifts its traffic."""
        if alias.get("RoutingConfig") is not None:
            return "canary"
        if self._policy(alias) is not None:
            group = self._group_of(alias)
            return "unknown" if group is None else self._style_of(group)
        loose = {self._style_of(group) for group in self.groups if group.key not in self.named}
        return "all-at-once" if not loose else loose.pop() if len(loose) == 1 else "unknown"

    def _policy(self, alias: Resource) -> Value:
        policy = alias.body.get("UpdatePolicy")
        return policy.get("CodeDeployLambdaAliasUpdate") if isinstance(policy, dict) else None

    def _group_of(self, alias: Resource) -> Resource | None:
        policy = self._policy(alias)
        named = alias.stack.resolve(policy.get("DeploymentGroupName")) if isinstance(policy, dict) else None
        for reference in references_in(named):
            resource = self.estate.resource(reference)
            if resource is not None and resource.type == GROUP:
                return resource
        found = [group for group in self.groups if text_of(group.get("DeploymentGroupName")) == text_of(named)]
        return found[0] if len(found) == 1 and text_of(named) is not None else None

    def _style_of(self, group: Resource) -> DeploymentStyle:
        value = group.get("DeploymentConfigName")
        for reference in references_in(value):
            resource = self.estate.resource(reference)
            if resource is not None and resource.type == CONFIGURATION:
                return _TYPES.get(text_of(resource.get("TrafficRoutingConfig", "Type")), "unknown")
        name = text_of(value) or ""
        for own in self.estate.of_type(CONFIGURATION):
            if name and name == text_of(own.get("DeploymentConfigName")):
                return _TYPES.get(text_of(own.get("TrafficRoutingConfig", "Type")), "unknown")
        # CodeDeploy's own configurations tell in their names, such as CodeDeployDefault.LambdaLinear10PercentEvery1Minute.
        styles: dict[str, DeploymentStyle] = {
            "LambdaAllAtOnce": "all-at-once",
            "LambdaLinear": "linear",
            "LambdaCanary": "canary",
        }
        return next((style for part, style in styles.items() if part in name), "unknown")

    def _moves_functions(self, group: Resource) -> bool:
        """Whether the group is for Lambda, as its configuration or its application shows; servers and ECS have groups too."""
        if self._style_of(group) != "unknown":
            return True
        for reference in references_in(group.get("ApplicationName")):
            application = self.estate.resource(reference)
            if application is not None and text_of(application.get("ComputePlatform")) == "Lambda":
                return True
        return False
