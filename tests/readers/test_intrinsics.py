"""Intrinsic functions: values, references, or unresolved with a reason; never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.readers.cloudformation.document import Document
from constructs_lib.readers.cloudformation.nesting import build
from constructs_lib.readers.cloudformation.stack import Stack
from constructs_lib.readers.cloudformation.values import (
    Either,
    Reference,
    Text,
    Unresolved,
    Value,
    quantity_of,
    references_in,
    scalar_text,
)

BODY = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "orders"},
        "Open": {"Type": "String"},
        "Limited": {"Type": "Number", "AllowedValues": [5, 20]},
        "Groups": {"Type": "CommaDelimitedList", "Default": "a, b"},
    },
    "Mappings": {"Sizes": {"small": {"class": "db.t4g.micro"}, "large": {"class": "db.r6g.large"}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Name"}, "orders"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Unknown": {"Fn::Equals": [{"Ref": "Open"}, "x"]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "Unknown"}]},
        "Any": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "Unknown"}]},
        "Circle": {"Fn::Not": [{"Condition": "Circle"}]},
        "Never": {"Fn::Equals": [{"Ref": "Limited"}, "7"]},
    },
    "Resources": {
        "Db": {"Type": "AWS::RDS::DBInstance", "Properties": {}},
        "Off": {"Type": "AWS::SQS::Queue", "Condition": "No"},
    },
}


def stack_of(body: dict[str, Any], parameters: dict[str, str] | None = None) -> Stack:
    return next(iter(build([Document("s", "s.json", body)], parameters or {}).stacks.values()))


STACK = stack_of(BODY)


def resolved(raw: Any) -> Value:
    return STACK.resolve(raw)


DB = {"Fn::GetAtt": ["Db", "Endpoint.Address"]}
ARN = {"Fn::GetAtt": ["Db", "DbInstanceArn"]}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"Ref": "Name"}, "orders"),
        ({"Ref": "Groups"}, ["a", "b"]),
        ({"Fn::Sub": "${Name}-${!Name}-x"}, "orders-${Name}-x"),
        ({"Fn::Sub": ["${A}/${Name}", {"A": {"Ref": "Name"}}]}, "orders/orders"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 3]]}, "a-orders-3"),
        ({"Fn::Join": [",", {"Ref": "Groups"}]}, "a,b"),
        ({"Fn::Select": [1, ["a", "b"]]}, "b"),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "x-y-z"]}]}, "y"),
        ({"Fn::FindInMap": ["Sizes", "small", "class"]}, "db.t4g.micro"),
        ({"Fn::FindInMap": ["Sizes", "huge", "class", {"DefaultValue": "none"}]}, "none"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::If": ["Any", 1, 2]}, 1),
        ({"Fn::If": ["Never", 1, 2]}, 2),
        ({"a": {"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"Fn::Base64": "text"}, "text"),
        ({"Fn::Length": [1, 2]}, 2),
        ({"Fn::ToJsonString": {"a": [1, True, None]}}, '{"a":[1,true,null]}'),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
    ],
)
def test_values_that_a_template_shows(raw: Any, value: Any) -> None:
    assert resolved(raw) == value


def test_references_survive_text_lists_and_pieces() -> None:
    assert resolved(DB) == Reference(STACK.key, "Db", "Endpoint.Address")
    assert resolved({"Fn::GetAtt": "Db.Endpoint.Address"}) == resolved(DB)
    joined = resolved({"Fn::Join": ["", ["postgres://", DB, ":5432/", {"Ref": "Open"}]]})
    assert isinstance(joined, Text)
    assert list(references_in(joined)) == [resolved(DB)]
    assert isinstance(joined.parts[-1], Unresolved)
    piece = resolved({"Fn::Select": [6, {"Fn::Split": [":", ARN]}]})
    assert isinstance(piece, Reference)
    assert piece.part


def test_the_head_of_an_arn_is_nothing_of_the_resource() -> None:
    region = resolved({"Fn::Select": [3, {"Fn::Split": [":", ARN]}]})
    assert isinstance(region, Unresolved)


def test_text_with_holes_is_cut_around_them() -> None:
    found = resolved({"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::Sub": "a/${Db}-x/c"}]}]})
    assert found == Text((Reference(STACK.key, "Db", "Ref"), "-x"))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"Ref": "Open"}, "parameter 'Open' has no default"),
        ({"Ref": "Nothing"}, "neither a parameter nor a resource"),
        ({"Ref": "Off"}, "switched off by its condition"),
        ({"Ref": "AWS::Region"}, "known when the stack is deployed"),
        ({"Fn::ImportValue": "x"}, "import x comes from a stack that was not given"),
        ({"Fn::GetAZs": ""}, "Fn::GetAZs is decided by CloudFormation"),
        ({"Fn::Transform": {"Name": "M"}}, "Fn::Transform is decided by CloudFormation"),
        ({"Fn::Select": [9, ["a"]]}, "item 9 of 1"),
    ],
)
def test_what_nobody_can_know_says_why(raw: Any, reason: str) -> None:
    found = resolved(raw)
    assert isinstance(found, Unresolved)
    assert reason in found.reason


@pytest.mark.parametrize("name", ["Unknown", "Both", "Circle", "Missing"])
def test_an_undecided_condition_keeps_both_values(name: str) -> None:
    assert resolved({"Fn::If": [name, 1, 2]}) == Either((1, 2))


def test_numbers_are_bounded_by_what_is_allowed() -> None:
    limited = quantity_of(resolved({"Ref": "Limited"}), "limit")
    assert limited is not None
    assert (limited.low, limited.high) == (5, 20)
    unknown = quantity_of(resolved({"Ref": "Open"}), "limit")
    assert unknown is not None
    assert unknown.is_unknown
    assert "has no default" in unknown.reason
    perhaps = quantity_of(resolved({"Fn::If": ["Unknown", 5, {"Ref": "AWS::NoValue"}]}), "limit")
    assert perhaps is not None
    assert perhaps.is_unknown


@pytest.mark.parametrize("written", ["-1", "many", True, [5], {"a": 1}])
def test_a_number_that_is_none_is_unknown_not_a_crash(written: Any) -> None:
    quantity = quantity_of(written, "limit")
    assert quantity is not None
    assert quantity.is_unknown


def test_overrides_beat_defaults_and_may_name_one_template() -> None:
    assert stack_of(BODY, {"Name": "all"}).resolve({"Ref": "Name"}) == "all"
    assert stack_of(BODY, {"Name": "all", "s/Name": "one"}).resolve({"Ref": "Name"}) == "one"


def test_an_assembly_s_region_is_known() -> None:
    document = Document("s", "s.json", BODY, region="eu-west-1", account="123456789012", stack_name="shop")
    stack = next(iter(build([document], {}).stacks.values()))
    assert (
        stack.resolve({"Fn::Sub": "${AWS::Region}/${AWS::AccountId}/${AWS::StackName}"})
        == "eu-west-1/123456789012/shop"
    )


def test_circles_of_parameters_exports_and_outputs_end() -> None:
    exporting = {"Resources": {}, "Outputs": {"A": {"Value": {"Fn::ImportValue": "b"}, "Export": {"Name": "a"}}}}
    importing = {"Resources": {}, "Outputs": {"B": {"Value": {"Fn::ImportValue": "a"}, "Export": {"Name": "b"}}}}
    estate = build([Document("x", "x", exporting), Document("y", "y", importing)], {})
    assert isinstance(next(iter(estate.stacks.values())).resolve({"Fn::ImportValue": "a"}), Unresolved)


NAMES = st.sampled_from(
    [
        "Ref",
        "Name",
        "Open",
        "Limited",
        "Db",
        "Off",
        "AWS::Region",
        "AWS::NoValue",
        "Sizes",
        "Yes",
        "Unknown",
        "",
        "${Name}",
    ]
)
FUNCTIONS = st.sampled_from(
    ["Ref", "Condition", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::FindInMap", "Fn::If", "Fn::ImportValue",
     "Fn::Base64", "Fn::Length", "Fn::ToJsonString", "Fn::Cidr", "Fn::Equals", "Fn::And", "Fn::ForEach::X", "Fn::Transform"]
)  # fmt: skip
VALUES = st.recursive(
    NAMES | st.none() | st.booleans() | st.integers(-2, 12) | st.floats(allow_nan=True) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FUNCTIONS | NAMES, inner, max_size=2),
    max_leaves=12,
)


def plain(value: Value) -> bool:
    if isinstance(value, (list, dict)):
        return all(plain(item) for item in (value.values() if isinstance(value, dict) else value))
    return value is None or scalar_text(value) is not None


@given(VALUES)
def test_nothing_makes_a_resolution_raise(raw: Any) -> None:
    found = resolved(raw)
    quantity_of(found, "anything")
    assert all(isinstance(reference, Reference) for reference in references_in(found))


@given(VALUES.filter(lambda raw: isinstance(raw, (dict, list))))
def test_what_rests_on_an_open_parameter_never_becomes_plain(raw: Any) -> None:
    """Text, lists and choices around an unresolved parameter stay unresolved somewhere."""
    open_ = {"Ref": "Open"}
    assert not plain(resolved({"Fn::Join": ["-", ["a", open_]]}))
    assert not plain(resolved([raw, open_]))
    assert not plain(resolved({"Fn::Sub": ["${A}${B}", {"A": raw, "B": open_}]}))
