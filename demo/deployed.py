"""What the deployment made: physical names by construct path, and the limits that the local cloud must be told again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib.errors import RehearsalError
from demo.cloud import Cloud

STACK = "Poolproof"


@dataclass(frozen=True)
class Deployed:
    """The stack in the local cloud."""

    cloud: Cloud
    template: Mapping[str, Any]
    physical: Mapping[str, str]
    """Logical id → physical name."""

    def name(self, path: str, resource_type: str) -> str:
        """The physical name of the only resource of a type at or below a construct path such as "Orders/OrderApi".

        Raises RehearsalError when there is none, or more than one.
        """
        found = [logical for logical, resource in self._resources() if _is_at(resource, path, resource_type)]
        if len(found) != 1:
            raise RehearsalError(
                f"{len(found)} resources of type {resource_type} below '{path}' in {STACK}: wanted one"
            )
        return self.physical[found[0]]

    def functions_with_reserve(self) -> dict[str, int]:
        """Physical name → reserved concurrency, for every function that reserves any in the deployed template."""
        return {
            self.physical[logical]: int(resource["Properties"]["ReservedConcurrentExecutions"])
            for logical, resource in self._resources()
            if resource["Type"] == "AWS::Lambda::Function"
            and "ReservedConcurrentExecutions" in resource.get("Properties", {})
        }

    def path_of(self, physical: str) -> str:
        """The construct path of a physical name, as it is written in the code."""
        logical = next(logical for logical, name in self.physical.items() if name == physical)
        path = str(self.template["Resources"][logical].get("Metadata", {}).get("aws:cdk:path", logical))
        return path.removeprefix(f"{STACK}/").removesuffix("/Resource")

    def reserve(self) -> dict[str, int]:
        """Set the template's reserved concurrency through the API, as MiniStack ignores it in templates; what was set."""
        client = self.cloud.client("lambda")
        wanted = self.functions_with_reserve()
        for name, executions in wanted.items():
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=executions)
        return {
            name: client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] for name in wanted
        }

    def environment_of(self, function: str) -> Mapping[str, str]:
        """The environment variables that the deployment gave a function."""
        configuration = self.cloud.client("lambda").get_function_configuration(FunctionName=function)
        variables: Mapping[str, str] = configuration["Environment"]["Variables"]
        return variables

    def _resources(self) -> list[tuple[str, Mapping[str, Any]]]:
        return list(self.template["Resources"].items())


def read_deployed(cloud: Cloud, assembly: Path) -> Deployed:
    """Join the synthesized template with what the cloud says it made of it."""
    template = json.loads((assembly / f"{STACK}.template.json").read_text(encoding="utf-8"))
    pages = cloud.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    physical = {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        if "PhysicalResourceId" in entry
    }
    return Deployed(cloud, template, physical)


def _is_at(resource: Mapping[str, Any], path: str, resource_type: str) -> bool:
    at = resource.get("Metadata", {}).get("aws:cdk:path", "")
    return resource["Type"] == resource_type and f"{at}/".startswith(f"{STACK}/{path}/")
