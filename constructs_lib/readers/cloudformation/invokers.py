"""What invokes a function and tells it of a store: custom resources, rules with an input, and the rotation of a secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.readers.cloudformation.clues import Use
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.functions import function_of
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, items_of

ROTATION = "AWS::SecretsManager::RotationSchedule"
_INPUTS = ("Input", "InputTransformer")


class Invokers:
    """Values that functions of one estate are invoked with, by function."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._told: dict[tuple[str, str], list[tuple[Value, str]]] = {}
        estate = environment.estate
        for kind, resources in estate.by_type.items():
            if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
                for resource in resources:
                    self._custom(resource)
        for rule in estate.of_type("AWS::Events::Rule"):
            for target in items_of(rule.get("Targets")):
                if isinstance(target, dict):
                    told = [target[key] for key in _INPUTS if key in target]
                    self._note(target.get("Arn"), told, f"input of rule '{rule.id}'")
        for schedule in estate.of_type("AWS::Scheduler::Schedule"):
            told = [schedule.get("Target", "Input")]
            self._note(schedule.get("Target", "Arn"), told, f"input of schedule '{schedule.id}'")
        for rotation in estate.of_type(ROTATION):
            self._note(rotation.get("RotationLambdaARN"), [rotation.get("SecretId")], f"rotation '{rotation.id}'")

    def _custom(self, resource: Resource) -> None:
        told = {key: resource.get(key) for key in resource.properties if key != "ServiceToken"}
        self._note(resource.get("ServiceToken"), [told], f"custom resource '{resource.id}'")

    def _note(self, target: Value, told: list[Value], where: str) -> None:
        function = function_of(self.environment.estate, self.environment.named, target)
        if function is not None:
            self._told.setdefault(function.key, []).extend((value, where) for value in told if value is not None)

    def uses(self, function: Resource) -> Iterator[Use]:
        """The resources that a function is told of when it is invoked."""
        for value, where in self.values(function):
            yield from self.environment.uses(value, where)

    def values(self, function: Resource) -> Sequence[tuple[Value, str]]:
        """What a function is told when it is invoked, and by what."""
        return self._told.get(function.key, ())
