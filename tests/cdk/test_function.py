from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from constructs_lib import FunctionProfiles, StoreFunction
from constructs_lib.cdk._assets import lambda_source
from constructs_lib.cdk.function import dependency_layer, runtime_layer
from constructs_lib.errors import InputError
from tests.cdk.conftest import function_of, make_app, make_vpc, resource

pytestmark = pytest.mark.cdk


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "handler.py").write_text("def handler(event, context):\n    return {}\n")
    return folder


def test_safe_defaults(entry: Path) -> None:
    stack = cdk.Stack(make_app(), "Shop")
    StoreFunction(stack, "Api", entry=entry, environment={"COLOUR": "blue"})
    StoreFunction(stack, "Other", code=lambda_.Code.from_inline("def handler(event, context): ..."), timeout=None)
    template = Template.from_stack(stack)
    properties = function_of(template, "Api")["Properties"]
    assert properties["Runtime"] == "python3.13"
    assert properties["Architectures"] == ["arm64"]
    assert properties["Handler"] == "handler.handler"
    assert (properties["Timeout"], properties["MemorySize"]) == (15, 512)
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert properties["LoggingConfig"]["LogFormat"] == "JSON"
    assert properties["Environment"]["Variables"] == {"COLOUR": "blue"}
    assert "ReservedConcurrentExecutions" not in properties
    assert {
        body["Properties"]["RetentionInDays"] for body in template.find_resources("AWS::Logs::LogGroup").values()
    } == {30}
    # One layer serves every function of the stack.
    layer = resource(template, "AWS::Lambda::LayerVersion")["Properties"]
    assert layer["CompatibleRuntimes"] == ["python3.13"]
    assert properties["Layers"] == function_of(template, "Other")["Properties"]["Layers"]
    assert list(template.find_resources("AWS::Lambda::Function")) == ["ApiF70053CD", "Other34654A52"]


def test_it_takes_a_profiles_numbers(entry: Path) -> None:
    stack = cdk.Stack(make_app(), "Shop")
    profiles = FunctionProfiles.from_text("function_profiles:\n  api: {store: relational, timeout: 9s, memory: 256}\n")
    profiles.function(stack, "Api", "api", entry=entry)
    properties = function_of(Template.from_stack(stack), "Api")["Properties"]
    assert (properties["Timeout"], properties["MemorySize"]) == (9, 256)


def test_shipped_functions_are_found_by_name_from_any_folder(in_another_folder: Path) -> None:
    stack = cdk.Stack(make_app(in_another_folder / "out"), "Shop")
    StoreFunction(stack, "Api", entry="order_api", vpc=make_vpc(stack))
    template = Template.from_stack(stack)
    assert "S3Key" in function_of(template, "Api")["Properties"]["Code"]
    assert (lambda_source("order_api") / "handler.py").is_file()


def test_compiled_files_are_no_part_of_an_asset(entry: Path) -> None:
    before = _key(entry)
    (entry / "__pycache__").mkdir()
    (entry / "__pycache__" / "handler.cpython-313.pyc").write_bytes(b"compiled")
    (entry / "stray.pyc").write_bytes(b"compiled")
    assert _key(entry) == before
    (entry / "handler.py").write_text("def handler(event, context):\n    return None\n")
    assert _key(entry) != before


def _key(entry: Path) -> Any:
    stack = cdk.Stack(make_app(), "Shop")
    StoreFunction(stack, "Api", entry=entry)
    return function_of(Template.from_stack(stack), "Api")["Properties"]["Code"]["S3Key"]


def test_what_names_no_code_is_refused(entry: Path, tmp_path: Path) -> None:
    stack = cdk.Stack(make_app(), "Shop")
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    with pytest.raises(InputError, match="function 'A' needs exactly one of entry"):
        StoreFunction(stack, "A")
    with pytest.raises(InputError, match="function 'B' needs exactly one of entry"):
        StoreFunction(stack, "B", entry=entry, code=code)
    with pytest.raises(InputError, match="no Lambda source named 'nonsense'; there are .*order_api"):
        StoreFunction(stack, "C", entry="nonsense")
    with pytest.raises(InputError, match=r"relative to an unknown folder; pass Path\(__file__\).parent / 'my/code'"):
        StoreFunction(stack, "D", entry="my/code")
    with pytest.raises(InputError, match="entry must be a folder"):
        StoreFunction(stack, "E", entry=tmp_path / "missing")


def test_layers_are_made_once_a_stack(tmp_path: Path) -> None:
    stack = cdk.Stack(make_app(), "Shop")
    assert runtime_layer(stack) is runtime_layer(stack)
    (tmp_path / "requirements.txt").write_text("pyarrow>=18\n")
    dependency_layer(stack, "Parquet", requirements=tmp_path / "requirements.txt", prune=["**/tests"])
    assert len(Template.from_stack(stack).find_resources("AWS::Lambda::LayerVersion")) == 2
