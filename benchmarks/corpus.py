"""Precision and recall of who connects to what, on real templates that a person has labelled.

Every expected connection of certainty certain or likely must be found with the same way (direct, proxy, data-api, http), and none may
be found that no label knows. Lists every miss and every invention, then a line a kind of source. Exits with 1 below ``--least``.

    python benchmarks/corpus.py tests/corpus
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constructs_lib.check import check
from constructs_lib.readers.sources import read

SURE = ("certain", "likely")
#: What reviewers called a finding, and the rules any of which says it. Words without a rule here are remarks, not findings.
SAID_BY = {
    "unbounded-direct": {"PP102"},
    "unbounded-proxy": {"PP102"},
    "borrow-gt-timeout": {"PP201"},
    "proxies-share-target": {"PP203", "PP204"},
    "proxy-bypass": {"PP212"},
    "proxy-pool-default": {"PP203", "PP204"},
}

Edge = tuple[str, str, str]


@dataclass
class Score:
    """Connections found, missed and invented over some cases, and the seconds that reading them took."""

    cases: int = 0
    found: int = 0
    missed: int = 0
    invented: int = 0
    seconds: float = 0.0

    @property
    def precision(self) -> float:
        return self.found / max(self.found + self.invented, 1)

    @property
    def recall(self) -> float:
        return self.found / max(self.found + self.missed, 1)

    def __str__(self) -> str:
        return (
            f"{self.cases} cases, {self.found} found, {self.missed} missed, {self.invented} invented, "
            f"precision {self.precision:.3f}, recall {self.recall:.3f}, {self.seconds:.2f} s"
        )


@dataclass
class Case:
    """One labelled folder against what was read of it."""

    name: str
    kind: str
    found: set[Edge] = field(default_factory=set)
    missed: set[Edge] = field(default_factory=set)
    invented: set[Edge] = field(default_factory=set)
    unsaid: set[str] = field(default_factory=set)
    seconds: float = 0.0


def cases(folder: Path) -> Iterator[Case]:
    """Every case of a folder, judged."""
    for labels in sorted(folder.glob("*/expected.json")):
        expected = json.loads(labels.read_text(encoding="utf-8"))
        kind = json.loads(labels.with_name("source.json").read_text(encoding="utf-8"))["kind"]
        yield _judge(labels.parent, kind, expected)


def _judge(folder: Path, kind: str, expected: dict[str, Any]) -> Case:
    case = Case(folder.name, kind)
    began = time.perf_counter()
    report = check(read(_inputs(folder, kind)).fleet)
    case.seconds = time.perf_counter() - began
    name = _namer(expected)
    store = _store_namer(expected, name)
    labels = defaultdict(set)
    for edge in expected["edges"]:
        labels[edge["certainty"] in SURE].add((name(edge["function"]), store(edge["store"]), edge["via"]))
    functions = {name(function["logical_id"]) for function in expected["functions"]}
    read_edges = {
        (name(edge.consumer), store(edge.store), edge.via)
        for edge in report.fleet.connections
        if edge.certainty in SURE and name(edge.consumer) in functions
    }
    case.found, case.missed = labels[True] & read_edges, labels[True] - read_edges
    case.invented = read_edges - labels[True] - labels[False]
    codes = {finding.code for finding in report.findings}
    words = set(expected.get("finding_codes", ())) & SAID_BY.keys()
    case.unsaid = {word for word in words if not SAID_BY[word] & codes}
    return case


def _inputs(folder: Path, kind: str) -> list[Path]:
    if kind == "cdk-assembly":
        return [folder]
    templates = {".yaml", ".yml", ".json", ".template"}
    return sorted(
        p for p in folder.iterdir() if p.suffix in templates and p.name not in ("expected.json", "source.json")
    )


def _last(identifier: str) -> str:
    return identifier if identifier.startswith("external") else identifier.replace(":", "/").rpartition("/")[2]


def _namer(expected: dict[str, Any]) -> Callable[[str], str]:
    """Logical ids, with the template's name only where two in the case are alike."""
    ids = {item["logical_id"] for group in ("functions", "stores", "proxies") for item in expected[group]}
    often = Counter(map(_last, ids))
    return lambda identifier: identifier.replace(":", "/") if often[_last(identifier)] > 1 else _last(identifier)


def _store_namer(expected: dict[str, Any], name: Callable[[str], str]) -> Callable[[str], str]:
    """A cluster for its instances, and what is behind a proxy for the proxy."""
    cluster = {name(s["logical_id"]): name(s["member_of"]) for s in expected["stores"] if s.get("member_of")}
    behind = {name(p["logical_id"]): name(p["target"]) for p in expected["proxies"] if p.get("target")}
    outside = [s["logical_id"] for s in expected["stores"] if s["logical_id"].startswith("external")]

    def store(identifier: str) -> str:
        if identifier.startswith("external") and len(outside) == 1:
            return str(outside[0])
        found = behind.get(name(identifier), name(identifier))
        return cluster.get(found, found)

    return store


def main() -> int:
    """Score the cases and say what was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", type=Path, help="folder of labelled cases")
    parser.add_argument("--least", type=float, default=0.98, help="precision and recall, each")
    options = parser.parse_args()
    scores: dict[str, Score] = defaultdict(Score)
    for case in cases(options.cases):
        for label, edges in (("missed", case.missed), ("invented", case.invented)):
            for consumer, store, via in sorted(edges):
                print(f"{case.name}: {label}: {consumer} -> {store} via {via}")
        for word in sorted(case.unsaid):
            print(f"{case.name}: no finding of {' or '.join(sorted(SAID_BY[word]))}, which a reviewer called {word}")
        for key in (case.kind, "total"):
            score = scores[key]
            score.cases += 1
            score.found += len(case.found)
            score.missed += len(case.missed)
            score.invented += len(case.invented)
            score.seconds += case.seconds
    for key in sorted(scores, key=lambda key: (key == "total", key)):
        print(f"{key}: {scores[key]}")
    total = scores["total"]
    return 0 if total.cases and min(total.precision, total.recall) >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
