"""The table in Glue and the files of the projector describe the same columns."""

from __future__ import annotations

import importlib

import pyarrow as pa
import pytest

from constructs_lib.cdk.reference.sales import COLUMNS, SOURCE
from tests.reference.conftest import ROOT

pytestmark = pytest.mark.cdk
GLUE = {pa.string(): "string", pa.int64(): "bigint", pa.int32(): "int", pa.timestamp("us"): "timestamp"}


def test_the_projector_writes_the_columns_that_the_table_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "lambda_src"))
    monkeypatch.syspath_prepend(str(ROOT / "lambda_src" / SOURCE))
    schema = importlib.import_module("sales").SCHEMA
    assert {field.name: GLUE[field.type] for field in schema} == COLUMNS
    assert [field.name for field in schema] == list(COLUMNS)
