"""Modules as the registry's popular ones are written: dynamic blocks, locals, outputs with ``try``; plans as Terraform prints them.

Shapes were compared with terraform-aws-modules/rds-proxy 3, lambda 7, rds 6 and rds-aurora 9 (their sources, read 2026-11-21) and with
what Terraform 1.11.4 printed for small modules.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import DATABASE, GROUP, Json, plan, ref, resource, write

TRIED = ["aws_db_proxy.this[0].endpoint", "aws_db_proxy.this[0]", "aws_db_proxy.this"]


def fleet_of(folder: Path, body: Json) -> Fleet:
    reading = read([write(folder / "plan.json", body)])
    assert reading.unread == ()
    return reading.fleet


def call(inner: list[Json], expressions: Json, outputs: Json | None = None) -> Json:
    """A module's call with its configuration."""
    return {
        "source": "registry",
        "expressions": expressions,
        "module": {"resources": [item["written"] for item in inner], "outputs": outputs or {}},
    }


def proxy_module(*auth: Json) -> list[Json]:
    """terraform-aws-modules/rds-proxy: ``auth`` comes from a dynamic block, so the configuration does not show it."""
    unknown = [{"secret_arn": True} for _ in auth]
    return [
        resource(
            "module.proxy.aws_db_proxy.this[0]",
            {"name": "orders", "engine_family": "POSTGRESQL", "require_tls": True, "auth": [dict(item) for item in auth]},
            {"endpoint": True, "arn": True, "id": True, "auth": unknown},
            {"name": ref("var.name"), "role_arn": {"references": ["local.role_arn"]}},
            index=0,
        ),
        resource(
            "module.proxy.aws_db_proxy_default_target_group.this[0]",
            {"db_proxy_name": "orders", "connection_pool_config": [{"max_connections_percent": 60, "connection_borrow_timeout": 5}]},
            {"name": True, "id": True},
            {"db_proxy_name": {"references": ["aws_db_proxy.this[0].name", "aws_db_proxy.this[0]", "aws_db_proxy.this"]}},
            index=0,
        ),
        resource(
            "module.proxy.aws_db_proxy_target.db_instance[0]",
            {"db_proxy_name": "orders", "db_instance_identifier": "orders-db"},
            {"target_group_name": True},
            {
                "db_proxy_name": {"references": ["aws_db_proxy.this[0].name", "aws_db_proxy.this[0]", "aws_db_proxy.this"]},
                "db_instance_identifier": ref("var.db_instance_identifier"),
            },
            index=0,
        ),
    ]  # fmt: skip


def lambda_module(**unknown: Any) -> list[Json]:
    """terraform-aws-modules/lambda: ``environment`` comes from a dynamic block."""
    values = {
        "function_name": "api",
        "timeout": 10,
        "reserved_concurrent_executions": 20,
        "environment": [{"variables": {}}],
    }
    return [
        resource(
            "module.api.aws_lambda_function.this[0]",
            values,
            {"arn": True, "environment": [{"variables": unknown}], "role": True},
            {"function_name": ref("var.function_name"), "role": {"references": ["var.create_role", "var.lambda_role"]}},
            index=0,
        )
    ]


SECRET = resource("aws_secretsmanager_secret.orders", {"name": "orders"}, {"arn": True, "id": True})
OUTPUT = {"proxy_endpoint": {"expression": {"references": TRIED}}}


def shop(environment: list[str], **unknown: Any) -> Json:
    """A database of the root, the proxy module in front of it, the lambda module behind the proxy."""
    proxy, api = proxy_module({"auth_scheme": "SECRETS", "iam_auth": "REQUIRED"}), lambda_module(**unknown)
    calls = {
        "proxy": call(
            proxy,
            {
                "db_instance_identifier": ref("aws_db_instance.orders.identifier"),
                "auth": ref("aws_secretsmanager_secret.orders.arn"),
                "name": {"constant_value": "orders"},
            },
            OUTPUT,
        ),
        "api": call(
            api, {"environment_variables": {"references": environment}, "function_name": {"constant_value": "api"}}
        ),
    }
    return plan([DATABASE, GROUP, SECRET], modules=[*proxy, *api], calls=calls)


def test_a_proxy_of_a_module_has_its_target_and_its_pool(tmp_path: Path) -> None:
    (pool,) = fleet_of(tmp_path, shop([])).pools

    assert (pool.id, pool.store) == ("module.proxy.aws_db_proxy.this[0]", "aws_db_instance.orders")
    assert (pool.percent, pool.borrow_timeout_seconds) == (Quantity.exact(60), Quantity.exact(5))
    assert pool.iam_auth is True


def test_a_secret_in_a_dynamic_block_is_taken_from_the_call(tmp_path: Path) -> None:
    (pool,) = fleet_of(tmp_path, shop([])).pools

    assert pool.secrets == ("aws_secretsmanager_secret.orders",)


def test_several_secrets_in_dynamic_blocks_cannot_be_told_apart(tmp_path: Path) -> None:
    proxy = proxy_module({"iam_auth": "REQUIRED"}, {"iam_auth": "REQUIRED"})
    expressions = {
        "auth": ref("aws_secretsmanager_secret.orders.arn"),
        "db_instance_identifier": ref("aws_db_instance.orders.identifier"),
    }
    body = plan([DATABASE, GROUP, SECRET], modules=proxy, calls={"proxy": call(proxy, expressions)})

    assert fleet_of(tmp_path, body).pools[0].secrets is None


