"""The same template, in several: nested, or with the databases apart from the functions, joined in each way that CloudFormation has."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from tests.readers.template_parts import FUNCTIONS, IN_SUB, Body, Files, Rewriting, everywhere, plain, reference

_STORES = re.compile(r"AWS::(RDS|DocDB|Neptune|ElastiCache|MemoryDB|DSQL|DynamoDB|Redshift|RedshiftServerless)::")
_STACK, _STORED = "AWS::CloudFormation::Stack", "AWS::SSM::Parameter"


def nested(body: Body) -> Files | None:
    """The whole template as the child of another, with its parameters passed on."""
    parameters = body.get("Parameters", {})
    maker = {"TemplateURL": "./template.json", "Parameters": {name: {"Ref": name} for name in parameters}}
    parent = {
        "Parameters": parameters,
        "Resources": {"Inner": {"Type": _STACK, "Properties": maker}},
    }
    return {"parent": parent, "template": body}


def by_exports(body: Body) -> Files | None:
    """Databases and all they need in one template, the rest in another that imports."""
    return _split(body, lambda name: {"Fn::ImportValue": name}, lambda apart: None)


def by_prefixed_exports(body: Body) -> Files | None:
    """The same with names of exports that begin with the name of the other stack, which is a parameter."""
    files = _split(body, lambda name: {"Fn::ImportValue": {"Fn::Sub": f"${{DataStack}}-{name}"}}, lambda apart: None)
    if files is None:
        return None
    for name, output in files["data"]["Outputs"].items():
        output["Export"] = {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}
    given = {**files["app"].get("Parameters", {}), "DataStack": {"Type": "String", "Default": "data"}}
    return {**files, "app": {**files["app"], "Parameters": given}}


def by_stored_parameters(body: Body) -> Files | None:
    """Databases in one template that stores what is known of them in SSM; the other takes it by parameters of that type."""
    files = _split(body, lambda name: {"Ref": f"{name}Given"}, lambda apart: None)
    if files is None:
        return None
    outputs = files["data"].pop("Outputs")
    stored = {
        f"{name}Stored": {
            "Type": _STORED,
            "Properties": {"Type": "String", "Name": f"/data/{name}", "Value": output["Value"]},
        }
        for name, output in outputs.items()
    }
    files["data"]["Resources"] = {**files["data"]["Resources"], **stored}
    taken = {f"{name}Given": {"Type": f"{_STORED}::Value<String>", "Default": f"/data/{name}"} for name in outputs}
    return {**files, "app": {**files["app"], "Parameters": {**files["app"].get("Parameters", {}), **taken}}}


def by_siblings(body: Body) -> Files | None:
    """Databases in one nested stack, whose outputs a parent passes to another as parameters."""

    def parent(apart: list[str]) -> Body:
        given = body.get("Parameters", {})
        same = {name: {"Ref": name} for name in given}
        passed = {name: {"Fn::GetAtt": ["Data", f"Outputs.{name}"]} for name in apart}
        return {
            "Parameters": given,
            "Resources": {
                "Data": {"Type": _STACK, "Properties": {"TemplateURL": "./data.json", "Parameters": same}},
                "App": {"Type": _STACK, "Properties": {"TemplateURL": "./app.json", "Parameters": {**same, **passed}}},
            },
        }

    return _split(body, lambda name: {"Ref": name}, parent)


def _split(body: Body, fetch: Callable[[str], Any], parent: Callable[[list[str]], Body | None]) -> Files | None:
    resources = body["Resources"]
    moved = _closure(resources, {name for name, found in resources.items() if _STORES.match(found["Type"])})
    kept = resources.keys() - moved
    if not moved or not any(resources[name]["Type"] in FUNCTIONS for name in kept):
        return None
    if any(resources[name]["Type"] in FUNCTIONS for name in moved) or "Globals" in body:
        return None
    rest = {name: copy.deepcopy(resources[name]) for name in resources if name in kept}
    wanted: dict[str, Any] = {}

    def act(value: Any) -> Any:
        found = reference(value, moved)
        if found is not None:
            name = re.sub(r"\W", "", "".join(found)) + "Value"
            wanted[name] = plain(*found)
            return fetch(name)
        if isinstance(value, dict) and set(value) == {"Fn::Sub"}:
            return _apart(value["Fn::Sub"], moved, act)
        return value

    for resource in rest.values():
        resource.pop("DependsOn", None)
        if "Properties" in resource:
            resource["Properties"] = everywhere(resource["Properties"], act)
    outputs = {name: {"Value": value, "Export": {"Name": name}} for name, value in wanted.items()}
    shared = {key: value for key, value in body.items() if key not in ("Resources", "Outputs")}
    data = {**shared, "Resources": {name: resources[name] for name in resources if name in moved}, "Outputs": outputs}
    app = {**shared, "Resources": rest}
    above = parent(list(wanted))
    if above is None:
        return {"data": data, "app": app}
    taken = {**app.get("Parameters", {}), **{name: {"Type": "String"} for name in wanted}}
    return {"main": above, "data": data, "app": {**app, "Parameters": taken}}


def _apart(text: Any, moved: set[str], act: Callable[[Any], Any]) -> Any:
    """A text whose references to what was moved come in under names of their own."""
    written, names = (text, {}) if isinstance(text, str) else (text[0], dict(text[1]))

    def replaced(match: re.Match[str]) -> str:
        if match[1] not in moved:
            return match[0]
        name = f"It{len(names)}"
        names[name] = act(plain(match[1], match[2][1:] or "Ref"))
        return f"${{{name}}}"

    result = IN_SUB.sub(replaced, written)
    return {"Fn::Sub": [result, names]} if names else {"Fn::Sub": result}


def _closure(resources: Body, wanted: set[str]) -> set[str]:
    """The resources with all that they refer to, and what only attaches to them."""
    found: set[str] = set()
    open_ones = list(wanted)
    while open_ones:
        name = open_ones.pop()
        if name not in found:
            found.add(name)
            open_ones += [other for other in resources if other not in found and _mentions(resources[name], other)]
    return found


def _mentions(value: Any, name: str) -> bool:
    text = json.dumps(value)
    return any(form in text for form in (f'"Ref": "{name}"', f'["{name}",', f'"{name}.', f"${{{name}}}", f"${{{name}."))


#: Every way; the connections stay where they were.
APART: tuple[Rewriting, ...] = (nested, by_exports, by_prefixed_exports, by_stored_parameters, by_siblings)
