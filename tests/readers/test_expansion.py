"""Macros: loops unrolled, SAM resources spelled out, and what only CloudFormation can expand reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.readers.reading import Reading

Read = Callable[..., Reading]
QUEUE_TABLE = {
    "${Name}Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "shop-${Name}"}}}
}


def ids(reading: Reading) -> list[str]:
    return [store.id for store in reading.fleet.stores]


def test_a_loop_over_a_list_is_unrolled(reading_of: Read) -> None:
    reading = reading_of(
        {"Fn::ForEach::Tables": ["Name", ["Order", "Item"], QUEUE_TABLE]}, Transform="AWS::LanguageExtensions"
    )
    assert ids(reading) == ["OrderTable", "ItemTable"]
    assert {store.origin.line for store in reading.fleet.stores} == {3}
    assert not reading.fleet.gaps


def test_a_loop_over_a_parameter_takes_its_value(reading_of: Read) -> None:
    loop = {"Fn::ForEach::Tables": ["Name", {"Ref": "Names"}, QUEUE_TABLE]}
    declared = {"Names": {"Type": "CommaDelimitedList", "Default": "A,B"}}
    assert ids(reading_of(loop, Parameters=declared)) == ["ATable", "BTable"]
    assert ids(reading_of(loop, {"Names": "C"}, Parameters=declared)) == ["CTable"]


def test_loops_within_loops(reading_of: Read) -> None:
    inner = {"Fn::ForEach::Inner": ["B", ["1", "2"], {"${A}X${B}": {"Type": "AWS::DynamoDB::Table"}}]}
    assert ids(reading_of({"Fn::ForEach::Outer": ["A", ["P", "Q"], inner]})) == ["PX1", "PX2", "QX1", "QX2"]


@pytest.mark.parametrize(
    "loop",
    [
        ["Name", {"Ref": "Unknown"}, QUEUE_TABLE],
        ["Name", [{"a": 1}], QUEUE_TABLE],
        ["Name"],
        "x",
        [5, ["a"], {}],
        ["Name", ["a"], []],
    ],
)
def test_a_loop_that_cannot_be_unrolled_is_a_gap(reading_of: Read, loop: Any) -> None:
    (gap,) = reading_of({"Fn::ForEach::Tables": loop}).fleet.gaps
    assert "Fn::ForEach::Tables" in gap.missing


def test_a_loop_without_end_ends(reading_of: Read) -> None:
    reading = reading_of(
        {"Fn::ForEach::T": ["N", [str(n) for n in range(3_000)], {"T${N}": {"Type": "AWS::DynamoDB::Table"}}]}
    )
    assert len(ids(reading)) == 1_000
    assert "1,000" in reading.fleet.gaps[0].missing


@pytest.mark.parametrize("macro", ["Mine", ["AWS::LanguageExtensions", "Mine"], {"Name": "Mine", "Parameters": {}}])
def test_a_foreign_macro_is_a_gap(reading_of: Read, macro: Any) -> None:
    (gap,) = reading_of({}, Transform=macro).fleet.gaps
    assert "'Mine'" in gap.missing
    assert gap.origin.line is not None


def test_globals_merge_as_sam_merges_them(reading_of: Read) -> None:
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Environment": {"Variables": {"B": "2"}}, "Policies": [{"Statement": []}], "Timeout": 9},
    }
    reading = reading_of(
        {"F": function},
        Globals={
            "Function": {"Timeout": 5, "ReservedConcurrentExecutions": 4, "Environment": {"Variables": {"A": "1"}}}
        },
    )
    (consumer,) = reading.fleet.consumers
    assert str(consumer.timeout_seconds) == "9"
    assert str(consumer.reserved_concurrency) == "4"


@pytest.mark.parametrize(
    "broken", [None, 5, "x", [], {"Properties": 5}, {"Properties": {"Events": [1], "Policies": 7, "Environment": []}}]
)
def test_broken_sam_functions_are_still_functions(reading_of: Read, broken: Any) -> None:
    body = {**(broken if isinstance(broken, dict) else {}), "Type": "AWS::Serverless::Function"}
    reading = reading_of({"F": body, "G": broken}, Globals=broken)
    assert [consumer.id for consumer in reading.fleet.consumers] == ["F"]
