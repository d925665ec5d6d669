"""Text to values: both languages, lines, and input made to hurt."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.readers.cloudformation.document import parse, template_name
from constructs_lib.readers.reading import UnreadableError

TEMPLATE = {
    "Resources": {"Table": {"Type": "AWS::DynamoDB::Table"}, "Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"A": {"Value": 1}},
}


def refusal(data: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        parse(data)
    return caught.value


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_json_keeps_the_lines_of_resources(indent: int | None) -> None:
    text = json.dumps(TEMPLATE, indent=indent)
    parsed = parse(text.encode())
    assert parsed.value == TEMPLATE
    for name in ("Table", "Queue"):
        assert f'"{name}"' in text.splitlines()[parsed.lines["Resources", name] - 1]


def test_yaml_spells_out_short_forms() -> None:
    text = b"""
Resources:
  A: {Type: T, Properties: {R: !Ref X, G: !GetAtt A.B.C, L: !GetAtt [A, B], S: !Sub "${X}", C: !If [c, !Ref X, !Ref "AWS::NoValue"]}}
Conditions:
  c: !Not [!Condition d]
"""
    parsed = parse(text)
    assert parsed.value["Resources"]["A"]["Properties"] == {
        "R": {"Ref": "X"},
        "G": {"Fn::GetAtt": ["A", "B.C"]},
        "L": {"Fn::GetAtt": ["A", "B"]},
        "S": {"Fn::Sub": "${X}"},
        "C": {"Fn::If": ["c", {"Ref": "X"}, {"Ref": "AWS::NoValue"}]},
    }
    assert parsed.value["Conditions"] == {"c": {"Fn::Not": [{"Condition": "d"}]}}
    assert parsed.lines["Resources", "A"] == 3


def test_yaml_scalars_mean_what_cloudformation_takes_them_for() -> None:
    text = b"a: 012345678901\nb: 12\nc: 1.50\nd: yes\ne: 2010-09-09\nf: 1:30\ng:\nh: 0\n"
    assert parse(text).value == {
        "a": "012345678901",
        "b": 12,
        "c": 1.5,
        "d": True,
        "e": "2010-09-09",
        "f": "1:30",
        "g": None,
        "h": 0,
    }


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("text", ['{"Resources": {}}', "Resources: {}\n"])
def test_a_byte_order_mark_is_no_content(mark: bytes, text: str) -> None:
    assert parse(mark + text.encode()).value == {"Resources": {}}


def test_utf16_is_read() -> None:
    assert parse('{"Resources": {"É": 1}}'.encode("utf-16")).value == {"Resources": {"É": 1}}


def test_flow_yaml_in_braces_with_comments_is_yaml() -> None:
    assert parse(b"{Resources: {}, # nothing\n Outputs: {}}").value == {"Resources": {}, "Outputs": {}}


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", None, "empty"),
        (b" \n\n", None, "empty"),
        (b'{"a": 1,\n "b": }', 2, "not valid JSON"),
        (b'{"a": 1}\n}', 2, "not valid JSON"),
        (b"a: 1\nb: [1,\n", 3, "not valid YAML"),
        (b"a: b: c", 1, "not valid YAML"),
        (b"ok: 1\n\xff\xfe\xfa", 2, "UTF-8"),
        (b"\x00\x01\x02", None, ""),
        (b"a: &x [*x]", 1, "refers to the value that contains it"),
        (b"a: *missing", 1, "not valid YAML"),
    ],
)
def test_what_is_no_document_is_refused_with_its_line(data: bytes, line: int | None, reason: str) -> None:
    problem = refusal(data)
    assert reason in problem.reason
    assert problem.line == line


def test_duplicate_keys_are_told_with_their_line() -> None:
    assert parse(b"Resources:\n  A: {}\n  B: {}\n  A: {}\n").duplicates == ((4, "key 'A' is given twice"),)
    assert parse(b'{"Resources": {"A": {},\n "A": {}}}').duplicates == ((2, "key 'A' is given twice"),)


def test_an_alias_bomb_is_refused_at_once() -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    began = time.perf_counter()
    assert "aliases expand" in refusal("\n".join(layers).encode()).reason
    assert time.perf_counter() - began < 2


def test_honest_aliases_and_merges_are_read() -> None:
    text = b"x: &d {a: 1, b: 2}\ny: {<<: *d, b: 3}\nz: *d\n"
    assert parse(text).value == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}, "z": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"a: " + b"[" * 50_000 + b"]" * 50_000,
        b"- " * 20_000 + b"x",
        b"".join(b" " * i + b"k:\n" for i in range(1_500)),
        b"a: " + b"{b: " * 5_000,
    ],
    ids=["brackets", "objects", "flow", "dashes", "indentation", "braces"],
)
def test_deep_nesting_is_refused_and_never_crashes(data: bytes) -> None:
    began = time.perf_counter()
    refusal(data)
    assert time.perf_counter() - began < 5


def test_what_is_too_large_is_refused_without_reading_it() -> None:
    began = time.perf_counter()
    assert "too large" in refusal(b"a: b\n" * 10_000_000).reason
    assert time.perf_counter() - began < 2


@given(st.binary(max_size=300))
def test_any_bytes_are_a_document_or_refused(data: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        parse(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_reads_as_json_does(value: object) -> None:
    document = {"Resources": value, "Other": [value]}
    assert parse(json.dumps(document).encode()).value == document


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/Shop.template.json", "Shop"),
        ("x.yaml", "x"),
        ("stack.template", "stack"),
        ("A.nested.template.json", "A.nested"),
        (".json", ".json"),
    ],
)
def test_a_template_is_called_by_its_file(path: str, name: str) -> None:
    assert template_name(path) == name
