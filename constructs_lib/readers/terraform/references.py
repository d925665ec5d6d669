"""References of a plan's configuration followed to resources: through module inputs and outputs, variables and for_each."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.terraform.plan import Plan, Planned, call_name, listed, mapping
from constructs_lib.readers.terraform.vocabulary import LEADING, LOOKED_UP_BY, attribute_of
from constructs_lib.regex import regex

DEEPEST = 25
MOST = 200
_STEP = regex(r'\.?([A-Za-z_][\w-]*)|\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]|\.(\d+)')
_OUTERMOST = regex(r"module\.[\w-]+(?:\[[^\]]*\])?")
_ADDRESSES = {"address", "endpoint", "primary_endpoint_address", "cluster_endpoint", "cluster_address", "cache_nodes"}
_ADDRESS_WORDS = {"endpoint", "address", "host", "hostname", "url", "dns"}
#: Arguments of any name.
ANYTHING = regex("")
_KEY = regex(r'\["((?:[^"\\]|\\.)*)"\]\Z')
#: Local values that are parts of names and tags, and lead nowhere.
_PLAIN = regex(
    r"^(?:common_?)?(?:name|prefix|tags|labels|region|account|account_id|project|project_name|stage|app|app_name|name_prefix|suffix)$"
)
#: Marks a value that a reader assumed, with the reason.
ASSUMED = "poolproof:assumed"
#: The version of a secret gives the ARN of the secret as its own.
_VERSION, _OF_SECRET = "aws_secretsmanager_secret_version", (("arn",), ("secret_id",))
_NOTHING = {"path", "terraform", "count", "self", "each"}


class Found(NamedTuple):
    """A planned resource and the path of one of its attributes; alike when address and path are.

    ``one_of`` says that a key chooses among the instances of the resource, and that nobody sees which.
    """

    resource: Planned
    path: tuple[str, ...]
    one_of: bool = False

    def __hash__(self) -> int:
        return hash((self.resource.address, self.path))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Found) and (self.resource.address, self.path) == (other.resource.address, other.path)


class Local(NamedTuple):
    """A local value, of which a plan's configuration shows the name alone."""

    name: str

    @property
    def unread(self) -> Unresolved:
        return Unresolved(f"{self.name} is a local value, which a plan's configuration does not show")


Target = Found | Local | Unresolved | str


def has_local(targets: Iterable[Target]) -> bool:
    """Whether an expression rests on a local value."""
    return any(isinstance(target, Local) for target in targets)


