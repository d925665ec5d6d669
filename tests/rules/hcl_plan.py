"""Plain HCL as the plan that ``terraform show -json`` gives for it, with the AWS provider's defaults of the arguments that matter here.

Shape as Terraform 1.11.4 prints it: values that wait for apply are left out of ``planned_values`` and marked in ``after_unknown``;
``configuration`` shows references and constants, the arguments of blocks in lists, and nothing of locals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import hcl2

from tests.rules.hcl_expressions import BLOCK, UNKNOWN, Evaluation, known, without_quotes

Json = dict[str, Any]
Key = tuple[bool, str, str]

#: Defaults of terraform-provider-aws 5 and 6 (resource schemas, read 2026-11-21); a dotted name is an argument of a block.
DEFAULTS: dict[str, Json] = {
    "aws_lambda_function": {"timeout": 3, "memory_size": 128, "reserved_concurrent_executions": -1, "publish": False},
    "aws_lambda_event_source_mapping": {"enabled": True},
    "aws_db_proxy_default_target_group": {
        "connection_pool_config.connection_borrow_timeout": 120,
        "connection_pool_config.max_connections_percent": 100,
        "connection_pool_config.max_idle_connections_percent": 50,
    },
    "aws_sqs_queue": {"visibility_timeout_seconds": 30, "message_retention_seconds": 345600, "fifo_queue": False},
    "aws_dynamodb_table": {"billing_mode": "PROVISIONED"},
    "aws_api_gateway_integration": {"timeout_milliseconds": 29000},
    "aws_scheduler_schedule": {"state": "ENABLED"},
    "aws_rds_cluster_instance": {"promotion_tier": 0},
}
#: Optional arguments whose value AWS decides when they are not given, so that a plan does not know them.
COMPUTED: dict[str, tuple[str, ...]] = {
    "aws_db_proxy_default_target_group": ("connection_pool_config",),
    "aws_db_proxy": ("idle_client_timeout", "default_auth_scheme", "vpc_security_group_ids"),
    "aws_db_instance": ("engine_version", "parameter_group_name", "identifier", "multi_az"),
    "aws_rds_cluster": ("engine_version", "db_cluster_parameter_group_name", "cluster_identifier"),
    "aws_rds_cluster_instance": ("engine_version", "db_parameter_group_name", "identifier"),
    "aws_lambda_event_source_mapping": ("batch_size", "parallelization_factor", "maximum_record_age_in_seconds"),
    "aws_iam_role": ("inline_policy", "managed_policy_arns"),
    "terraform_data": ("output",),
}
#: Maps that the provider takes as a whole: one value that waits for apply hides all of them (seen with Terraform 1.11.4, provider 5.100).
_MAPS = {"aws_lambda_function": (("environment", "variables"),)}
#: Blocks that may be assigned as a list: the configuration shows all of them as one expression, and a list in them is known or not.
_ASSIGNED = {"aws_security_group": ("ingress", "egress")}
_TEXTS = {("aws_db_parameter_group", "parameter"), ("aws_rds_cluster_parameter_group", "parameter")}


def plan_of(text: str) -> str:
    """The plan's JSON text, one key a line so that addresses have lines."""
    return json.dumps(_Planning(hcl2.loads(text)).plan(), indent=1)


