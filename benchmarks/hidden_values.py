"""A value that nobody can read never makes a report clean.

Every scalar of every rule's examples is replaced in turn by other numbers and by an import nobody gave. Where some number brings a
finding or takes one away, the value matters: with the import in its place the report must still show that finding, or say something new
under *not decided*. Prints each value that was passed over in silence, and exits with 1.

    python benchmarks/hidden_values.py
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.mutations import Place, at, places, put
from constructs_lib.check import Report, check
from constructs_lib.readers.cloudformation.document import parse
from constructs_lib.readers.sources import read
from constructs_lib.rules import all_rules
from constructs_lib.rules._page import page_of

NUMBERS = (1, 30, 100, 10_000)
HIDDEN = {"Fn::ImportValue": "made-by-a-stack-that-was-not-given"}
#: Words that are no settings: who a resource is, not what it does.
NOT_VALUES = frozenset(
    {"Type", "AWSTemplateFormatVersion", "Transform", "Ref", "Description", "DependsOn", "Condition"}
)

Said = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Silence:
    """A value whose hiding made findings vanish without a word."""

    example: str
    place: Place
    lost: Said

    def __str__(self) -> str:
        lost = ", ".join(f"{code} {subject}" for code, subject in sorted(self.lost))
        return f"{self.example}: {'.'.join(map(str, self.place))} hidden: {lost} neither found nor not decided"


def silences(only: str | None = None) -> Iterator[Silence]:
    """Every value of every CloudFormation example, or of one rule's, that can be hidden without a word."""
    with tempfile.TemporaryDirectory() as folder:
        for rule in all_rules():
            for index, example in enumerate(page_of(rule).examples):
                if example.language in ("cloudformation", "sam") and only in (None, rule.code):
                    body = parse(example.code.encode()).value
                    yield from _of(f"{rule.code} {example.kind} {index}", body, Path(folder) / "template.json")


def _of(name: str, body: Any, path: Path) -> Iterator[Silence]:
    base = _report(body, path)
    for place in places(body.get("Resources"), ("Resources",)):
        value = at(body, place)
        if isinstance(value, (dict, list)) or place[-1] in NOT_VALUES or "Fn::GetAtt" in place or "Fn::Sub" in place:
            continue
        shown = {_said(base), *(_said(_with(body, place, number, path)) for number in NUMBERS)}
        matters = frozenset().union(*shown) - frozenset.intersection(*shown)
        hidden = _with(body, place, HIDDEN, path)
        lost = frozenset(item for item in matters - _said(hidden) if not _refused_anyway(item, base))
        if lost and not set(hidden.not_decided) - set(base.not_decided):
            yield Silence(name, place, lost)


def _refused_anyway(item: tuple[str, str], report: Report) -> bool:
    """Whether AWS itself refuses the number, of a function that reaches no store: the deployment says so, and no budget hangs on it."""
    code, subject = item
    uses = any(edge.certainty != "possible" for edge in report.fleet.connections_by_consumer.get(subject, ()))
    return code == "PP904" and subject in report.fleet.consumer_by_id and not uses


def _with(body: Any, place: Place, value: Any, path: Path) -> Report:
    changed = copy.deepcopy(body)
    put(changed, place, value)
    return _report(changed, path)


def _report(body: Any, path: Path) -> Report:
    path.write_text(json.dumps(body), encoding="utf-8")
    return check(read([path]).fleet)


def _said(report: Report) -> Said:
    return frozenset((finding.code, finding.subject) for finding in report.findings)


def main() -> int:
    """Hide every value and say which were passed over."""
    found = list(silences(sys.argv[1] if len(sys.argv) > 1 else None))
    for silence in found:
        print(silence)
    print(f"{len(found)} values can be hidden without a word")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
