"""IAM policies of a plan: JSON text, policy document data sources, and policies whose text is known after apply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.readers.cloudformation.values import ONE_OF, Unresolved
from constructs_lib.readers.terraform.hidden import OUT_OF_SIGHT
from constructs_lib.readers.terraform.plan import Planned, listed, mapping
from constructs_lib.readers.terraform.references import (
    ANYTHING,
    ASSUMED,
    MOST,
    Found,
    Local,
    Target,
    assumed,
    has_local,
    intrinsic,
)
from constructs_lib.readers.terraform.values import AFTER_APPLY, Values, document, is_written, walk
from constructs_lib.regex import regex

DOCUMENT = "aws_iam_policy_document"
HIDDEN = "the policy is known after apply, so its actions are assumed"
#: What a policy that names such a resource is there for, when its text is known after apply.
_ASSUMED: dict[str, tuple[str, ...]] = {
    "aws_secretsmanager_secret": ("secretsmanager:GetSecretValue",),
    "aws_dynamodb_table": ("dynamodb:GetItem", "dynamodb:PutItem"),
    "aws_db_proxy": ("rds-db:connect",),
    "aws_dsql_cluster": ("dsql:DbConnect",),
}
_TAKES_IN = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
#: Documents within documents: more would be a circle.
DEEPEST = 10
#: Attributes by which a policy names something.
_NAMING = ("arn", "id", "name", "identifier", "master_user_secret")
#: The same for ARNs that variables hold.
_ASSUMED_OF_ARNS = (
    (regex(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:."), ("secretsmanager:GetSecretValue",)),
    (regex(r"arn:[^:]*:dynamodb:[^:]*:[^:]*:table/."), ("dynamodb:GetItem", "dynamodb:PutItem")),
    (regex(r"arn:[^:]*:rds-db:[^:]*:[^:]*:dbuser:."), ("rds-db:connect",)),
    (regex(r"arn:[^:]*:rds:[^:]*:[^:]*:cluster:."), ("rds-data:ExecuteStatement",)),
)


def policy(values: Values, resource: Planned, *path: str) -> Any:
    """The policy at an argument, with references to the resources it is about."""
    targets = _chosen_by_key(walk(resource.expressions, path), values.targets(resource, *path))
    written = document(walk(resource.values, path))
    if isinstance(written, dict):
        return _with_references(values, written, _deep(values, targets))
    statements = _stated(values, resource, targets)
    planned = any(isinstance(target, Found) and not target.resource.data for target in targets)
    left = resource.configured and not is_written(resource.expressions, path)
    if not statements and not planned and not left and walk(resource.unknown, path) is True:
        return Unresolved(f"{path[-1]} of '{resource.address}' is {AFTER_APPLY}")
    return {"Statement": statements} if statements else None


def _stated(values: Values, resource: Planned, targets: list[Target]) -> list[Any]:
    """Statements of a policy of which only the references are known."""
    statements: list[Any] = []
    for target in targets:
        if isinstance(target, Found) and target.resource.data and target.resource.type == DOCUMENT:
            statements += _document_statements(values, target.resource)
        elif isinstance(target, Found) and not target.resource.data:
            statements += _assumed(target)
        elif isinstance(target, str):
            statements += _assumed_of_arn(target)
    if has_local(targets):
        unseen = [item for item in values.hidden.behind(resource, targets) if item.path[0] in _NAMING]
        statements += [statement for item in unseen for statement in _assumed(item)]
    return statements


def _chosen_by_key(expression: Any, targets: list[Target]) -> list[Target]:
    """Several things of one kind beside what ``for_each`` gives to each instance: ``[for t in each.value.tables : var.arns[t]]``."""
    names = listed(mapping(expression).get("references"))
    if not any(str(name).startswith("each.value") for name in names):
        return targets
    kinds = Counter(target.resource.type for target in targets if isinstance(target, Found))
    return [
        target._replace(one_of=True) if isinstance(target, Found) and kinds[target.resource.type] > 1 else target
        for target in targets
    ]


def _deep(values: Values, targets: list[Target]) -> list[Target]:
    """References, and those of the policy documents among them."""
    found = list(targets)
    for target in targets:
        if isinstance(target, Found) and target.resource.data and target.resource.type == DOCUMENT:
            found += values.references.of(target.resource.expressions, target.resource)
    return found


def _with_references(values: Values, written: Any, targets: list[Target]) -> Any:
    statements = written.get("Statement")
    return {
        "Statement": [
            {**item, "Resource": [values.value(text, targets, "Resource") for text in _several(item.get("Resource"))]}
            for item in _several(statements)
            if isinstance(item, dict)
        ]
    }


def _document_statements(values: Values, source: Planned, depth: int = 0) -> list[Any]:
    """Statements of a data source: its text when it was read, else its configuration, where actions are constants."""
    written = document(source.values.get("json"))
    if isinstance(written, dict):
        found = _with_references(values, written, values.references.of(source.expressions, source))
        return listed(found["Statement"])
    written, planned = (listed(of.get("statement")) for of in (source.expressions, source.values))
    shown = len(written) == len(planned) or not planned
    blocks = zip(written, planned or written, strict=True) if shown else (({}, block) for block in planned)
    statements = [*_merged(values, source, depth)]
    for expression, block in blocks:
        statements += _statement(values, source, mapping(expression), mapping(block) if planned else {})
    return statements or (_of_unknown_statements(values, source) if not written and not planned else [])


def _statement(
    values: Values, source: Planned, written: Mapping[str, Any], planned: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """A statement, as far as it is written and planned; a dynamic block makes it where it is planned alone.

    What is about things that nobody sees is taken to be about those of the kind that its actions are for.
    """
    actions = _actions(values, source, mapping(written.get("actions")), listed(planned.get("actions")))
    effect = mapping(written.get("effect")).get("constant_value") or planned.get("effect") or "Allow"
    resources = mapping(written.get("resources"))
    targets = _chosen_by_key(resources, values.references.of(resources, source))
    if actions is None:
        allowed = [target for target in targets if isinstance(target, Found) and effect == "Allow"]
        yield from (item for target in allowed for item in _assumed(target))
        return
    known = [item for item in listed(planned.get("resources")) if isinstance(item, str)]
    constant = known or ([] if "references" in resources else listed(resources.get("constant_value")))
    asked = planned.get("resources")
    waiting = len(asked) - len(known) if isinstance(asked, list) else MOST
    waits = (
        bool(planned) and planned.get("not_resources") is None and (asked is None or len(known) < len(listed(asked)))
    )
    unseen = _unseen(values, source, targets, actions, waiting) if has_local(targets) or (waits and not written) else []
    named = [values.part(target) for target in targets if not (unseen and isinstance(target, Local))]
    if waits and not named and not unseen:
        named = [Unresolved(f"what a statement of '{source.address}' is about is {AFTER_APPLY}")]
    found = [values.value(text, targets, "Resource") for text in constant]
    yield {"Effect": effect, "Action": actions, "Resource": [*found, *named, *unseen]}


def _actions(values: Values, source: Planned, written: Mapping[str, Any], planned: list[Any]) -> Any:
    """The actions of a statement: planned or constant, or the values of input variables; ``None`` where nobody sees them."""
    if planned and all(isinstance(item, str) for item in planned):
        return planned
    if "constant_value" in written:
        return written["constant_value"]
    found = values.references.of(written, source)
    return found if found and all(isinstance(item, str) for item in found) else None


def _merged(values: Values, source: Planned, depth: int) -> Iterator[Any]:
    """Statements of the documents that another one takes in: what it says itself may take their place, where both have the same Sid."""
    for argument in _TAKES_IN if depth < DEEPEST else ():
        for target in values.targets(source, argument):
            if isinstance(target, Found) and target.resource.data and target.resource.type == DOCUMENT:
                yield from _document_statements(values, target.resource, depth + 1)
            elif isinstance(target, Found) and not target.resource.data:
                yield from _assumed(target)


def _of_unknown_statements(values: Values, source: Planned) -> list[Any]:
    """Statements of which nobody sees as much as the actions: about what the module is given, or what is out of sight."""
    passed = [item for item in values.references.arguments(source, ANYTHING) if isinstance(item, Found)]
    meant = [item for item in passed if not item.resource.data] or values.hidden.behind(source, ())
    named = [item for item in meant if item.path and item.path[0] in _NAMING]
    return [statement for item in named for statement in _assumed(item)]


def _unseen(values: Values, source: Planned, targets: list[Target], actions: Any, waiting: int) -> list[Any]:
    """What a local value or a dynamic block hides among the resources of a statement: things of the kind that its actions are for.

    Where there are more of them than the statement waits for, any one may be meant.
    """
    services = {str(action).partition(":")[0] for action in _several(actions)}
    types = {kind for kind, meant in _ASSUMED.items() if meant[0].partition(":")[0] in services}
    passed = [item for item in values.references.arguments(source, ANYTHING) if isinstance(item, Found)]
    given = [item for item in passed if item.resource.type in types and item.path[:1] and item.path[0] in _NAMING]
    found = given if given and not targets else values.hidden.behind(source, targets, types=types) if types else []
    several = len({item.resource.address for item in found}) > waiting
    return [
        assumed(intrinsic(item), ONE_OF if item.one_of or several else OUT_OF_SIGHT)
        for item in found
        if item.path[0] in _NAMING
    ]


def _assumed(target: Found) -> list[Any]:
    resource, path = target.resource, target.path
    actions = _ASSUMED.get(resource.type)
    if path[:1] in (("resource_id",), ("cluster_resource_id",)):
        actions = ("rds-db:connect",)
    elif path[:1] == ("master_user_secret",):
        actions = ("secretsmanager:GetSecretValue",)
    elif resource.type == "aws_rds_cluster" and path[:1] == ("arn",) and _has_data_api(resource):
        actions = ("rds-data:ExecuteStatement",)
    return _allowing(actions, intrinsic(target), ONE_OF if target.one_of else HIDDEN) if actions is not None else []


def _has_data_api(cluster: Planned) -> bool:
    """Whether a cluster's data API is on, or may be: it is off unless somebody switches it on."""
    value = cluster.values.get("enable_http_endpoint")
    return bool(value) or (value is None and walk(cluster.unknown, ("enable_http_endpoint",)) is True)


