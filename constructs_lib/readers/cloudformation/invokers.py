"""What invokes a function and tells it of a store: custom resources, rules with an input, state machines, stages of an API, rotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from constructs_lib.readers.cloudformation.clues import Use
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.functions import function_of
from constructs_lib.readers.cloudformation.json_in_text import structured
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, concatenated, entries_of, items_of, references_in
from constructs_lib.regex import regex

#: What other tools than CloudFormation call while they deploy.
INVOKED = "Custom::Invocation"
ROTATION = "AWS::SecretsManager::RotationSchedule"
_INPUTS = ("Input", "InputTransformer")
_MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
#: What joins an API to a function, and its stages: type, the property that names the API, and the one that matters.
_BEHIND = (
    ("AWS::ApiGateway::Method", "RestApiId", ("Integration", "Uri")),
    ("AWS::ApiGatewayV2::Integration", "ApiId", ("IntegrationUri",)),
)
_STAGES = (
    ("AWS::ApiGateway::Stage", "RestApiId", "Variables"),
    ("AWS::ApiGatewayV2::Stage", "ApiId", "StageVariables"),
)
_HOLE = regex(r"\$\{([A-Za-z0-9_-]+)\}")
#: States within states: Map and Parallel may nest, but no machine nests deeper.
DEEPEST = 40
#: Far more than an invocation carries (256 KB); aliases of YAML may stand for a million values.
MOST_TOLD = 5_000


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
                    told = [structured(target[key]) for key in _INPUTS if key in target]
                    self._note(target.get("Arn"), told, f"input of rule '{rule.id}'")
        for schedule in estate.of_type("AWS::Scheduler::Schedule"):
            told = [structured(schedule.get("Target", "Input"))]
            self._note(schedule.get("Target", "Arn"), told, f"input of schedule '{schedule.id}'")
        for rotation in estate.of_type(ROTATION):
            self._note(rotation.get("RotationLambdaARN"), [rotation.get("SecretId")], f"rotation '{rotation.id}'")
        for machine in estate.of_type(*_MACHINES):
            defined = machine.get("Definition") or structured(machine.get("DefinitionString"))
            names = entries_of(machine.get("DefinitionSubstitutions"))
            self._states(
                _substituted(defined, names, 0) if names else defined, f"input from state machine '{machine.id}'", 0
            )
        self._stages()

    def _custom(self, resource: Resource) -> None:
        told = {key: resource.get(key) for key in resource.properties if key != "ServiceToken"}
        what = "invocation" if resource.type == INVOKED else "custom resource"
        self._note(resource.get("ServiceToken"), [told], f"{what} '{resource.id}'")

    def _states(self, value: Value, where: str, depth: int) -> None:
        """The tasks of a state machine, however deep, with what they pass on."""
        if depth > DEEPEST:
            return
        if isinstance(value, dict):
            told = value.get("Parameters") or value.get("Arguments")
            self._note(value.get("Resource"), [told], where)
            if isinstance(told, dict) and "FunctionName" in told:
                self._note(told["FunctionName"], [told.get("Payload")], where)
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            if isinstance(item, (dict, list)):
                self._states(item, where, depth + 1)

    def _stages(self) -> None:
        """The variables of the stages of an API, for every function behind it."""
        estate = self.environment.estate
        behind: dict[tuple[str, str], list[Value]] = {}
        for kind, api, path in _BEHIND:
            for resource in estate.of_type(kind):
                for reference in references_in(resource.get(api)):
                    behind.setdefault((reference.stack, reference.logical_id), []).append(resource.get(*path))
        for kind, api, variables in _STAGES:
            for stage in estate.of_type(kind):
                for reference in references_in(stage.get(api)):
                    for target in behind.get((reference.stack, reference.logical_id), ()):
                        self._note(target, [stage.get(variables)], f"variables of stage '{stage.id}'")

    def _note(self, target: Value, told: list[Value], where: str) -> None:
        function = function_of(self.environment.estate, self.environment.named, target)
        if function is not None:
            self._told.setdefault(function.key, []).extend((value, where) for value in told if value is not None)

    def uses(self, function: Resource) -> Iterator[Use]:
        """The resources that a function is told of when it is invoked."""
        for value, where in self.values(function):
            yield from self.environment.uses(value, where)

    def named(self, function: Resource) -> Iterator[tuple[str, Value, str]]:
        """Every single value that a function is told, with the names on the way to it."""
        for value, where in self.values(function):
            for name, item in islice(_leaves(value, "", 0), MOST_TOLD):
                yield name, item, where

    def values(self, function: Resource) -> Sequence[tuple[Value, str]]:
        """What a function is told when it is invoked, and by what."""
        return self._told.get(function.key, ())


def _substituted(value: Value, names: Mapping[str, Value], depth: int) -> Value:
    """A definition with what ``DefinitionSubstitutions`` puts into its holes."""
    if isinstance(value, dict) and depth <= DEEPEST:
        return {key: _substituted(item, names, depth + 1) for key, item in value.items()}
    if isinstance(value, list) and depth <= DEEPEST:
        return [_substituted(item, names, depth + 1) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    pieces = _HOLE.split(value)  # text and names in turn
    parts = [names.get(piece, "${" + piece + "}") if index % 2 else piece for index, piece in enumerate(pieces)]
    return concatenated([part for part in parts if part != ""])


def _leaves(value: Value, name: str, depth: int) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict) and depth <= DEEPEST:
        for key, item in value.items():
            yield from _leaves(item, f"{name}_{key}" if name else str(key), depth + 1)
    elif name and not isinstance(value, list):
        yield name, value