class References:
    """Follows references of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._budget = 0

    def of(self, expression: Any, resource: Planned) -> list[Target]:
        """What an expression of a resource refers to, each thing once, most specific first."""
        self._budget = MOST
        found = self._expression(expression, resource.module, resource, (), 0)
        return list(dict.fromkeys(found))

    def arguments(self, resource: Planned, named: re.Pattern[str]) -> list[Target]:
        """What the arguments with such names of the call of a resource's module refer to; nothing for the root module.

        Blocks that ``dynamic`` makes are not in a plan's configuration: what went into them shows in the call only.
        """
        if not resource.module:
            return []
        self._budget = MOST
        parent, call = self._call(resource.module)
        asked = [expression for name, expression in mapping(call.get("expressions")).items() if named.search(name)]
        found = self._expression(asked, parent, _in_call(resource, call, resource.module), (), 0)
        return list(dict.fromkeys(found))

    def given(self, resource: Planned) -> list[Target]:
        """All that the root module hands over to the call of it that a resource lies in."""
        module = outermost(resource.module)
        if not module:
            return []
        self._budget = MOST
        parent, call = self._call(module)
        expressions = list(mapping(call.get("expressions")).values())
        return list(self._expression(expressions, parent, _in_call(resource, call, module), (), 0))

    def _call(self, module: str) -> tuple[str, Mapping[str, Any]]:
        """The module that calls one, and the call."""
        parent = module.rpartition("module.")[0].rstrip(".")
        return parent, mapping(mapping(self.configuration(parent).get("module_calls")).get(call_name(module)))

    def _expression(
        self, expression: Any, module: str, asker: Planned, rest: tuple[str, ...], depth: int
    ) -> Iterator[Target]:
        self._budget -= 1
        if depth > DEEPEST or self._budget < 0:
            return
        if isinstance(expression, list):
            for item in expression:
                yield from self._expression(item, module, asker, rest, depth + 1)
            return
        written = mapping(expression)
        # The JSON syntax of HCL shows a template ("${…}") as a constant beside its references.
        if "references" not in written and isinstance(written.get("constant_value"), (str, int, float)):
            yield str(written["constant_value"])
        if "references" not in written and "constant_value" not in written:
            yield from self._expression(list(written.values()), module, asker, rest, depth + 1)
        names = [name for name in listed(written.get("references")) if isinstance(name, str) and len(name) < 500]
        varied = any(name.startswith("each.") for name in names)
        for name in _without_keys(specific(names)):
            yield from self._name(_steps(name), module, asker, rest, depth + 1, varied=varied)

    def _name(
        self, steps: tuple[str, ...], module: str, asker: Planned, rest: tuple[str, ...], depth: int, *, varied: bool
    ) -> Iterator[Target]:
        if not steps:
            return
        if steps[0] == "each":
            found = list(self._expression(asker.repeated, module, asker, (*steps[2:], *rest), depth))
            own = any(item.repeated is asker.repeated for item in self.plan.instances(asker.address))
            yield from found if own else _of_key(found, asker.index)
        elif steps[0] == "local":
            if not _PLAIN.search(".".join(steps[1:2])):
                yield Local(".".join(steps[:2]))
        elif steps[0] == "var" and len(steps) > 1:
            yield from self._variable(steps[1], module, asker, (*steps[2:], *rest), depth)
        elif steps[0] == "module" and len(steps) > 1:
            yield from self._output(steps[1:], module, asker, rest, depth)
        elif steps[0] not in _NOTHING:
            for target in self._resource(steps, module, asker, rest, depth):
                yield target if varied or not isinstance(target, Found) else target._replace(one_of=False)

    def _variable(self, name: str, module: str, asker: Planned, rest: tuple[str, ...], depth: int) -> Iterator[Target]:
        if not module:
            value = mapping(self.plan.variables.get(name)).get("value")
            for key in rest:
                value = value.get(key) if isinstance(value, dict) else value
            if isinstance(value, list):
                yield from (str(item) for item in value if isinstance(item, (str, int, float)))
            elif isinstance(value, (str, int, float)):
                yield str(value)
            return
        parent, call = self._call(module)
        given = mapping(call.get("expressions")).get(name)
        if given is not None:
            for target in self._expression(given, parent, _in_call(asker, call, module), rest, depth):
                yield _given(target, name) if isinstance(target, Found) else target

    def _output(
        self, steps: tuple[str, ...], module: str, asker: Planned, rest: tuple[str, ...], depth: int
    ) -> Iterator[Target]:
        inner = mapping(mapping(mapping(self.configuration(module).get("module_calls")).get(steps[0])).get("module"))
        outputs = mapping(inner.get("outputs"))
        position = next((i for i, step in enumerate(steps[1:3], 1) if step in outputs), None)
        if position is None:
            return
        prefix = f"{module}.module.{steps[0]}" if module else f"module.{steps[0]}"
        instances = dict.fromkeys(r.module for r in self.plan.resources if _below(r.module, prefix)) or {prefix: None}
        expression = mapping(outputs[steps[position]]).get("expression")
        asked = [
            one for one in instances if position == 2 and one in (f"{prefix}[{steps[1]}]", f'{prefix}["{steps[1]}"]')
        ]
        for instance in asked or instances:
            found = self._expression(expression, instance, asker, (*steps[position + 1 :], *rest), depth)
            for target in _keyed(list(found)):
                yield _given(target, steps[position]) if isinstance(target, Found) else target

    def _resource(
        self, steps: tuple[str, ...], module: str, asker: Planned, rest: tuple[str, ...], depth: int
    ) -> Iterator[Target]:
        data = steps[0] == "data"
        steps = steps[1:] if data else steps
        if len(steps) < 2:
            return
        instances = self.plan.named.get((module, data, steps[0], steps[1]), [])
        path = (*steps[2:], *rest)
        chosen = [r for r in instances if path and r.index is not None and str(r.index) == path[0]]
        if chosen:
            path = path[1:]
        elif len(instances) > 1:
            chosen = [r for r in instances if r.index == asker.index and asker.index is not None]
        if not instances and steps[0].startswith("aws_"):
            yield Unresolved(f"'{'.'.join(steps[:2])}' is not among the planned resources")
        for resource in chosen or instances:
            if resource.type == _VERSION and path[:1] in _OF_SECRET:
                written = resource.expressions.get("secret_id")
                yield from self._expression(written, resource.module, resource, (), depth + 1)
                continue
            meant = self._looked_up(resource, depth) if resource.data else resource
            one_of = len(instances) > 1 and not chosen
            yield Found(meant, tuple(step for step in path if not step.isdigit()), one_of)

    def _looked_up(self, source: Planned, depth: int) -> Planned:
        """The resource of the same plan that a data source looks up by a reference or by its name; the data source where there is none."""
        argument, name = LOOKED_UP_BY.get(source.type, ("", ""))
        asked = [source.expressions[key] for key in (argument, "arn") if key in source.expressions]
        for target in self._expression(asked, source.module, source, (), depth + 1) if argument else ():
            if isinstance(target, Found) and target.resource.type == source.type:
                return target.resource
        called = source.values.get(argument)
        made = [item for item in self._made(source.type) if called is not None and item.values.get(name) == called]
        return made[0] if len(made) == 1 else source

    def _made(self, kind: str) -> Iterator[Planned]:
        return (resource for resource in self.plan.resources if resource.type == kind and not resource.data)

    def configuration(self, module: str) -> Mapping[str, Any]:
        """The configuration of the module at an address."""
        found = self.plan.configuration
        for name in _calls(module):
            found = mapping(mapping(mapping(found.get("module_calls")).get(name)).get("module"))
        return found


def _below(module: str, prefix: str) -> bool:
    """Whether a module's address is an instance of the call at ``prefix`` itself."""
    rest = module.removeprefix(prefix)
    return module.startswith(prefix) and (
        not rest or (rest.startswith("[") and rest.endswith("]") and "].module." not in rest)
    )


