"""The JSON is the published shape, stable, and holds every quantity in its right form."""

from __future__ import annotations

import json as stdjson
import random
from dataclasses import replace

import jsonschema
import pytest

from constructs_lib.check import Report, check
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import json

Sample = tuple[str, Report, tuple[Unread, ...]]


def test_every_report_satisfies_the_published_schema(sample: Sample) -> None:
    _, report, unread = sample
    jsonschema.validate(stdjson.loads(json.render(report, unread)), json.schema())


def test_an_empty_fleet_is_a_report_too() -> None:
    document = stdjson.loads(json.render(check(Fleet())))
    jsonschema.validate(document, json.schema())
    assert document["stores"] == document["findings"] == document["unread"] == []


def test_the_schema_is_a_schema_and_refuses_what_is_no_report(sample: Sample) -> None:
    jsonschema.Draft202012Validator.check_schema(json.schema())
    _, report, unread = sample
    document = json.document(report, unread)
    for broken in (
        {**document, "schema_version": 2},
        {**document, "extra": 1},
        {key: value for key, value in document.items() if key != "findings"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, json.schema())


@pytest.mark.parametrize(
    ("quantity", "form"),
    [
        (Quantity.exact(5), {"exact": 5}),
        (Quantity.exact(0.25), {"exact": 0.25}),
        (Quantity.bounded(1, 2, "memory"), {"low": 1, "high": 2}),
        (Quantity.bounded(1, None, "open"), {"low": 1, "high": None}),
        (Quantity.unknown("a token"), {"unknown": "a token"}),
        (Quantity(0, None), {"unknown": "no reason was recorded"}),
    ],
)
def test_a_quantity_has_one_of_three_forms(quantity: Quantity, form: dict[str, object]) -> None:
    assert json.quantity(quantity) == form
    jsonschema.validate(form, {"$ref": "#/$defs/quantity", "$defs": json.schema()["$defs"]})


def test_the_order_of_the_input_does_not_show(sample: Sample) -> None:
    _, report, unread = sample
    chance = random.Random(7)
    fleet = report.fleet

    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(items, len(items)))

    mixed = replace(
        fleet,
        stores=shuffled(fleet.stores),
        pools=shuffled(fleet.pools),
        consumers=shuffled(fleet.consumers),
        connections=shuffled(fleet.connections),
    )
    turned = replace(report, fleet=mixed, not_decided=tuple(reversed(report.not_decided)))
    assert json.render(turned, tuple(reversed(unread))) == json.render(report, unread)


def test_an_unread_line_is_part_of_the_reason() -> None:
    document = json.document(
        check(Fleet()), [Unread("b.yaml", 7, "no mapping"), Unread("a.yaml", None, "no such file")]
    )
    assert document["unread"] == [
        {"path": "a.yaml", "reason": "no such file"},
        {"path": "b.yaml", "reason": "line 7: no mapping"},
    ]
