"""Plans built by hand in the shape of ``terraform show -json``, format 1.2."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def ref(*names: str) -> Json:
    """An expression's references, each followed by its resource as Terraform lists them."""
    found: list[str] = []
    for name in names:
        parent = name.rsplit(".", 1)[0]
        found += [name, parent] if parent.count(".") else [name]
    return {"references": found}


def resource(
    address: str,
    values: Json,
    unknown: Json | None = None,
    expressions: Json | None = None,
    *,
    mode: str = "managed",
    index: Any = None,
) -> Json:
    """Everything a plan says of one resource, to be laid out by ``plan``."""
    kind, name = re.sub(r"\[[^]]*\]$", "", address).split(".")[-2:]
    planned = {"address": address, "mode": mode, "type": kind, "name": name, "values": values}
    if index is not None:
        planned["index"] = index
    written = {"address": f"{kind}.{name}", "mode": mode, "type": kind, "name": name, "expressions": expressions or {}}
    return {"planned": planned, "unknown": unknown or {}, "written": written}


def plan(resources: list[Json], *, modules: list[Json] | None = None, calls: Json | None = None) -> Json:
    """A plan of the root module with given resources; ``modules`` are resources of ``module.<name>`` by their address."""
    inner = modules or []
    children: dict[str, list[Json]] = {}
    for item in inner:
        module = item["planned"]["address"].rsplit(".", 2)[0].removesuffix(".data")
        children.setdefault(module, []).append(item["planned"])
    root: Json = {"resources": [item["planned"] for item in resources]}
    if children:
        root["child_modules"] = [{"address": address, "resources": items} for address, items in children.items()]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": root},
        "resource_changes": [
            {"address": item["planned"]["address"], "change": {"actions": ["create"], "after_unknown": item["unknown"]}}
            for item in [*resources, *inner]
        ],
        "configuration": {
            "root_module": {"resources": [item["written"] for item in resources], "module_calls": calls or {}}
        },
    }


def write(path: Path, body: Json) -> Path:
    path.write_text(json.dumps(body, indent=1))
    return path


def function(name: str, environment: Json, *, reserved: int = -1, timeout: int = 3, **expressions: Any) -> Json:
    """A function whose environment maps names to references; the values are unknown."""
    return resource(
        f"aws_lambda_function.{name}",
        {"function_name": name, "timeout": timeout, "reserved_concurrent_executions": reserved, "environment": [{"variables": {}}]},
        {"arn": True, "role": True, "environment": [{"variables": dict.fromkeys(environment, True)}]},
        {"environment": [{"variables": ref(*environment.values())}], **expressions},
    )  # fmt: skip


DATABASE = resource(
    "aws_db_instance.orders",
    {"engine": "postgres", "engine_version": "16.4", "instance_class": "db.t4g.medium", "identifier": "orders-db"},
    {"address": True, "endpoint": True, "arn": True, "resource_id": True, "parameter_group_name": True},
    {"parameter_group_name": ref("aws_db_parameter_group.orders.name")},
)
GROUP = resource(
    "aws_db_parameter_group.orders", {"parameter": [{"name": "max_connections", "value": "200"}]}, {"name": True}
)
PROXY = resource(
    "aws_db_proxy.orders",
    {"name": "orders", "engine_family": "POSTGRESQL", "require_tls": True},
    {"endpoint": True, "arn": True},
)
POOL = resource(
    "aws_db_proxy_default_target_group.orders",
    {
        "db_proxy_name": "orders",
        "connection_pool_config": [
            {"max_connections_percent": 50, "connection_borrow_timeout": 5, "session_pinning_filters": None}
        ],
    },
    {"name": True},
    {"db_proxy_name": ref("aws_db_proxy.orders.name")},
)
TARGET = resource(
    "aws_db_proxy_target.orders",
    {"db_proxy_name": "orders", "db_instance_identifier": "orders-db"},
    {"target_group_name": True},
    {
        "db_proxy_name": ref("aws_db_proxy.orders.name"),
        "db_instance_identifier": ref("aws_db_instance.orders.identifier"),
    },
)
QUEUE = resource("aws_sqs_queue.orders", {"name": "orders-queue"}, {"arn": True})
MAPPING = resource(
    "aws_lambda_event_source_mapping.orders",
    {"enabled": True, "scaling_config": [{"maximum_concurrency": 8}]},
    {"event_source_arn": True, "function_name": True},
    {"event_source_arn": ref("aws_sqs_queue.orders.arn"), "function_name": ref("aws_lambda_function.proxied.arn")},
)
DIRECT = function("direct", {"DB_HOST": "aws_db_instance.orders.address"}, reserved=10, timeout=10)
PROXIED = function("proxied", {"DB_HOST": "aws_db_proxy.orders.endpoint"}, reserved=20, timeout=15)
FLEET = [GROUP, DATABASE, PROXY, POOL, TARGET, QUEUE, DIRECT, PROXIED, MAPPING]