class _Planning:
    def __init__(self, parsed: Mapping[str, Any]) -> None:
        self.variables = {
            without_quotes(name): body.get("default")
            for item in parsed.get("variable", [])
            for name, body in item.items()
        }
        self.locals = {name: given for item in parsed.get("locals", []) for name, given in item.items()}
        self.resources: dict[Key, Json] = {}
        for word in ("data", "resource"):
            for item in parsed.get(word, []):
                for kind, named in item.items():
                    for name, body in named.items():
                        self.resources[word == "data", without_quotes(kind), without_quotes(name)] = body
        self.asked: set[tuple[Key, str]] = set()
        foreign = set(parsed) - {"variable", "locals", "resource", "data", "provider", "terraform", "output"}
        assert not foreign, f"blocks that examples do not need so far: {foreign}"

    def plan(self) -> Json:
        written = [self._written(key) for key in self.resources]
        changes: list[Json] = []
        planned: list[Json] = []
        read: list[Json] = []
        for key, index, each in self._instances():
            values = self._values(key, each)
            waits = key[0] and not known(values)
            (planned if waits or not key[0] else read).append(_described(key, index, _shown(values)))
            changes.append(
                {**_named(key, index), "change": {"actions": ["create"], "after_unknown": _unknown(values) or {}}}
            )
        planned.sort(key=lambda item: str(item["address"]))
        return {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "variables": {name: {"value": self._name(("var", name), {})} for name in self.variables},
            "planned_values": {"root_module": {"resources": planned}},
            "resource_changes": changes,
            "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": read}}},
            "configuration": {
                "root_module": {"resources": written, "variables": {name: {} for name in self.variables}}
            },
        }

    def _evaluation(self, each: Json) -> Evaluation:
        return Evaluation(lambda steps: self._name(steps, each))

    def _instances(self) -> Iterator[tuple[Key, str | int | None, Json]]:
        for key, body in self.resources.items():
            count = self._evaluation({}).value(body.get("count"))
            repeated = self._evaluation({}).value(body.get("for_each"))
            if count is not None:
                yield from ((key, index, {"count.index": index}) for index in range(count))
            elif repeated is not None:
                pairs = repeated.items() if isinstance(repeated, dict) else zip(repeated, repeated, strict=True)
                yield from ((key, name, {"each.key": name, "each.value": value}) for name, value in pairs)
            else:
                yield key, None, {}

    def _values(self, key: Key, each: Json) -> Json:
        data, kind, _ = key
        body = {name: given for name, given in self.resources[key].items() if name not in _META}
        values: Json = self._evaluation(each).value(body)
        for path, default in DEFAULTS.get(kind, {}).items():
            block, _, name = path.rpartition(".")
            for holder in values.get(block, []) if block else [values]:
                holder.setdefault(name, default)
        for item in [item for name in values if (kind, name) in _TEXTS for item in values[name]]:
            item["value"] = item["value"] if item["value"] is UNKNOWN else str(item["value"])
        for block, name in _MAPS.get(kind, ()):
            for holder in values.get(block, []):
                holder[name] = holder.get(name, {}) if known(holder.get(name, {})) else UNKNOWN
        for holder in [item for name in _ASSIGNED.get(kind, ()) for item in values.get(name, [])]:
            holder.update(
                {name: UNKNOWN for name, item in holder.items() if isinstance(item, list) and not known(item)}
            )
        if data:
            return _read(kind, values)
        asked = {name for other, name in self.asked if other == key}
        exported = {"id", "arn"} if kind.startswith("aws_") else {"id"}
        return {**dict.fromkeys({*exported, *COMPUTED.get(kind, ()), *asked} - set(values), UNKNOWN), **values}

    def _name(self, steps: tuple[str, ...], each: Json) -> Any:
        """The value of a traversal."""
        first, second = steps[0], steps[1]
        if first in ("each", "count"):
            return _inside(each[f"{first}.{second}"], steps[2:])
        if first == "var":
            return _inside(self._evaluation({}).value(self.variables[second]), steps[2:])
        if first == "local":
            return _inside(self._evaluation({}).value(self.locals[second]), steps[2:])
        data = first == "data"
        kind, name, *rest = steps[1:] if data else steps
        return self._attribute((data, kind, name), rest)

    def _attribute(self, key: Key, rest: list[str]) -> Any:
        instances = [(index, each) for other, index, each in self._instances() if other == key]
        assert instances, f"there is no {'.'.join(key[1:])}"
        if instances[0][0] is None:
            return self._of_instance(key, {}, rest)
        if rest[0] == "*":
            return [self._of_instance(key, each, rest[1:]) for _, each in instances]
        return self._of_instance(key, {str(index): each for index, each in instances}[rest[0]], rest[1:])

    def _of_instance(self, key: Key, each: Json, rest: list[str]) -> Any:
        attribute = rest[0]
        if key[0]:
            return _inside(self._values(key, each).get(attribute, UNKNOWN), rest[1:])
        self.asked.add((key, attribute))
        if attribute not in self.resources[key]:
            return DEFAULTS.get(key[1], {}).get(attribute, UNKNOWN)
        return _inside(self._evaluation(each).value(self.resources[key][attribute]), rest[1:])

    def _written(self, key: Key) -> Json:
        """The resource in the configuration; asking for every expression also finds out which attributes are referred to."""
        body = self.resources[key]
        each = next((each for other, _, each in self._instances() if other == key), {})
        expressions = {
            name: self._together(given, each) if name in _ASSIGNED.get(key[1], ()) else self._expression(given, each)
            for name, given in body.items()
            if name not in (*_META, BLOCK)
        }
        found = {**_named(key, None), "expressions": expressions}
        for name in ("count", "for_each"):
            if name in body:
                expression = self._expression(body[name], {})
                found |= {f"{name}_expression": expression} if expression else {}
        return found

    def _together(self, given: Any, each: Json) -> Any:
        evaluation = self._evaluation(each)
        value = evaluation.value(given)
        return {"references": evaluation.references} if evaluation.names else {"constant_value": value}

    def _expression(self, given: Any, each: Json) -> Any:
        if isinstance(given, list) and given and all(isinstance(item, dict) and BLOCK in item for item in given):
            return [
                {name: self._expression(inner, each) for name, inner in item.items() if name != BLOCK} for item in given
            ]
        evaluation = self._evaluation(each)
        value = evaluation.value(given)
        if evaluation.names:
            return {"references": evaluation.references}
        return {"constant_value": value} if evaluation.plain and value is not None else {}