def _assumed_of_arn(text: str) -> list[Any]:
    """What a policy with such an ARN in it is there for, as the value of a variable."""
    actions = next((actions for arn, actions in _ASSUMED_OF_ARNS if arn.match(text)), None)
    return _allowing(actions, text) if actions is not None else []


def _allowing(actions: tuple[str, ...], resource: Any, why: str = HIDDEN) -> list[Any]:
    return [{"Effect": "Allow", "Action": list(actions), "Resource": [{ASSUMED: [why, resource]}]}]


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def inline_policies(values: Values, role: Planned) -> list[Any]:
    """The documents of a role's inline policies; of one that a dynamic block makes, what its module is given is seen at most."""
    blocks = listed(role.values.get("inline_policy"))
    written = listed(role.expressions.get("inline_policy"))
    if not blocks:
        found = policy(values, role, "inline_policy", "policy")
        return [] if found is None else [found]
    documents: list[Any] = []
    for index, block in enumerate(blocks):
        expression = mapping(written[index]).get("policy") if len(written) == len(blocks) else None
        known = document(mapping(block).get("policy"))
        if isinstance(known, dict):
            targets = values.references.of(expression, role)
            documents.append(_with_references(values, known, _deep(values, targets)))
        elif mapping(block):
            statements = _stated(values, role, values.references.of(expression, role)) if expression else []
            statements = statements or _of_unknown_statements(values, role)
            unread = Unresolved(f"policy of '{role.address}' is {AFTER_APPLY}")
            documents.append({"Statement": statements} if statements else unread)
    return documents


def attached_policies(values: Values, role: Planned) -> list[Any]:
    """The managed policies that a role lists itself; one that waits for apply as a reference, or as unresolved where nobody sees it."""
    known = role.values.get("managed_policy_arns")
    if isinstance(known, list) and all(isinstance(item, str) for item in known):
        return known
    if not is_written(role.expressions, ("managed_policy_arns",)):
        return []
    arns: list[Any] = [item for item in listed(known) if isinstance(item, str)]
    found = [values.part(item) for item in values.targets(role, "managed_policy_arns") if not isinstance(item, str)]
    return [*arns, *(found or [Unresolved(f"managed_policy_arns of '{role.address}' is {AFTER_APPLY}")])]