def outermost(module: str) -> str:
    """The instance of the root module's call that a module lies in; empty for the root module."""
    found = _OUTERMOST.match(module)
    return found[0] if found else ""


def _calls(module: str) -> list[str]:
    return re.findall(r"module\.([\w-]+)", re.sub(r"\[[^\]]*\]", "", module))


def specific(names: list[str]) -> list[str]:
    """Terraform lists ``a.b.c`` and then its parents ``a.b``: only the longest tells something."""
    return [
        name
        for name in dict.fromkeys(names)
        if not any(o != name and o.startswith((f"{name}.", f"{name}[")) for o in names)
    ]


def _without_keys(names: list[str]) -> list[str]:
    """Beside something else the key of ``for_each`` says which one of it is meant, and is nothing that is referred to itself."""
    return [name for name in names if name != "each.key"] or names


def address_of(target: Found) -> Found | None:
    """The address of a store or proxy of which an expression shows no attribute: a splat hides it."""
    names = LEADING.get(target.resource.type, ()) if not target.path and not target.resource.data else ()
    address = next((name for name in names if name in _ADDRESSES), None)
    return None if address is None else target._replace(path=(address,))


def _keyed(found: list[Target]) -> list[Target]:
    """Of a map that an output makes of resources (``{ for t in aws_dynamodb_table.all : t.name => t }``) what has the key's name."""
    meant: list[Target] = [
        target._replace(path=target.path[1:])
        for target in found
        if isinstance(target, Found) and not _is_attribute(target) and _is_called(target.resource, target.path[0])
    ]
    return meant or found


def _is_called(resource: Planned, key: str) -> bool:
    name = resource.values.get("name")
    return key == resource.index or (isinstance(name, str) and (name == key or name.endswith((f"-{key}", f"_{key}"))))


def _is_attribute(target: Found) -> bool:
    """Whether a path begins with an attribute of the resource, and not with the key of a map or an object."""
    resource, path = target.resource, target.path
    return not path or path[0] in resource.values or path[0] in mapping(resource.unknown)


def _given(target: Found, name: str) -> Found:
    """What an output or a variable gives of a resource, where a splat hides the attribute: the key of an object or the name tells."""
    if not _is_attribute(target):
        return named_attribute(target._replace(path=()), target.path[0])
    return named_attribute(target, name)


def named_attribute(target: Found, name: str) -> Found:
    """Where a splat hides the attribute, the one that the name of an output or a variable tells."""
    address, words = address_of(target), set(name.lower().split("_"))
    if address is None:
        return target
    if "arn" in words:
        return target._replace(path=("arn",))
    if not words & _ADDRESS_WORDS:
        return target
    copies = [attribute for attribute in LEADING[target.resource.type] if attribute.startswith("reader")]
    return target._replace(path=(copies[0],)) if copies and "reader" in words else address


def _in_call(asker: Planned, call: Mapping[str, Any], module: str) -> Planned:
    """Who asks, in the arguments of a module's call: there ``each`` is what the call goes over."""
    repeated = call.get("for_each_expression")
    if repeated is None:
        return asker
    key = _KEY.search(module)
    return replace(asker, repeated=repeated, index=_unescaped(key[1]) if key is not None else asker.index)


def _unescaped(key: str) -> str:
    """A key as an address writes it; one that no Terraform writes stays as it is."""
    try:
        return str(json.loads(f'"{key}"'))
    except ValueError:
        return key


def _of_key(found: Sequence[Target], key: str | int | None) -> list[Target]:
    """Of what the calls of a module go over the one for a key, by the key in its name; of several of one kind nothing tells which.

    Instances of one resource differ as little as that, but they mostly work for the same role, each with its part.
    """
    made = [target for target in found if isinstance(target, Found)]
    meant: list[Target] = [
        target for target in made if key is not None and key in (target.resource.name, target.resource.index)
    ]
    if meant:
        return meant
    kinds = Counter(
        (kind, path) for kind, _, path in {(item.resource.type, item.resource.address, item.path) for item in made}
    )
    if any(number > 1 for number in kinds.values()):
        return [Unresolved(f"nothing tells which one of for_each is meant for '{key}'")]
    return list(found)


def _steps(name: str) -> tuple[str, ...]:
    return tuple(next(part for part in match.groups() if part is not None) for match in _STEP.finditer(name))


def assumed(value: Any, reason: str) -> Any:
    """A reference that nothing certain shows, with the reason; anything else as it is."""
    return {ASSUMED: [reason, value]} if isinstance(value, dict) else value


def intrinsic(target: Found) -> dict[str, Any]:
    """The reference to a planned resource as the shared reader understands it."""
    return {"Fn::GetAtt": [target.resource.address, attribute_of(target.resource.type, target.path)]}
