"""Settings that an app declares as CDK context, keys ``poolproof:*`` (``cdk.json``, ``-c`` or ``App(context=…)``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from constructs import Node

from constructs_lib.errors import InputError, Problem
from constructs_lib.model.settings import Settings

PREFIX = "poolproof:"
_LEAST = {"account_concurrency": 1, "operator_reserve": 0, "deploy_overlap": 1, "connections_per_vcpu": 1}


def settings_of(node: Node) -> Settings:
    """The settings in force at a node; AWS's and the library's defaults where the context is silent.

    Values of the command line arrive as text. Raises ``InputError`` with every wrong value at once.
    """
    problems: list[Problem] = []
    context = dict(node.get_all_context())  # one question to Node instead of one a key
    numbers = {name: _whole(context, name, least, problems) for name, least in _LEAST.items()}
    strict = _flag(context, "strict", problems)
    if problems:
        raise InputError(problems)
    given = {name: value for name, value in numbers.items() if value is not None}
    return replace(_settings(given), account_concurrency_declared="account_concurrency" in given, strict=strict)


def _settings(given: Mapping[str, int]) -> Settings:
    default = Settings()
    return replace(
        default,
        account_concurrency=given.get("account_concurrency", default.account_concurrency),
        operator_reserve=given.get("operator_reserve", default.operator_reserve),
        deploy_overlap=given.get("deploy_overlap", default.deploy_overlap),
        connections_per_vcpu=given.get("connections_per_vcpu", default.connections_per_vcpu),
    )


def stage_of(node: Node) -> str:
    """``local`` when the app is synthesized for one machine (context ``poolproof:stage``), else ``aws``."""
    return "local" if node.try_get_context(f"{PREFIX}stage") == "local" else "aws"


def _whole(context: Mapping[str, Any], name: str, least: int, problems: list[Problem]) -> int | None:
    value = context.get(PREFIX + name)
    if value is None:
        return None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if isinstance(value, bool) or not text.isdigit() or int(text) < least:
        problems.append(Problem(f"context '{PREFIX}{name}' must be a whole number from {least} up, got {value!r}"))
        return None
    return int(text)


def _flag(context: Mapping[str, Any], name: str, problems: list[Problem]) -> bool:
    value = context.get(PREFIX + name)
    text = str(value).strip().lower()
    if value is None or text == "false":
        return False
    if text != "true":
        problems.append(Problem(f"context '{PREFIX}{name}' must be true or false, got {value!r}"))
    return text == "true"
