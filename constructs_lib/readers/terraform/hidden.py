"""What local values and dynamic blocks hide: attributes that a plan calls relevant though no expression shows who refers to them.

A plan's configuration names ``local.host`` and not what it is made of, and has no word of the blocks that ``dynamic`` makes. Terraform
follows both to the resources when it collects ``relevant_attributes`` ("JSON Output Format", plan representation, read 2026-11-22).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from functools import cached_property
from typing import Any

from constructs_lib.readers.cloudformation.database_words import speaks_of_database
from constructs_lib.readers.terraform.plan import Plan, Planned, mapping
from constructs_lib.readers.terraform.references import Found, Local, References, Target, has_local, outermost
from constructs_lib.readers.terraform.vocabulary import LEADING, WITH_ADDRESS
from constructs_lib.regex import regex

OUT_OF_SIGHT = "a local value or dynamic block hides the expression, so it is taken from what the plan calls relevant"
_INDEX = regex(r"\[[^\]]*\]")
_WORD = regex(r"[a-z0-9]{2,}")
#: Words of addresses that say nothing about which resource it is.
_GENERIC = frozenset(
    """aws module this main default lambda function functions db database rds instance cluster proxy table tables dynamodb endpoint
    elasticache replication group secretsmanager secret ssm parameter local env environment variables app role policy""".split()  # noqa: SIM905 - a list is no easier to read
)
#: Arguments that tell somebody of a store.
_ARGUMENTS = frozenset(
    {"environment", "policy", "inline_policy", "statement", "secret_string", "value", "container_definitions"}
)
#: Blocks that tell somebody of a store and that modules often make by ``dynamic``.
_DYNAMIC = {"aws_lambda_function": "environment", "aws_iam_policy_document": "statement"}
_KEEPING = ("aws_secretsmanager_secret", "aws_secretsmanager_secret_version", "aws_ssm_parameter")
_PROXIES = ("aws_db_proxy", "aws_db_proxy_endpoint")


class Hidden:
    """The attributes of one plan that only something out of sight can refer to."""

    def __init__(self, plan: Plan, references: References) -> None:
        self._plan = plan
        self._references = references

    def behind(
        self, asker: Planned, targets: Sequence[Target], words: str = "", types: Container[str] | None = None
    ) -> list[Found]:
        """What leads to a store, is of such types, and is meant by what a resource refers to out of sight; nothing where that is open.

        Behind the only local value that waits for apply is everything; of several, one shares a word with what it hides, or with
        who asks for it, or speaks of a database. The only thing of the types asked for needs no word.
        """
        near = [item for item in self.leading(asker) if item.resource.type in (types or LEADING)]
        if types and not near:
            return self._shown_once_more(types)
        if len(self._places) < 2 or (types and len({item.resource.address for item in near}) == 1):
            return near
        names = [target.name for target in targets if isinstance(target, Local)]
        asked = _words(_within(asker), words, *names)
        alike = [item for item in near if asked & _words(_within(item.resource))]
        if alike or not any(map(speaks_of_database, names)):
            return alike
        found = [item for item in near if item.resource.type in WITH_ADDRESS]
        return found if len({item.resource.address for item in found}) == 1 else []

    def _shown_once_more(self, types: Container[str]) -> list[Found]:
        """What expressions show and is of such types may be meant again; of several, any one."""
        found = [item for item in self._relevant if item.resource.type in types and leads_to_a_store(item)]
        several = len({item.resource.address for item in found}) > 1
        return [item._replace(one_of=several) for item in found]

    def leading(self, asker: Planned) -> list[Found]:
        """What leads to a store and may be meant out of sight: a module sees what it makes and what its calls hand over, no more.

        Where expressions show all that is relevant, each may be meant once more.
        """
        found = [item for item in self._unshown or self._relevant if leads_to_a_store(item)]
        if self._without_proxy:
            found = [item for item in found if item.resource.type not in _PROXIES]
        scope, given = outermost(asker.module), self._references.given(asker)
        near = [item for item in found if outermost(item.resource.module) == scope]
        if not asker.module or has_local(given):
            return near or found
        handed = {item.resource.address for item in given if isinstance(item, Found)}
        return [item for item in found if item in near or item.resource.address in handed]

    @cached_property
    def _relevant(self) -> list[Found]:
        found: dict[Found, None] = {}
        for entry in self._plan.relevant:
            address, steps = entry.get("resource"), entry.get("attribute")
            if isinstance(address, str) and isinstance(steps, list):
                path = tuple(step for step in steps if isinstance(step, str) and not step.isdigit())
                found.update((Found(one, path or LEADING.get(one.type, ())[:1]), None) for one in self._made(address))
        return list(found)

    def _made(self, address: str) -> Iterator[Planned]:
        return (one for one in self._plan.instances(address) if not one.data)

    @cached_property
    def _without_proxy(self) -> bool:
        """Whether a variable such as ``use_rds_proxy`` is off: Terraform calls relevant what a condition leaves out, too."""
        given = self._plan.variables.items()
        return any("proxy" in name and mapping(value).get("value") is False for name, value in given)

    @cached_property
    def _unshown(self) -> list[Found]:
        shown = {
            (_written(item.resource), item.path)
            for _, _, items in self._asked
            for item in items
            if isinstance(item, Found)
        }
        return [
            item
            for item in self._relevant
            if (_written(item.resource), item.path) not in shown and (_written(item.resource), ()) not in shown
        ]

    @cached_property
    def _places(self) -> set[str]:
        """The local values that arguments known only after apply refer to, and resources of which a dynamic block makes what tells."""
        locals_ = {
            item.name
            for instances, argument, items in self._asked
            if argument in _ARGUMENTS and any(_waits(instance, argument) for instance in instances)
            for item in items
            if isinstance(item, Local)
        }
        made = {_written(resource) for resource in self._plan.resources if _is_made_by_dynamic_block(resource)}
        return locals_ | made

    @cached_property
    def _asked(self) -> list[tuple[list[Planned], str, list[Target]]]:
        """What every argument of every resource as it is written, and every output of the root module, refers to."""
        nobody = Planned("", "", "", "", None, data=True, values={}, unknown=None, expressions={}, repeated=None)
        outputs = mapping(self._plan.configuration.get("outputs"))
        asked = [([nobody], name, mapping(output).get("expression")) for name, output in outputs.items()]
        written: dict[str, list[Planned]] = {}
        for resource in self._plan.resources:
            written.setdefault(_written(resource), []).append(resource)
        for instances in written.values():
            asked += [(instances, name, expression) for name, expression in instances[0].expressions.items()]
            asked += [(instances, "for_each", instances[0].repeated)]
        return [
            (instances, name, self._references.of(expression, instances[0])) for instances, name, expression in asked
        ]


def leads_to_a_store(item: Found) -> bool:
    """Whether an attribute is how a function gets to a database, a cache or a table; secrets tell by their names what they are for."""
    if not item.path or item.path[0] not in LEADING.get(item.resource.type, ()):
        return False
    named = f"{item.resource.address} {item.resource.values.get('name') or ''}"
    return item.resource.type not in _KEEPING or speaks_of_database(named)


def sole(found: Sequence[Found]) -> list[Found]:
    """What is found as far as no other resource of its type is found too."""
    made = Counter(kind for kind, _ in {(item.resource.type, item.resource.address) for item in found})
    return [item for item in found if made[item.resource.type] == 1]


def _is_made_by_dynamic_block(resource: Planned) -> bool:
    block = _DYNAMIC.get(resource.type, "")
    return resource.configured and block not in resource.expressions and _waits(resource, block)


def _waits(resource: Planned, argument: str) -> bool:
    """Whether a part of an argument is known only after apply."""
    return _any_unknown(mapping(resource.unknown).get(argument))


def _written(resource: Planned) -> str:
    """The address of the resource as the configuration has it, for all of its instances."""
    return _INDEX.sub("", resource.address)


def _within(resource: Planned) -> str:
    """An address without the call of the root module that it lies in, which says the same of all in there."""
    return resource.address.removeprefix(outermost(resource.module))


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text.lower())} - _GENERIC


def _any_unknown(flags: Any) -> bool:
    if isinstance(flags, dict):
        flags = list(flags.values())
    return any(map(_any_unknown, flags)) if isinstance(flags, list) else flags is True