def test_an_environment_in_a_dynamic_block_is_likely_what_the_call_gives(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, shop(["module.proxy.proxy_endpoint", "module.proxy"], PGHOST=True))

    (edge,) = fleet.connections
    assert (edge.consumer, edge.store) == ("module.api.aws_lambda_function.this[0]", "aws_db_instance.orders")
    assert (edge.via, edge.pool, edge.certainty) == ("proxy", "module.proxy.aws_db_proxy.this[0]", "likely")
    assert any("a dynamic block hides the expression" in line for line in edge.evidence)


def test_an_environment_that_the_call_does_not_explain_is_a_gap(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, shop([], PGHOST=True))

    assert fleet.connections == ()
    (gap,) = [gap for gap in fleet.gaps if gap.subject.startswith("module.api")]
    assert "PGHOST" in gap.missing


def test_a_dynamic_block_of_the_root_module_is_a_gap(tmp_path: Path) -> None:
    function = resource(
        "aws_lambda_function.api",
        {"function_name": "api", "timeout": 3, "environment": [{"variables": {}}]},
        {"environment": [{"variables": {"PGHOST": True}}]},
        {"function_name": {"constant_value": "api"}},
    )

    fleet = fleet_of(tmp_path, plan([DATABASE, GROUP, function]))

    assert fleet.connections == ()
    assert [gap.subject for gap in fleet.gaps] == ["aws_lambda_function.api"]


def database_module(groups: int) -> Json:
    """terraform-aws-modules/rds: the group's name reaches the database through a local value."""
    names = [f"module.db.module.group[{n}].aws_db_parameter_group.this" for n in range(groups)]
    inner = [
        resource(name, {"parameter": [{"name": "max_connections", "value": "150"}]}, {"name": True, "id": True})
        for name in names
    ]
    instance = resource(
        "module.db.module.instance.aws_db_instance.this",
        {"engine": "postgres", "engine_version": "16.4", "instance_class": "db.t4g.medium", "identifier": "orders-db"},
        {"address": True, "parameter_group_name": True},
        {"parameter_group_name": ref("var.parameter_group_name")},
    )
    body = plan([], calls={"db": {"expressions": {}, "module": {"module_calls": {
        "instance": call([instance], {"parameter_group_name": {"references": ["local.parameter_group_name"]}}),
        "group": call(inner, {}),
    }}}})  # fmt: skip
    children = [
        *[{"address": item["planned"]["address"].rsplit(".", 2)[0], "resources": [item["planned"]]} for item in inner],
        {"address": "module.db.module.instance", "resources": [instance["planned"]]},
    ]
    body["planned_values"]["root_module"]["child_modules"] = [{"address": "module.db", "child_modules": children}]
    for item in (*inner, instance):
        body["resource_changes"].append(
            {"address": item["planned"]["address"], "change": {"after_unknown": item["unknown"]}}
        )
    return body


def test_the_only_group_of_a_module_is_the_one_behind_its_local_value(tmp_path: Path) -> None:
    (store,) = fleet_of(tmp_path, database_module(1)).stores

    assert store.max_connections == Quantity.exact(150)


@pytest.mark.parametrize("groups", [0, 2])
def test_none_or_several_groups_behind_a_local_value_leave_the_limit_unknown(tmp_path: Path, groups: int) -> None:
    (store,) = fleet_of(tmp_path, database_module(groups)).stores

    assert store.max_connections is not None
    assert "local.parameter_group_name is a local value" in store.max_connections.reason


def aurora(key: str) -> list[Json]:
    """terraform-aws-modules/rds-aurora with ``for_each`` over regions: instances by key, groups by index."""
    module = f'module.aurora["{key}"]'
    cluster = {"references": ["aws_rds_cluster.this[0].id", "aws_rds_cluster.this[0]", "aws_rds_cluster.this"]}
    group = [
        "aws_rds_cluster_parameter_group.this[0].id",
        "aws_rds_cluster_parameter_group.this[0]",
        "aws_rds_cluster_parameter_group.this",
    ]
    return [
        resource(
            f"{module}.aws_rds_cluster.this[0]",
            {"engine": "aurora-postgresql", "engine_version": "16.4", "cluster_identifier": f"orders-{key}"},
            {"endpoint": True, "id": True, "db_cluster_parameter_group_name": True},
            {"db_cluster_parameter_group_name": {"references": ["var.create_group", *group, "var.group_name"]}},
            index=0,
        ),
        resource(
            f"{module}.aws_rds_cluster_parameter_group.this[0]",
            {"parameter": [{"name": "max_connections", "value": "400"}]},
            {"name": True, "id": True},
            index=0,
        ),
        resource(
            f'{module}.aws_rds_cluster_instance.this["one"]',
            {"engine": "aurora-postgresql", "instance_class": "db.r6g.large"},
            {"cluster_identifier": True, "identifier": True},
            {"cluster_identifier": cluster},
            index="one",
        ),
    ]


def test_instances_of_a_repeated_module_belong_to_their_own_cluster(tmp_path: Path) -> None:
    regions = {key: aurora(key) for key in ("blue", "green")}
    body = plan([], calls={"aurora": call(regions["blue"], {})})
    body["planned_values"]["root_module"]["child_modules"] = [
        {"address": f'module.aurora["{key}"]', "resources": [item["planned"] for item in items]}
        for key, items in regions.items()
    ]
    body["resource_changes"] = [
        {"address": item["planned"]["address"], "change": {"after_unknown": item["unknown"]}}
        for items in regions.values() for item in items
    ]  # fmt: skip

    stores = fleet_of(tmp_path, body).stores

    assert {store.id: [instance.id for instance in store.instances] for store in stores} == {
        f'module.aurora["{key}"].aws_rds_cluster.this[0]': [
            f'module.aurora["{key}"].aws_rds_cluster_instance.this["one"]'
        ]
        for key in regions
    }
    assert {store.max_connections for store in stores} == {Quantity.exact(400)}
