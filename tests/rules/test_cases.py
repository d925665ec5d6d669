"""Every rule's named pass and fail fleets, kept as data in ``cases/<rule_module>.yaml``.

A case holds a compact fleet and the findings of that rule. A number is exact, ``"65..98"`` bounded, ``"65.."`` without upper bound,
``"?why"`` unknown. Stores are pinned-able PostgreSQL instances on db.m6g.4xlarge unless the case says otherwise.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.check import check
from constructs_lib.model.alarms import Alarm
from constructs_lib.model.credentials import Credential
from constructs_lib.model.fleet import (
    Connection,
    Consumer,
    EventSource,
    Fleet,
    Gap,
    Instance,
    Pool,
    Provisioned,
    Store,
)
from constructs_lib.model.grants import Grant
from constructs_lib.model.key_value import Export, Index, KeyValueTable
from constructs_lib.model.origin import Origin
from constructs_lib.model.outsiders import Contradiction, Outsider
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.schedules import Schedule
from constructs_lib.model.settings import Settings
from constructs_lib.rules import all_rules
from tests.rules.surroundings import PARTS, network

CASES = Path(__file__).parent / "cases"


def quantity(value: object) -> Quantity:
    if isinstance(value, int | float):
        return Quantity.exact(value)
    text = str(value)
    if text.startswith("?"):
        return Quantity.unknown(text[1:])
    low, high = text.split("..")
    return Quantity.bounded(int(low), int(high) if high else None, "as the case says")


def _plain(value: Any) -> Any:
    return value


def made(cls: type, fields: Mapping[str, Any]) -> Any:
    """The dataclass from plain values; every unknown key is a mistake of the case."""
    hints = typing.get_type_hints(cls)
    values = {
        name: quantity(value)
        if Quantity in (hints[name], *typing.get_args(hints[name]))
        else PARTS.get(name, _plain)(value)
        for name, value in fields.items()
    }
    return cls(**values)


def store(name: str, fields: dict[str, Any]) -> Store:
    classes = fields.pop("classes", [fields.pop("class", "db.m6g.4xlarge")])
    instances = tuple(
        Instance(f"{name}{index}", cls, role="reader" if index and "cluster" in fields.get("kind", "") else "writer")
        for index, cls in enumerate(classes)
    )
    others = tuple((client, quantity(count)) for client, count in fields.pop("other_connections", {}).items())
    if "table" in fields:
        fields = {"kind": "dynamodb-table", "engine": "dynamodb", **fields, "table": table(fields["table"] or {})}
    defaults = {"kind": "rds-instance", "engine": "postgres", "engine_version": "17.5"}
    placed = Origin("case.yaml", 1, name, f"Stack/{name}")
    return typing.cast(
        "Store",
        made(
            Store,
            {
                **defaults,
                **fields,
                "id": name,
                "instances": instances,
                "other_connections": others,
                "origin": placed,
            },
        ),
    )


def function(name: str, fields: dict[str, Any]) -> tuple[Consumer, list[Connection]]:
    uses = fields.pop("uses", [])
    sources = tuple(
        made(EventSource, {"id": source, **scheduled(more)}) for source, more in fields.pop("event_sources", {}).items()
    )
    provisioned = tuple(
        made(Provisioned, {"id": alias, "executions": count}) for alias, count in fields.pop("provisioned", {}).items()
    )
    renamed = {"reserved": "reserved_concurrency", "timeout": "timeout_seconds"}
    plain = {renamed.get(key, key): value for key, value in fields.items()}
    consumer = made(Consumer, {"id": name, **plain, "event_sources": sources, "provisioned": provisioned})
    return consumer, [made(Connection, {"consumer": name, **granted(use)}) for use in uses]


def granted(use: Mapping[str, Any]) -> dict[str, Any]:
    """A connection with its grants, each a list of actions or the fields of one."""
    written = [{"actions": item} if isinstance(item, list) else item for item in use.get("grants", [])]
    grants = tuple(made(Grant, {**item, "actions": tuple(item["actions"])}) for item in written)
    return {**use, "grants": grants} if grants else dict(use)


def scheduled(source: Mapping[str, Any]) -> dict[str, Any]:
    """An event source with its schedule."""
    return {**source, "schedule": made(Schedule, source["schedule"])} if "schedule" in source else dict(source)


def table(fields: Mapping[str, Any]) -> KeyValueTable:
    """A table with its indexes (name to partition key), exports and other facts."""
    nested: dict[str, Any] = {key: tuple(fields[key]) for key in ("stream_readers", "known_as") if key in fields}
    nested["indexes"] = tuple(Index(name, key) for name, key in fields.get("indexes", {}).items())
    nested["exports"] = tuple(
        made(
            Export, {"id": name, **more, "schedules": tuple(made(Schedule, item) for item in more.get("schedules", []))}
        )
        for name, more in fields.get("exports", {}).items()
    )
    return typing.cast("KeyValueTable", made(KeyValueTable, {**fields, **nested}))


def fleet(fields: dict[str, Any]) -> Fleet:
    functions = [function(name, dict(more or {})) for name, more in fields.get("functions", {}).items()]
    return Fleet(
        stores=tuple(store(name, dict(more or {})) for name, more in fields.get("stores", {}).items()),
        pools=tuple(made(Pool, {"id": name, **more}) for name, more in fields.get("pools", {}).items()),
        consumers=tuple(consumer for consumer, _ in functions),
        connections=tuple(connection for _, connections in functions for connection in connections),
        network=network(fields.get("network", {})),
        gaps=tuple(made(Gap, gap) for gap in fields.get("gaps", [])),
        credentials=tuple(
            made(Credential, {"id": name, **(more or {})}) for name, more in fields.get("credentials", {}).items()
        ),
        alarms=tuple(made(Alarm, {"id": name, **more}) for name, more in fields.get("alarms", {}).items()),
        outsiders=tuple(made(Outsider, {"id": name, **more}) for name, more in fields.get("outsiders", {}).items()),
        contradictions=tuple(made(Contradiction, said) for said in fields.get("contradictions", [])),
    )


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in document["cases"]:
            yield pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize(("module", "case"), list(cases()))
def test_a_rule_finds_what_its_case_says(module: str, case: dict[str, Any]) -> None:
    code = next(rule.code for rule in all_rules() if rule.name == module.replace("_", "-"))

    report = check(fleet(case["fleet"]), Settings(**case.get("settings", {})))
    found = [finding for finding in report.findings if finding.code == code]

    assert len(found) == len(case["finds"]), [finding.message for finding in found]
    for finding, wanted in zip(found, case["finds"], strict=True):
        for key, value in wanted.items():
            shown = getattr(finding, key)
            assert (value in shown) if key in ("fix", "arithmetic") else (shown == value), shown


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_every_rule_has_cases_that_pass_and_cases_that_fail(rule: Any) -> None:
    document = yaml.safe_load((CASES / f"{rule.name.replace('-', '_')}.yaml").read_text(encoding="utf-8"))

    outcomes = {bool(case["finds"]) for case in document["cases"]}
    names = [case["name"] for case in document["cases"]]

    assert outcomes == {True, False}
    assert len(set(names)) == len(names)


def test_every_case_file_belongs_to_a_rule() -> None:
    names = {rule.name.replace("-", "_") for rule in all_rules()}

    assert {path.stem for path in CASES.glob("*.yaml")} <= names


def test_a_case_with_a_key_nobody_knows_is_refused() -> None:
    with pytest.raises((KeyError, TypeError)):
        made(Pool, {"id": "p", "store": "s", "percentage": 3})


def test_dataclasses_of_the_fleet_are_all_reachable_from_a_case() -> None:
    fields = {field.name for field in dataclasses.fields(Fleet)}

    assert fields == {
        "stores",
        "pools",
        "consumers",
        "connections",
        "gaps",
        "acknowledgements",
        "network",
        "alarms",
        "credentials",
        "outsiders",
        "contradictions",
    }
