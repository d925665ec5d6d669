"""Attributes that splats hide, data sources that look up what the same plan makes, and functions that a plan calls itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Fleet
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import (
    DATABASE,
    GROUP,
    POOL,
    PROXY,
    TARGET,
    Json,
    function,
    plan,
    ref,
    resource,
    write,
)  # fmt: skip

WHOLE = {"references": ["aws_db_instance.this"]}


def fleet_of(tmp_path: Path, body: Json) -> Fleet:
    reading = read([write(tmp_path / "plan.json", body)])
    assert reading.unread == ()
    return reading.fleet


def edges(fleet: Fleet) -> list[tuple[str, str, str]]:
    return sorted((edge.store, edge.via, edge.certainty) for edge in fleet.connections)


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("this_db_endpoint", True),
        ("address", True),
        ("db_host", True),
        ("db_arn", False),
        ("db_port", False),
        ("all", False),
    ],
)
def test_an_output_that_is_a_splat_gives_what_its_name_says(tmp_path: Path, output: str, *, found: bool) -> None:
    database = resource(
        "module.db.aws_db_instance.this[0]", DATABASE["planned"]["values"], DATABASE["unknown"], index=0
    )
    api = function("api", {"SETTING": f"module.db.{output}"})
    inner = {"resources": [database["written"]], "outputs": {output: {"expression": WHOLE}}}
    body = plan([api], modules=[database], calls={"db": {"module": inner}})
    expected = [("module.db.aws_db_instance.this[0]", "direct", "certain")] if found else []
    assert edges(fleet_of(tmp_path, body)) == expected


@pytest.mark.parametrize(("variable", "found"), [("DB_HOST", 1), (None, 1), ("DB_NAME", 0)])
def test_a_splat_in_an_environment_is_likely_the_address(tmp_path: Path, variable: str | None, found: int) -> None:
    database = resource("aws_db_instance.this[0]", DATABASE["planned"]["values"], DATABASE["unknown"], index=0)
    unknown: Any = True if variable is None else {variable: True}
    api = resource(
        "aws_lambda_function.api", {"function_name": "api", "environment": [{}]}, {"environment": [{"variables": unknown}]},
        {"environment": [{"variables": WHOLE}]},
    )  # fmt: skip
    fleet = fleet_of(tmp_path, plan([database, api]))
    assert edges(fleet) == found * [("aws_db_instance.this[0]", "direct", "likely")]


@pytest.mark.parametrize(
    ("values", "written"),
    [({}, {"name": ref("aws_db_proxy.orders.name")}), ({"name": "orders"}, {"name": {"constant_value": "orders"}})],
)
def test_a_data_source_that_looks_up_what_the_plan_makes(tmp_path: Path, values: Json, written: Json) -> None:
    """It is read only when the plan is applied: until then its own attributes are not known."""
    source = resource("data.aws_db_proxy.found", values, {"endpoint": True}, written, mode="data")
    api = function("api", {"PGHOST": "data.aws_db_proxy.found.endpoint"})
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, PROXY, POOL, TARGET, source, api]))
    assert [(edge.store, edge.pool, edge.certainty) for edge in fleet.connections] == [
        ("aws_db_instance.orders", "aws_db_proxy.orders", "certain")
    ]


def test_a_data_source_of_something_else_leads_nowhere(tmp_path: Path) -> None:
    values = {"name": "invoices"}
    source = resource(
        "data.aws_db_proxy.found", values, {"endpoint": True}, {"name": {"constant_value": "invoices"}}, mode="data"
    )
    api = function("api", {"PGHOST": "data.aws_db_proxy.found.endpoint"})
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, PROXY, POOL, TARGET, source, api]))
    assert "aws_db_instance.orders" not in {edge.store for edge in fleet.connections}
    assert fleet.gaps


@pytest.mark.parametrize("mode", ["managed", "data"])
@pytest.mark.parametrize("known", [True, False])
def test_a_function_that_a_plan_calls_itself_runs_when_it_is_applied(tmp_path: Path, mode: str, *, known: bool) -> None:
    text = json.dumps({"host": "orders-db.abc.eu-west-1.rds.amazonaws.com", "steps": 3})
    address = "aws_lambda_invocation.migrate" if mode == "managed" else "data.aws_lambda_invocation.migrate"
    called = resource(
        address, {"function_name": "migration", "input": text} if known else {}, {} if known else {"function_name": True, "input": True},
        {"function_name": ref("aws_lambda_function.migration.function_name"), "input": ref("aws_db_instance.orders.address")},
        mode=mode,
    )  # fmt: skip
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, function("migration", {}), called]))
    (edge,) = fleet.connections
    assert edge.store == "aws_db_instance.orders"
    assert f"invocation '{address}'" in edge.evidence[0]
    assert fleet.consumers[0].deploy_time


@pytest.mark.parametrize(("key", "found"), [("host", True), ("port", False)])
def test_a_key_of_an_object_is_no_attribute_but_tells_which_is_meant(tmp_path: Path, key: str, *, found: bool) -> None:
    """``{ host = one(aws_db_instance.this[*].address), port = … }`` as an output, and as a variable of the next module."""
    database = resource(
        "module.db.aws_db_instance.this[0]", DATABASE["planned"]["values"], DATABASE["unknown"], index=0
    )
    api = function("api", {"SETTING": f"var.db.{key}"})
    api["planned"]["address"] = "module.app.aws_lambda_function.api"
    outputs = {"connection": {"expression": WHOLE}}
    calls = {
        "db": {"module": {"resources": [database["written"]], "outputs": outputs}},
        "app": {"expressions": {"db": ref("module.db.connection")}, "module": {"resources": [api["written"]]}},
    }
    expected = [("module.db.aws_db_instance.this[0]", "direct", "certain")] if found else []
    assert edges(fleet_of(tmp_path, plan([], modules=[database, api], calls=calls))) == expected


CARTS, SESSIONS = (
    resource(f'aws_dynamodb_table.t["{name}"]', {"name": name}, {"arn": True}, index=name)
    for name in ("carts", "sessions")
)


def granting(statement: Json | None, **call: Any) -> Json:
    """A module of a function, its role, and a policy document in which ``statement`` is written, or made by a dynamic block."""
    made, written, address = [], {}, call.pop("address", "module.fn")
    for kind, unknown, expressions in (
        ("data.aws_iam_policy_document", {"json": True, "statement": True}, {"statement": [statement]} if statement else {}),
        ("aws_iam_role", {"arn": True}, {}),
        ("aws_iam_role_policy", {"policy": True, "role": True},
         {"policy": ref("data.aws_iam_policy_document.this.json"), "role": ref("aws_iam_role.this.id")}),
        ("aws_lambda_function", {"arn": True, "role": True}, {"role": ref("aws_iam_role.this.arn")}),
    ):  # fmt: skip
        one = resource(
            f"{address}.{kind}.this",
            {"name": "fn"},
            unknown,
            expressions,
            mode="data" if kind.startswith("data") else "managed",
        )
        made.append(one)
        written[kind] = one["written"]
    inside = {"resources": list(written.values())}
    body = plan([CARTS, SESSIONS], modules=made, calls={"fn": {**call, "module": inside}})
    body["configuration"]["root_module"]["resources"] = [CARTS["written"]]
    return body


def test_statements_that_a_dynamic_block_makes_are_about_what_the_module_is_given(tmp_path: Path) -> None:
    body = granting(None, expressions={"tables": ref('aws_dynamodb_table.t["carts"].arn')})
    assert edges(fleet_of(tmp_path, body)) == [('aws_dynamodb_table.t["carts"]', "http", "likely")]


@pytest.mark.parametrize(
    ("key", "found"), [("carts", [('aws_dynamodb_table.t["carts"]', "http", "certain")]), ("a", [])]
)
def test_what_a_module_is_called_for_each_of_is_told_by_its_key(tmp_path: Path, key: str, found: list[Any]) -> None:
    statement = {"actions": {"constant_value": ["dynamodb:GetItem"]}, "resources": ref("var.table")}
    both = ref('aws_dynamodb_table.t["carts"].arn', 'aws_dynamodb_table.t["sessions"].arn')
    call = {"expressions": {"table": ref("each.value")}, "for_each_expression": both}
    fleet = fleet_of(tmp_path, granting(statement, address=f'module.fn["{key}"]', **call))
    assert edges(fleet) == found
    assert bool(fleet.gaps) is not bool(found)


@pytest.mark.parametrize(
    ("written", "found"),
    [("aws_db_instance.orders.address", 1), ("aws_secretsmanager_secret_version.dsn.secret_string", 0)],
)
def test_what_was_written_into_a_secret_is_read_from_there(tmp_path: Path, written: str, found: int) -> None:
    """An attribute that is an argument: the plan shows what it was made of. One that is made of itself ends."""
    version = resource(
        "aws_secretsmanager_secret_version.dsn", {}, {"secret_string": True}, {"secret_string": ref(written)}
    )
    api = function("api", {"DATABASE_URL": "aws_secretsmanager_secret_version.dsn.secret_string"})
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, version, api]))
    assert edges(fleet) == found * [("aws_db_instance.orders", "direct", "certain")]
    assert bool(fleet.gaps) is not bool(found)


def test_a_map_that_an_output_makes_is_asked_by_the_name_of_what_is_in_it(tmp_path: Path) -> None:
    """``zipmap(names, aws_dynamodb_table.all.*.arn)`` asked for ``["carts"]``."""
    tables = [
        resource(f"module.kept.aws_dynamodb_table.all[{place}]", {"name": f"shop-{name}"}, {"arn": True}, index=place)
        for place, name in enumerate(("carts", "users"))
    ]
    grant = resource(
        "aws_iam_role_policy.shop", {}, {"policy": True, "role": True},
        {"policy": ref('module.kept.by_name["carts"]'), "role": ref("aws_iam_role.shop.id")},
    )  # fmt: skip
    made = [
        resource("aws_iam_role.shop", {"name": "shop"}, {"arn": True}),
        grant,
        function("api", {}, role=ref("aws_iam_role.shop.arn")),
    ]
    outputs = {"by_name": {"expression": {"references": ["aws_dynamodb_table.all"]}}}
    inner = {"resources": [tables[0]["written"]], "outputs": outputs}
    fleet = fleet_of(tmp_path, plan(made, modules=tables, calls={"kept": {"module": inner}}))
    assert edges(fleet) == [("module.kept.aws_dynamodb_table.all[0]", "http", "likely")]


def test_the_json_syntax_shows_templates_beside_their_references(tmp_path: Path) -> None:
    """As the CDK for Terraform writes it: a template is no literal."""
    statement = {
        "actions": {"constant_value": ["dynamodb:GetItem"]},
        "resources": {"constant_value": ["${aws_dynamodb_table.carts.arn}"], **ref("aws_dynamodb_table.carts.arn")},
    }
    source = resource("data.aws_iam_policy_document.shop", {}, {"json": True}, {"statement": [statement]}, mode="data")
    grant = resource(
        "aws_iam_role_policy.shop", {}, {"policy": True, "role": True},
        {"policy": {"constant_value": "${data.x.json}", **ref("data.aws_iam_policy_document.shop.json")},
         "role": {"constant_value": "${aws_iam_role.shop.id}", **ref("aws_iam_role.shop.id")}},
    )  # fmt: skip
    table = resource("aws_dynamodb_table.carts", {"name": "carts"}, {"arn": True})
    role = resource("aws_iam_role.shop", {"name": "shop"}, {"arn": True})
    fleet = fleet_of(
        tmp_path, plan([table, source, role, grant, function("api", {}, role=ref("aws_iam_role.shop.arn"))])
    )
    assert edges(fleet) == [("aws_dynamodb_table.carts", "http", "certain")]


def test_the_version_of_a_secret_gives_the_arn_of_the_secret(tmp_path: Path) -> None:
    secret = resource("aws_secretsmanager_secret.dsn", {"name": "dsn"}, {"arn": True, "id": True})
    version = resource(
        "aws_secretsmanager_secret_version.dsn", {}, {"arn": True, "secret_id": True, "secret_string": True},
        {"secret_id": ref("aws_secretsmanager_secret.dsn.id"), "secret_string": ref("aws_db_instance.orders.endpoint")},
    )  # fmt: skip
    api = function("api", {"DSN_SECRET": "aws_secretsmanager_secret_version.dsn.arn"})
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, secret, version, api]))
    assert edges(fleet) == [("aws_db_instance.orders", "direct", "certain")]


@pytest.mark.parametrize("key", ["host", "name"])
def test_a_key_of_an_object_that_is_an_input_variable(tmp_path: Path, key: str) -> None:
    body = plan([function("api", {"DB_HOST": f"var.legacy.{key}"})])
    body["variables"] = {"legacy": {"value": {"host": "db.example.com", "name": "erp"}}}
    body["planned_values"]["root_module"]["resources"][0]["values"]["environment"] = [{}]
    body["resource_changes"][0]["change"]["after_unknown"]["environment"] = [{"variables": True}]
    found = edges(fleet_of(tmp_path, body))
    assert found == ([("external:db.example.com", "direct", "likely")] if key == "host" else [])


@pytest.mark.parametrize("key", ["a\\q", "a\n", "a\\u12"])
def test_a_key_that_no_terraform_writes_ends_in_a_report(tmp_path: Path, key: str) -> None:
    statement = {"actions": {"constant_value": ["dynamodb:GetItem"]}, "resources": ref("var.table")}
    both = ref('aws_dynamodb_table.t["carts"].arn', 'aws_dynamodb_table.t["sessions"].arn')
    call = {"expressions": {"table": ref("each.value")}, "for_each_expression": both}
    assert edges(fleet_of(tmp_path, granting(statement, address=f'module.fn["{key}"]', **call))) == []
