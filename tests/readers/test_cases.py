"""Hand-written documents read to the fleet that lies beside them.

UPDATE_EXPECTED=1 writes the fleets anew: read the diff before keeping it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read

CASES = Path(__file__).parent / "data" / "cases"


@pytest.mark.parametrize(
    "case", sorted(p for p in CASES.iterdir() if not p.name.endswith(".fleet.json")), ids=lambda p: p.name
)
def test_a_document_reads_to_its_fleet(case: Path, summary: Callable[[Reading], dict[str, Any]]) -> None:
    found = summary(read([case] if case.is_file() else sorted(case.iterdir())))
    expected = CASES / f"{case.name.split('.')[0]}.fleet.json"
    if os.environ.get("UPDATE_EXPECTED") == "1":
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "case", sorted(p for p in CASES.rglob("*") if p.is_file() and ".fleet." not in p.name), ids=lambda p: p.name
)
def test_lines_point_at_the_resource(case: Path) -> None:
    fleet = read([case]).fleet
    lines = case.read_text(encoding="utf-8").splitlines()
    origins = [item.origin for item in (*fleet.stores, *fleet.pools, *fleet.consumers) if item.origin.line is not None]
    assert origins or not fleet.consumers
    for origin in origins:
        assert origin.file == str(case)
        assert lines[(origin.line or 0) - 1].strip().strip('"').startswith(origin.logical_id or "?")


def test_order_of_the_paths_does_not_change_the_edges() -> None:
    files = sorted((CASES / "cross_stack").iterdir())
    assert set(read(files).fleet.connections) == set(read(files[::-1]).fleet.connections)
