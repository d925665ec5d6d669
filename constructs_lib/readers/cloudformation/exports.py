"""Who exports a table to S3: functions that may, and schedules or state machines that call DynamoDB themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from constructs_lib.model.key_value import Export
from constructs_lib.model.schedules import Schedule
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.functions import FUNCTION
from constructs_lib.readers.cloudformation.kinds import TABLES
from constructs_lib.readers.cloudformation.permissions import Permissions, Statement
from constructs_lib.readers.cloudformation.schedules import schedule
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Text, Value, entries_of, items_of, references_in, text_of
from constructs_lib.regex import regex

_EXPORT = regex(r"aws-sdk:dynamodb:exportTableToPointInTime", re.IGNORECASE)
_INCREMENTAL = regex(r"incremental", re.IGNORECASE)
_STATES = "AWS::StepFunctions::StateMachine"
_SCHEDULE = "AWS::Scheduler::Schedule"


def exports(estate: Estate, environment: Environment, permissions: Permissions) -> dict[str, list[Export]]:
    """Exports by the fleet id of the table."""
    found: dict[str, list[Export]] = {}
    started = _started(estate)
    for table, export in _all(estate, environment, permissions, started):
        found.setdefault(table, []).append(export)
    return found


def _all(
    estate: Estate, environment: Environment, permissions: Permissions, started: dict[str, list[Schedule]]
) -> Iterator[tuple[str, Export]]:
    for plan in estate.of_type(_SCHEDULE):
        target = plan.get("Target")
        if _EXPORT.search(shown(entries_of(target).get("Arn"))):
            itself = schedule(text_of(plan.get("ScheduleExpression")), target)
            yield from _exported(plan, entries_of(target).get("Input"), environment, (itself,))
    for machine in estate.of_type(_STATES):
        definition = [machine.get(key) for key in ("DefinitionString", "Definition", "DefinitionSubstitutions")]
        if _EXPORT.search(shown(definition)):
            yield from _exported(machine, definition, environment, tuple(started.get(machine.id, ())))
    for function in estate.of_type(FUNCTION):
        statements = [item for item in permissions.of_function(function) or () if _allows_export(item.actions)]
        tables = _tables([list(statement.resources) for statement in statements], environment) if statements else ()
        incremental = True if tables and _speaks_of_increments(function) else None
        for table in tables:
            plans = tuple(started.get(function.id, ()))
            yield table, Export(function.id, incremental, plans, function.origin)


def _exported(
    resource: Resource, value: Value, environment: Environment, schedules: tuple[Schedule, ...]
) -> Iterator[tuple[str, Export]]:
    text = shown(value)
    # Without a word of the request nothing is known of its kind; a request that names none is a full export.
    incremental = "INCREMENTAL_EXPORT" in text if text.strip() else None
    for table in _tables(value, environment):
        yield table, Export(resource.id, incremental, schedules, resource.origin)


@lru_cache(maxsize=8192)
def _allows_export(actions: tuple[str, ...]) -> bool:
    """Whether the export is allowed by its name: a wildcard over every action says nothing about exports."""
    return any("export" in action.lower() for action in actions) and Statement(actions, ()).allows(
        "dynamodb:ExportTableToPointInTime"
    )


def _speaks_of_increments(function: Resource) -> bool:
    variables = entries_of(function.get("Environment", "Variables"))
    words = [function.logical_id, *(f"{name} {shown(value)}" for name, value in variables.items())]
    return any(_INCREMENTAL.search(word) for word in words)


def _tables(value: Value, environment: Environment) -> list[str]:
    """Tables a value refers to, however deep, or names."""
    if value is None:
        return []
    deep = [environment.estate.resource(reference) for reference in references_in(value)]
    named = [use.resource for use in environment.uses(value, "")]
    return list(dict.fromkeys(item.id for item in (*deep, *named) if item is not None and item.type in TABLES))


def _started(estate: Estate) -> dict[str, list[Schedule]]:
    """Schedules by the id of what they start."""
    found: dict[str, list[Schedule]] = {}
    for rule in estate.of_type("AWS::Events::Rule", _SCHEDULE):
        expression = text_of(rule.get("ScheduleExpression"))
        targets = items_of(rule.get("Targets")) or items_of(rule.get("Target"))
        for target in targets if rule.get("ScheduleExpression") is not None else ():
            for reference in references_in(entries_of(target).get("Arn")):
                started = estate.resource(reference)
                if started is not None:
                    found.setdefault(started.id, []).append(schedule(expression, target))
    return found


def shown(value: Value) -> str:
    """The plain text of a value, whatever its shape, with nothing in the place of references."""
    if isinstance(value, str):
        return value
    if isinstance(value, Text):
        return "".join(part for part in value.parts if isinstance(part, str))
    if isinstance(value, (list, dict)):
        return " ".join(shown(item) for item in (value.values() if isinstance(value, dict) else value))
    return json.dumps(value) if isinstance(value, (bool, int, float)) else ""
