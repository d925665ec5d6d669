"""Every value of max_connections that somebody measured, or AWS documents, lies inside our bounds."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from constructs_lib.facts import classes, defaults

OBSERVED = Path(__file__).parent / "data" / "observed_max_connections.csv"
GIBIBYTE = 1024**3

#: Rows that nobody measured and AWS does not state, by how their kind begins, and why they bind nothing.
NOT_OBSERVED = {
    "estimate": "a calculation of another tool, from nominal memory or with an arbitrary allowance",
    "claimed on the web": "folklore without a server behind it; the claims for one class contradict each other",
}
#: Values that are no default of the class they were seen on, and why.
NOT_A_DEFAULT = {
    ("aurora-postgresql", "844"): "the value at start-up: the capacity was raised later and the instance not rebooted",
}


def observations() -> list[dict[str, str]]:
    return list(csv.DictReader(OBSERVED.read_text(encoding="utf-8").splitlines()))


def observed() -> list[dict[str, str]]:
    return [row for row in observations() if not row["kind"].startswith(tuple(NOT_OBSERVED))]


def bounds(row: dict[str, str]) -> tuple[int, int] | None:
    serverless = re.fullmatch(r"max ACU (\d+)", row["class"])
    if serverless:
        return defaults.serverless_bounds(row["engine"], int(serverless[1]), capped=False)
    memory = classes.memory_bytes(row["class"]) or int(float(row["nominal_gib"]) * GIBIBYTE)
    return defaults.bounds(row["engine"], None, row["class"], memory)


@pytest.mark.parametrize(
    "row",
    [row for row in observed() if (row["engine"], row["max_connections"]) not in NOT_A_DEFAULT],
    ids=lambda row: f"{row['engine']} {row['class']} {row['max_connections']}",
)
def test_an_observed_value_lies_inside_our_bounds(row: dict[str, str]) -> None:
    found = bounds(row)
    assert found is not None
    low, high = found
    assert low <= int(row["max_connections"]) <= high


#: EC2's own data give db.r3.large 15,360 MiB, the lists of 2015 15.25 GiB; retired, and both bounds hold the observed value.
NOMINAL_DISAGREES = {"db.r3.large"}


def test_the_nominal_memory_agrees_with_our_table_of_classes() -> None:
    disagreeing = {
        row["class"]
        for row in observations()
        if classes.memory_bytes(row["class"]) not in (None, float(row["nominal_gib"] or 0) * GIBIBYTE)
    }
    assert disagreeing == NOMINAL_DISAGREES


def test_every_exception_is_still_an_observation() -> None:
    seen = {(row["engine"], row["max_connections"]) for row in observed()}
    assert set(NOT_A_DEFAULT) <= seen


def test_every_row_is_either_held_to_the_bounds_or_listed_with_the_reason() -> None:
    held = [row for row in observed() if (row["engine"], row["max_connections"]) not in NOT_A_DEFAULT]
    apart = [row for row in observations() if row not in observed()]

    assert len(observations()) == 88
    assert len(held) + len(apart) + len(NOT_A_DEFAULT) == 88
    assert {prefix for prefix in NOT_OBSERVED for row in apart if row["kind"].startswith(prefix)} == set(NOT_OBSERVED)