_META = ("count", "for_each", "depends_on", "provider", "lifecycle", "provisioner")


def _inside(value: Any, steps: Any) -> Any:
    for step in steps:
        if value is UNKNOWN:
            return UNKNOWN
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _named(key: Key, index: str | int | None) -> Json:
    data, kind, name = key
    suffix = "" if index is None else f"[{json.dumps(index)}]"
    address = f"{'data.' if data else ''}{kind}.{name}{suffix}"
    found: Json = {"address": address, "mode": "data" if data else "managed", "type": kind, "name": name}
    return found if index is None else {**found, "index": index}


def _described(key: Key, index: str | int | None, values: Json) -> Json:
    provider = f"registry.terraform.io/hashicorp/{key[1].partition('_')[0]}"
    return {
        **_named(key, index), "provider_name": provider, "schema_version": 0, "values": values, "sensitive_values": {},
    }  # fmt: skip


def _shown(value: Any) -> Any:
    """What a plan prints: unknown entries of objects are left out, unknown elements of lists are null."""
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items() if item is not UNKNOWN}
    if isinstance(value, list):
        return [None if item is UNKNOWN else _shown(item) for item in value]
    return value


def _unknown(value: Any) -> Any:
    """``after_unknown``: true where a value waits for apply; the elements of lists keep their place."""
    if isinstance(value, dict):
        found = {name: _unknown(item) for name, item in value.items()}
        return {name: item for name, item in found.items() if item is not False}
    if isinstance(value, list):
        return [_unknown(item) for item in value]
    return value is UNKNOWN


def _read(kind: str, values: Json) -> Json:
    """A policy document is written out when all of it is known; other data sources are read after apply here."""
    if kind != "aws_iam_policy_document" or not known(values):
        return {**dict.fromkeys(("id", "json"), UNKNOWN), **values}
    statements = [
        {"Effect": item.get("effect", "Allow"), "Action": item["actions"], "Resource": item["resources"]}
        for item in values["statement"]
    ]
    return {**values, "json": json.dumps({"Version": "2012-10-17", "Statement": statements})}
