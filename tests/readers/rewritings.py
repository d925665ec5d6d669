"""The same template, written otherwise: each function here keeps what CloudFormation makes of a template and changes how it is said.

A rewriting takes a template's body and gives the templates that say the same, by file name, or ``None`` where there is nothing to
rewrite.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.readers.template_parts import FUNCTIONS, IN_SUB, Body, Files, Rewriting, everywhere, one, plain, reference

ALWAYS = "AlwaysSo"


def _references(body: Body, write: Callable[[str, str], Any]) -> Files | None:
    """Every reference to a resource written by ``write`` instead."""
    known = set(body["Resources"])
    changed = False

    def act(value: Any) -> Any:
        nonlocal changed
        found = reference(value, known)
        if found is None:
            return value
        changed = True
        return write(*found)

    result = copy.deepcopy(body)
    for resource in result["Resources"].values():
        if isinstance(resource.get("Properties"), dict):
            resource["Properties"] = everywhere(resource["Properties"], act)
    return one(result) if changed else None


def as_sub(body: Body) -> Files | None:
    """References inside text: ``${Db.Endpoint.Address}``."""
    return _references(body, lambda name, what: {"Fn::Sub": f"${{{name}}}" if what == "Ref" else f"${{{name}.{what}}}"})


def as_sub_with_names(body: Body) -> Files | None:
    """References that a text gets under another name."""
    return _references(body, lambda name, what: {"Fn::Sub": ["${It}", {"It": plain(name, what)}]})


def as_join(body: Body) -> Files | None:
    """References as the only piece of a joined text."""
    return _references(body, lambda name, what: {"Fn::Join": ["", [plain(name, what)]]})


def as_dotted(body: Body) -> Files | None:
    """``Fn::GetAtt`` with one text for resource and attribute."""
    return _references(body, lambda name, what: {"Ref": name} if what == "Ref" else {"Fn::GetAtt": f"{name}.{what}"})


def as_select(body: Body) -> Files | None:
    """References as one piece of a text that is cut again."""
    return _references(
        body,
        lambda name, what: {"Fn::Select": [0, {"Fn::Split": ["|", {"Fn::Join": ["|", [plain(name, what), "other"]]}]}]},
    )


def as_choice(body: Body) -> Files | None:
    """References in a condition that always holds."""
    found = _references(body, lambda name, what: {"Fn::If": [ALWAYS, plain(name, what), {"Ref": "AWS::NoValue"}]})
    return one(_with_condition(found["template"])) if found else None


def _with_condition(body: Body) -> Body:
    return {**body, "Conditions": {**body.get("Conditions", {}), ALWAYS: {"Fn::Equals": ["same", "same"]}}}


def conditional(body: Body) -> Files | None:
    """Every resource under a condition that always holds."""
    result = _with_condition(copy.deepcopy(body))
    for resource in result["Resources"].values():
        resource.setdefault("Condition", ALWAYS)
    return one(result)


def other_order(body: Body) -> Files | None:
    """Every mapping from its end to its beginning."""
    return one(everywhere(body, lambda value: dict(reversed(value.items())) if isinstance(value, dict) else value))


def _variables(body: Body) -> Iterator[dict[str, Any]]:
    holders = [resource.get("Properties") for resource in body["Resources"].values() if resource["Type"] in FUNCTIONS]
    holders.append(body.get("Globals", {}).get("Function"))
    for holder in holders:
        found = holder.get("Environment", {}).get("Variables") if isinstance(holder, dict) else None
        if isinstance(found, dict) and not any(key.startswith("Fn::") for key in found):
            yield found


def _literals(body: Body, write: Callable[[Body, str, str], Any]) -> Files | None:
    """Every literal in an environment written by ``write``, which may add to the template."""
    result = copy.deepcopy(body)
    number = 0
    for variables in _variables(result):
        for name, value in variables.items():
            if isinstance(value, str) and value and "{{" not in value:
                number += 1
                variables[name] = write(result, f"Setting{number}", value)
    return one(result) if number else None


def as_defaults(body: Body) -> Files | None:
    """Literals of the environment as defaults of parameters."""

    def write(result: Body, name: str, value: str) -> Any:
        result.setdefault("Parameters", {})[name] = {"Type": "String", "Default": value}
        return {"Ref": name}

    return _literals(body, write)


def as_mapping(body: Body) -> Files | None:
    """Literals of the environment from a mapping."""

    def write(result: Body, name: str, value: str) -> Any:
        result.setdefault("Mappings", {}).setdefault("Settings", {})[name] = {"Value": value}
        return {"Fn::FindInMap": ["Settings", name, "Value"]}

    return _literals(body, write)


def through_ssm(body: Body) -> Files | None:
    """References of the environment stored as SSM parameters and resolved from there."""
    result = copy.deepcopy(body)
    known = set(body["Resources"])
    number = 0
    for variables in _variables(result):
        for name, value in variables.items():
            if reference(value, known) is not None:
                number += 1
                result["Resources"][f"Stored{number}"] = {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": {"Type": "String", "Name": f"/rewritten/{number}", "Value": value},
                }
                variables[name] = f"{{{{resolve:ssm:/rewritten/{number}}}}}"
    return one(result) if number else None


def policies_apart(body: Body) -> Files | None:
    """Inline policies of roles as policies of their own."""
    return _policies(body, "AWS::IAM::Policy", lambda name, policy: {**policy, "Roles": [{"Ref": name}]})


def policies_managed(body: Body) -> Files | None:
    """Inline policies of roles as managed policies that name the role."""
    return _policies(
        body,
        "AWS::IAM::ManagedPolicy",
        lambda name, policy: {"PolicyDocument": policy["PolicyDocument"], "Roles": [{"Ref": name}]},
    )


def _policies(body: Body, kind: str, write: Callable[[str, Body], Body]) -> Files | None:
    result = copy.deepcopy(body)
    added: Body = {}
    for name, resource in result["Resources"].items():
        own = resource.get("Properties", {}).get("Policies") if resource["Type"] == "AWS::IAM::Role" else None
        if isinstance(own, list) and all(isinstance(p, dict) and "PolicyDocument" in p for p in own):
            del resource["Properties"]["Policies"]
            for number, policy in enumerate(own):
                holds = {"Condition": resource["Condition"]} if "Condition" in resource else {}
                added[f"{name}Policy{number}"] = {"Type": kind, **holds, "Properties": write(name, policy)}
    result["Resources"].update(added)
    return one(result) if added else None


def permissions_otherwise(body: Body) -> Files | None:
    """IAM statements with lists where there was one, one where there was a list of one, and actions in capitals."""

    def act(value: Any) -> Any:
        if not isinstance(value, dict) or "Effect" not in value or "Action" not in value:
            return value
        action = value["Action"]
        actions = [item.upper() for item in action if isinstance(item, str)] if isinstance(action, list) else action
        short = actions[0] if isinstance(actions, list) and len(actions) == 1 else actions
        other = {**value, "Action": [action.upper()] if isinstance(action, str) else short, "Sid": "Rewritten"}
        if isinstance(value.get("Resource"), (str, dict)):
            other["Resource"] = [value["Resource"]]
        return other

    return one(everywhere(body, act))


def named_tables(body: Body) -> Files | None:
    """Tables with a name in writing, which environments and permissions spell out."""
    result = copy.deepcopy(body)
    resources = result["Resources"]
    tables = {name for name, found in resources.items() if found["Type"] == "AWS::DynamoDB::Table"}
    names = {name: f"orders-{number}" for number, name in enumerate(tables)}
    for name in tables:
        resources[name].setdefault("Properties", {})["TableName"] = names[name]

    def act(value: Any) -> Any:
        found = reference(value, tables)
        if found is not None and found[1] == "Ref":
            return names[found[0]]
        if found is not None and found[1] == "Arn":
            arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
            return {"Fn::Sub": f"{arn}{names[found[0]]}"}
        return value

    for resource in resources.values():
        if resource["Type"] in (*FUNCTIONS, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"):
            resource["Properties"] = everywhere(resource["Properties"], act)
    return one(result) if tables else None


def variables_renamed(body: Body) -> tuple[Files, dict[str, str]] | None:
    """Variables of environments under names that say nothing."""
    result = copy.deepcopy(body)
    holders = list(_variables(result))
    for variables in holders:
        values = list(variables.values())
        variables.clear()
        variables.update({f"V{number}": value for number, value in enumerate(values)})
    return (one(result), {}) if holders else None


def resources_renamed(body: Body) -> tuple[Files, dict[str, str]] | None:
    """Every resource and parameter under a name that says nothing, and which is which."""
    names = {name: f"R{number}x" for number, name in enumerate(body["Resources"])}
    names |= {name: f"P{number}x" for number, name in enumerate(body.get("Parameters", {}))}
    if "Globals" in body or "Rules" in body:
        return None

    def act(value: Any) -> Any:
        if isinstance(value, str):
            return IN_SUB.sub(lambda m: f"${{{names.get(m[1], m[1])}{m[2]}}}", value)
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("Ref"), str):
            return {"Ref": names.get(value["Ref"], value["Ref"])}
        target = value.get("Fn::GetAtt")
        if isinstance(target, str):
            target = target.split(".", 1)
        if isinstance(target, list) and target and isinstance(target[0], str):
            return {"Fn::GetAtt": [names.get(target[0], target[0]), *target[1:]]}
        if "DependsOn" in value:
            wanted = value["DependsOn"] if isinstance(value["DependsOn"], list) else [value["DependsOn"]]
            return {**value, "DependsOn": [names.get(item, item) for item in wanted]}
        return value

    result = everywhere(body, act)
    result["Resources"] = {names[name]: found for name, found in result["Resources"].items()}
    if "Parameters" in result:
        result["Parameters"] = {names[name]: found for name, found in result["Parameters"].items()}
    return one(result), names


#: Rewritings that must leave every certain and every likely connection where it was.
SAME: tuple[Rewriting, ...] = (
    as_sub, as_sub_with_names, as_join, as_dotted, as_select, as_choice, conditional, other_order, as_defaults, as_mapping,
    through_ssm, policies_apart, policies_managed, permissions_otherwise, named_tables,
)  # fmt: skip
#: Rewritings that take the names away: what an endpoint or a grant on that very resource says stays.
NAMELESS: tuple[Callable[[Body], tuple[Files, dict[str, str]] | None], ...] = (resources_renamed, variables_renamed)
