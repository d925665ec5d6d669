"""Templates broken at random, by structure: they end in a fleet whose parts fit together, never in an exception."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.robustness import run
from constructs_lib.readers.cloudformation import read_documents
from constructs_lib.readers.cloudformation.document import Document, parse, template_name

CASES = Path(__file__).parent / "data"
DOCUMENTS = [
    Document(template_name(path), path.name, parse(path.read_bytes()).value)
    for path in sorted(CASES.rglob("*"))
    if path.is_file() and path.suffix in (".yaml", ".yml", ".json") and ".fleet." not in path.name
]
BROKEN: list[Any] = [
    None, [], {}, 0, -1, 1e308, True, "", "x", "9" * 400, [None], {"Ref": "AWS::NoValue"}, {"Ref": ["a"]}, {"Ref": None},
    {"Fn::GetAtt": "x"},
    {"Fn::GetAtt": []}, {"Fn::Sub": "${A}${B.C}${!x}"}, {"Fn::Sub": ["${a}", {"a": [1]}]}, {"Fn::Join": ["", [{"Ref": "x"}, None, [1]]]},
    {"Fn::Select": [99, [1]]}, {"Fn::Split": ["", {}]}, {"Fn::If": ["c", 1]}, {"Fn::If": ["c", {"Ref": "AWS::NoValue"}, {"a": 1}]},
    {"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-x"}}, {"Fn::Transform": {"Name": "x"}}, "{{resolve:ssm:/a/b:1}}",
    "{{resolve:secretsmanager:x:SecretString:y}}", "arn:aws:dynamodb:::table/x", "postgres://u:p@[::1/x",
    {"Fn::ForEach::X": ["a", ["b"], {"${a}": 1}]},
]  # fmt: skip


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, inner in children for place in places(inner, (*here, key)))]


def put(body: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        body = body[key]
    body[place[-1]] = copy.deepcopy(value)


@settings(max_examples=150, deadline=5_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_broken_templates_end_in_a_fleet_whose_parts_fit(data: st.DataObject) -> None:
    originals = data.draw(st.lists(st.sampled_from(DOCUMENTS), min_size=1, max_size=3))
    documents = []
    for index, original in enumerate(originals):
        body = copy.deepcopy(dict(original.body))
        for _ in range(data.draw(st.integers(1, 6))):
            place = data.draw(st.sampled_from([place for place in places(body) if place]))
            put(body, place, data.draw(st.sampled_from(BROKEN)))
        documents.append(Document(f"{original.name}{index}", original.path, body))
    fleet = read_documents(documents, {}).fleet
    for connection in fleet.connections:
        assert connection.store in fleet.store_by_id
        assert connection.consumer in fleet.consumer_by_id
        assert connection.pool is None or connection.pool in fleet.pool_by_id
    assert all(pool.store in fleet.store_by_id for pool in fleet.pools)


def test_hostile_text_is_passed_over_quickly() -> None:
    variables = {
        "A": "{{resolve:ssm:" * 20_000,
        "B": "{{resolve:secretsmanager:" * 20_000,
        "C": "a." * 50_000 + "!",
        "D": "arn:" + ":cluster" * 30_000,
        "E": {"Fn::Sub": "${AWS::Region}" * 20_000},
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}}}
    stored = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/a", "Value": "b"}}
    began = time.perf_counter()
    fleet = read_documents([Document("s", "s", {"Resources": {"F": function, "P": stored}})], {}).fleet
    assert time.perf_counter() - began < 2
    assert [consumer.id for consumer in fleet.consumers] == ["F"]


def test_a_role_that_thousands_share_stays_readable() -> None:
    tables = {f"T{n}": {"Type": "AWS::DynamoDB::Table"} for n in range(300)}
    statement = {"Action": "dynamodb:*", "Resource": [{"Fn::GetAtt": [name, "Arn"]} for name in tables]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": statement}}]}}
    variables = {"Environment": {"Variables": {"TABLE": {"Ref": "T7"}}}}
    functions = {
        f"F{n}": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Ref": "Role"}, **variables}}
        for n in range(300)
    }
    began = time.perf_counter()
    fleet = read_documents([Document("s", "s", {"Resources": {"Role": role, **tables, **functions}})], {}).fleet
    assert time.perf_counter() - began < 5
    assert {connection.store for connection in fleet.connections} == {"T7"}
    assert len(fleet.connections) == 300


def test_broken_documents_end_in_a_report_or_a_refusal() -> None:
    """A sample of what ``make robustness`` does a hundred thousand times."""
    outcome = run(range(10_000_000, 10_000_400))
    assert outcome.failures == []
    assert outcome.ends["findings"] > 50
    assert outcome.ends["refused with a line"] > 20


def test_resources_that_name_themselves_lead_nowhere() -> None:
    """Found by ``benchmarks/robustness.py``: aliases and attachments were followed in circles."""
    alarm = {"MetricName": "Throttles", "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": "Alias"}}]}
    resources = {
        "Alias": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Other"}}},
        "Other": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Alias"}}},
        "Attachment": {
            "Type": "AWS::SecretsManager::SecretTargetAttachment",
            "Properties": {"SecretId": {"Ref": "Attachment"}, "TargetId": {"Ref": "Db"}},
        },
        "Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUserPassword": {"Ref": "Attachment"}}},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Namespace": "AWS/Lambda", **alarm}},
    }
    fleet = read_documents([Document("s", "s", {"Resources": resources})], {}).fleet
    assert [store.id for store in fleet.stores] == ["Db"]
    assert fleet.consumers == ()
