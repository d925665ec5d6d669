"""A function's environment: a plan tells the keys and, for all of them together, what the expression refers to."""

from __future__ import annotations

from typing import Any

from constructs_lib.readers.cloudformation.environment import HIDDEN_NAME, HIDDEN_STORE
from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.terraform.hidden import OUT_OF_SIGHT, sole
from constructs_lib.readers.terraform.plan import Planned, listed, mapping
from constructs_lib.readers.terraform.references import (
    ANYTHING,
    ASSUMED,
    Found,
    Local,
    Target,
    address_of,
    assumed,
    has_local,
    intrinsic,
    named_attribute,
    specific,
)
from constructs_lib.readers.terraform.values import AFTER_APPLY, Values, walk
from constructs_lib.regex import regex

_WORDS = regex(r"[a-z0-9]+")
#: Arguments of modules that become a function's environment.
_ENVIRONMENT = regex(r"env|variables")
DYNAMIC = "a dynamic block hides the expression, so it is taken from the arguments of the module's call"
SPLAT = "a splat hides the attribute, so it is taken to be the address"
#: Resources that a gap names before it gets too long to read.
MOST_NAMED = 4
_ADDRESS = {"host", "hostname", "endpoint", "address", "url", "uri", "server", "dsn"}
_HINTS: dict[str, set[str]] = {
    "arn": {"arn"}, "address": _ADDRESS, "endpoint": _ADDRESS, "primary_endpoint_address": _ADDRESS, "cluster_endpoint": _ADDRESS,
    "reader_endpoint": {"reader", "read", "replica", "ro"} | _ADDRESS, "port": {"port"}, "db_name": {"name", "database", "db"},
    "name": {"name"}, "id": {"id"}, "username": {"user", "username"}, "url": {"url"}, "master_user_secret": {"arn"},
}  # fmt: skip


def variables(values: Values, resource: Planned) -> dict[str, Any]:
    """Variables by name; of several unknown ones each reference goes to the name it suits best, the rest to all names together.

    Where the names are hidden too, everything that is referred to stands under ``HIDDEN_NAME``, beside what comes from input variables.
    """
    path = ("environment", "variables")
    known, unknown = walk(resource.values, path), walk(resource.unknown, path)
    targets = values.targets(resource, *path)
    found = (
        {name: values.value(text, targets, name) for name, text in known.items() if text is not None}
        if isinstance(known, dict)
        else {}
    )
    open_names = [name for name, flag in unknown.items() if flag is True] if isinstance(unknown, dict) else []
    if unknown is True:
        # The provider takes the map as a whole: one value that waits for apply hides the names of all.
        open_names = [HIDDEN_NAME]
        found.update(_by_inputs(values, resource, path))
    if open_names and "environment" not in resource.expressions:
        passed = values.references.arguments(resource, _ENVIRONMENT) or values.references.arguments(resource, ANYTHING)
        targets = _unused(values, passed, found)
        placed = _distributed(values, open_names, targets)
        found.update((name, assumed(value, DYNAMIC)) for name, value in placed.items())
    elif open_names:
        found.update(_distributed(values, open_names, _unused(values, targets, found)))
    if open_names and (has_local(targets) or (not targets and "environment" not in resource.expressions)):
        open_values = {name: found[name] for name in open_names if name in found}
        found.update(_out_of_sight(values, resource, targets, open_values))
    return {name: _with_addresses(value, name, targets) for name, value in found.items()}


def _with_addresses(value: Any, name: str, targets: list[Target]) -> Any:
    """Beside a store of which a splat hides the attribute its address, where the variable's name does not tell another one."""
    whole = [target for target in targets if isinstance(target, Found) and address_of(target) is not None]
    parts = listed(value["Fn::Join"][1]) if isinstance(value, dict) and "Fn::Join" in value else [value]
    meant = [
        address_of(target) if name == HIDDEN_NAME else named_attribute(target, name)
        for target in whole
        if intrinsic(target) in parts
    ]
    more = [assumed(intrinsic(target), SPLAT) for target in meant if target is not None and target.path]
    return {"Fn::Join": ["", [*parts, *more]]} if more else value


