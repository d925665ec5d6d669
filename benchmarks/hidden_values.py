"""A value that nobody can read never makes a report clean.

Every scalar of every rule's examples is replaced in turn by other numbers and by an import nobody gave. Where some number brings a
finding or takes one away, the value matters: with the import in its place the report must still show that finding, or say something new
under *not decided*. Prints each value that was passed over in silence, and exits with 1. With ``--terraform`` the same for the plans of
Terraform examples, where a hidden argument is one that is known after apply only.

    python benchmarks/hidden_values.py
    python benchmarks/hidden_values.py --terraform PP203
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
from tests.rules.hcl_plan import plan_of

NUMBERS = (1, 30, 100, 10_000)
HIDDEN = {"Fn::ImportValue": "made-by-a-stack-that-was-not-given"}
#: Words that are no settings: who a resource is, not what it does.
NOT_VALUES = frozenset(
    {"Type", "AWSTemplateFormatVersion", "Transform", "Ref", "Description", "DependsOn", "Condition"}
)

#: Names of planned things: what others refer to them by stays known in the configuration.
NAMES = frozenset(
    {"function_name", "db_proxy_name", "name", "rule", "identifier", "cluster_identifier", "consumer", "store", "pool"}
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


def silences(only: str | None = None, *, terraform: bool = False) -> Iterator[Silence]:
    """Every value of every CloudFormation (or Terraform) example, or of one rule's, that can be hidden without a word."""
    languages = ("terraform",) if terraform else ("cloudformation", "sam")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.json"
        for rule in all_rules():
            for index, example in enumerate(page_of(rule).examples):
                if example.language in languages and only in (None, rule.code):
                    name = f"{rule.code} {example.kind} {index}"
                    body = json.loads(plan_of(example.code)) if terraform else parse(example.code.encode()).value
                    yield from _of(name, body, path, _planned(body) if terraform else _written(body))


def _written(body: Any) -> Iterator[tuple[Place, Any]]:
    """Every scalar of a template that is a setting, with the template in which nobody can read it."""
    for place in places(body.get("Resources"), ("Resources",)):
        value = at(body, place)
        if isinstance(value, (dict, list)) or place[-1] in NOT_VALUES or "Fn::GetAtt" in place or "Fn::Sub" in place:
            continue
        yield place, _with(body, place, HIDDEN)


def _planned(body: Any) -> Iterator[tuple[Place, Any]]:
    """Every scalar argument that a plan knows, with the plan in which it is known after apply only."""
    resources = body["planned_values"]["root_module"]["resources"]
    for index, resource in enumerate(resources):
        here: Place = ("planned_values", "root_module", "resources", index, "values")
        for inside in places(resource["values"]):
            value = at(resource["values"], inside)
            named = bool(inside) and isinstance(inside[-1], str) and inside[-1] not in NAMES
            if named and value is not None and not isinstance(value, (dict, list)):
                yield (*here, *inside), _after_apply(body, (*here, *inside), resource["address"], inside)


def _after_apply(body: Any, place: Place, address: str, inside: Place) -> Any:
    changed = copy.deepcopy(body)
    del at(changed, place[:-1])[place[-1]]
    plain = address.partition("[")[0]
    for change in changed["resource_changes"]:
        if change["address"] == address:
            _mark(change["change"].setdefault("after_unknown", {}), inside, True)
    for resource in changed["configuration"]["root_module"]["resources"]:
        if resource["address"] == plain:
            _mark(
                resource["expressions"], inside, {"references": ["data.external.hidden.result", "data.external.hidden"]}
            )
    return changed


def _mark(holder: Any, inside: Place, mark: Any) -> None:
    """Set a mark at a place, with lists and mappings on the way to it; an expression on the way is the whole of what is written."""
    for index, key in enumerate(inside):
        if isinstance(holder, list):
            holder += [{} for _ in range(key + 1 - len(holder))]
        elif "references" in holder or "constant_value" in holder:
            holder.clear()
            holder.update(mark)
            return
        if index == len(inside) - 1:
            holder[key] = mark
        elif isinstance(holder, dict):
            holder = holder.setdefault(key, [] if isinstance(inside[index + 1], int) else {})
        else:
            holder = holder[key]


def _of(name: str, body: Any, path: Path, hiding: Iterator[tuple[Place, Any]]) -> Iterator[Silence]:
    base = _report(body, path)
    for place, without in hiding:
        shown = {_said(base), *(_said(_report(_with(body, place, number), path)) for number in NUMBERS)}
        matters = frozenset().union(*shown) - frozenset.intersection(*shown)
        hidden = _report(without, path)
        lost = frozenset(item for item in matters - _said(hidden) if not _refused_anyway(item, base))
        if lost and not set(hidden.not_decided) - set(base.not_decided):
            yield Silence(name, place, lost)


def _refused_anyway(item: tuple[str, str], report: Report) -> bool:
    """Whether AWS itself refuses the number, of a function that reaches no store: the deployment says so, and no budget hangs on it."""
    code, subject = item
    uses = any(edge.certainty != "possible" for edge in report.fleet.connections_by_consumer.get(subject, ()))
    return code == "PP904" and subject in report.fleet.consumer_by_id and not uses


def _with(body: Any, place: Place, value: Any) -> Any:
    changed = copy.deepcopy(body)
    put(changed, place, value)
    return changed


def _report(body: Any, path: Path) -> Report:
    path.write_text(json.dumps(body), encoding="utf-8")
    return check(read([path]).fleet)


def _said(report: Report) -> Said:
    return frozenset((finding.code, finding.subject) for finding in report.findings)


def main() -> int:
    """Hide every value and say which were passed over."""
    codes = [word for word in sys.argv[1:] if not word.startswith("--")]
    found = list(silences(codes[0] if codes else None, terraform="--terraform" in sys.argv))
    for silence in found:
        print(silence)
    print(f"{len(found)} values can be hidden without a word")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