def _out_of_sight(values: Values, resource: Planned, targets: list[Target], found: dict[str, Any]) -> dict[str, Any]:
    """Of what only something hidden refers to, the one thing that suits a name; for hidden names, all of it.

    Where several things may be meant and nothing tells which, they are named as what the environment may lead to.
    """
    placed: dict[str, Any] = {}
    for name, value in found.items():
        seen = _seen(value)
        if seen is None:
            continue
        unnamed = name == HIDDEN_NAME
        meant = values.hidden.behind(resource, targets, "" if unnamed else name)
        meant = sole(meant) if unnamed else _suiting(name, meant)
        chosen = [part for item in meant if (part := values.part(item)) not in seen]
        leading = values.hidden.leading(resource)
        if chosen:
            parts = [*seen, *(assumed(part, OUT_OF_SIGHT) for part in chosen)]
            placed[name] = parts[0] if len(parts) == 1 else {"Fn::Join": ["", parts]}
        elif leading and unnamed:
            names = " or ".join(dict.fromkeys(f"'{item.resource.address}'" for item in leading[:MOST_NAMED]))
            placed[HIDDEN_STORE] = Unresolved(
                f"something out of sight refers to {names}, and it may be this environment"
            )
    return placed


def _suiting(name: str, hidden: list[Found]) -> list[Found]:
    scores = [_score(name, item) for item in hidden]
    best = [item for item, score in zip(hidden, scores, strict=True) if score == max(scores) > 0]
    return best if len(best) == 1 else []


def _seen(value: Any) -> list[Any] | None:
    """The parts of a value that are seen while another one is not; ``None`` when all of it is."""
    if isinstance(value, dict) and ASSUMED in value:
        inner = _seen(value[ASSUMED][1])
        return None if inner is None else [assumed(part, value[ASSUMED][0]) for part in inner]
    parts = listed(value["Fn::Join"][1]) if isinstance(value, dict) and "Fn::Join" in value else [value]
    seen = [part for part in parts if not isinstance(part, Unresolved)]
    return seen if len(seen) < len(parts) else None


def _by_inputs(values: Values, resource: Planned, path: tuple[str, ...]) -> dict[str, Any]:
    """What comes from input variables, under their names: those of the environment are hidden."""
    written = mapping(walk(resource.expressions, path)).get("references")
    found: dict[str, Any] = {}
    for name in specific([item for item in listed(written) if isinstance(item, str)]):
        targets = values.references.of({"references": [name]}, resource) if name.startswith("var.") else []
        if len(targets) == 1 and isinstance(targets[0], str):
            found.setdefault(name.rpartition(".")[2], targets[0])
    return found


def _unused(values: Values, targets: list[Target], found: dict[str, Any]) -> list[Target]:
    used = [str(value) for value in found.values() if isinstance(value, dict)]
    return [
        target for target in targets
        if not isinstance(target, str) and not any(str(values.part(target)) in text for text in used)
    ]  # fmt: skip


def _distributed(values: Values, names: list[str], targets: list[Target]) -> dict[str, Any]:
    if len(names) == 1:
        return {names[0]: values.joined(targets, f"environment variable {names[0]}")}
    given: dict[str, list[Target]] = {}
    rest: list[Target] = []
    ranked = sorted(
        ((_score(name, target), -order, name) for order, target in enumerate(targets) for name in names),
        key=lambda item: (-item[0], -item[1]),
    )
    placed: set[int] = set()
    for score, order, name in ranked:
        if score > 0 and -order not in placed and name not in given:
            given[name] = [targets[-order]]
            placed.add(-order)
    rest = [target for order, target in enumerate(targets) if order not in placed]
    left = [name for name in names if name not in given]
    found = {name: values.joined(items, name) for name, items in given.items()}
    if len(left) == 1:
        found[left[0]] = values.joined(rest, f"environment variable {left[0]}")
        return found
    hidden = next((values.part(target) for target in rest if isinstance(target, (Local, Unresolved))), None)
    found.update({name: hidden or Unresolved(f"environment variable {name} is {AFTER_APPLY}") for name in left})
    seen = [target for target in rest if isinstance(target, Found)]
    if seen:
        found[" or ".join(left or names)] = values.joined(seen, "environment")
    return found


def _score(name: str, target: Target) -> int:
    if not isinstance(target, Found):
        return 0
    resource, path = target.resource, target.path
    words = set(_WORDS.findall(name.lower()))
    attribute = next((step for step in path if step in _HINTS), "id")
    fits = 4 if words & _HINTS[attribute] else 0
    return fits + len(words & set(_WORDS.findall(f"{resource.type} {resource.name}".lower().replace("_", " "))))
