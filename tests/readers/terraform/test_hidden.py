"""What local values and dynamic blocks hide, told by the attributes that Terraform calls relevant."""

from __future__ import annotations

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
)

BILLING = resource(
    "aws_db_instance.billing",
    {**DATABASE["planned"]["values"], "identifier": "billing-db"},
    {"address": True, "endpoint": True, "arn": True},
)
CARTS = resource("aws_dynamodb_table.carts", {"name": "carts"}, {"arn": True})
SESSIONS = resource("aws_dynamodb_table.sessions", {"name": "sessions"}, {"arn": True})
ORDERS_ADDRESS = "aws_db_instance.orders.address"
BILLING_ADDRESS = "aws_db_instance.billing.address"


def hidden_from(name: str, *names: str, key: str | None = None) -> Json:
    """A function of whose environment a plan shows what it refers to and not one name; without names a dynamic block makes it."""
    made = resource(
        f"aws_lambda_function.{name}", {"function_name": name, "environment": [{}]}, {"environment": [{"variables": True}]},
        {"function_name": {"references": ["var.name"]}, **({"environment": [{"variables": ref(*names)}]} if names else {})}, index=key,
    )  # fmt: skip
    if key is not None:
        made["written"]["for_each_expression"] = ref("local.functions")
    return made


def fleet_of(tmp_path: Path, made: list[Json], relevant: list[str], **more: Any) -> Fleet:
    body = plan(made)
    for item in made:
        written = body["configuration"]["root_module"]["resources"]
        body["configuration"]["root_module"]["resources"] = [
            *(one for one in written if one["address"] != item["written"]["address"]), item["written"],
        ]  # fmt: skip
    body["configuration"]["root_module"]["outputs"] = more.pop("outputs", {})
    entries = (name.rpartition(".") for name in relevant)
    body["relevant_attributes"] = [{"resource": address, "attribute": [name]} for address, _, name in entries]
    reading = read([write(tmp_path / "plan.json", {**body, **more})])
    assert reading.unread == ()
    return reading.fleet


def edges(fleet: Fleet) -> list[tuple[str, str, str, str]]:
    return sorted((edge.consumer, edge.store, edge.via, edge.certainty) for edge in fleet.connections)


@pytest.mark.parametrize("names", [("local.settings",), ()])
def test_what_only_something_hidden_can_refer_to_is_behind_it(tmp_path: Path, names: tuple[str, ...]) -> None:
    fleet = fleet_of(tmp_path, [GROUP, DATABASE, hidden_from("api", *names)], [ORDERS_ADDRESS])
    assert edges(fleet) == [("aws_lambda_function.api", "aws_db_instance.orders", "direct", "likely")]
    assert "taken from what the plan calls relevant" in fleet.connections[0].evidence[0]


def test_what_expressions_show_is_behind_a_local_value_only_if_all_is_shown(tmp_path: Path) -> None:
    bucket = resource("aws_s3_bucket.pictures", {"bucket": "pictures"}, {"id": True})
    shown = {"host": {"expression": ref(ORDERS_ADDRESS)}}
    made = [GROUP, DATABASE, bucket, hidden_from("api", "local.settings")]
    assert edges(fleet_of(tmp_path, made, [ORDERS_ADDRESS], outputs=shown))
    fleet = fleet_of(tmp_path, made, [ORDERS_ADDRESS, "aws_s3_bucket.pictures.id"], outputs=shown)
    assert edges(fleet) == []


def test_of_two_databases_none_is_taken_and_both_are_named(tmp_path: Path) -> None:
    made = [GROUP, DATABASE, BILLING, hidden_from("api", "local.settings")]
    fleet = fleet_of(tmp_path, made, [ORDERS_ADDRESS, BILLING_ADDRESS])
    assert edges(fleet) == []
    (gap,) = fleet.gaps
    assert gap.subject == "aws_lambda_function.api"
    assert "'aws_db_instance.orders' or 'aws_db_instance.billing'" in gap.missing


def test_functions_of_a_map_have_the_database_that_shares_their_name(tmp_path: Path) -> None:
    workers = [hidden_from(f'all["{key}"]', "each.value", key=key) for key in ("orders", "billing")]
    other = hidden_from("other", "local.other")
    fleet = fleet_of(tmp_path, [GROUP, DATABASE, BILLING, *workers, other], [ORDERS_ADDRESS, BILLING_ADDRESS])
    assert edges(fleet) == [
        (f'aws_lambda_function.all["{key}"]', f"aws_db_instance.{key}", "direct", "likely")
        for key in ("billing", "orders")
    ]
    assert [gap.subject for gap in fleet.gaps if "connects to a store" in gap.missing] == ["aws_lambda_function.other"]


@pytest.mark.parametrize(("wanted", "pool"), [(True, "aws_db_proxy.orders"), (False, None)])
def test_a_proxy_that_a_variable_turns_down_is_not_behind_it(tmp_path: Path, *, wanted: bool, pool: str | None) -> None:
    """Terraform calls both sides of a condition relevant."""
    made = [GROUP, DATABASE, PROXY, POOL, TARGET, hidden_from("api", "local.host")]
    relevant = ["aws_db_proxy.orders.endpoint", *(() if wanted else (ORDERS_ADDRESS,))]
    fleet = fleet_of(tmp_path, made, relevant, variables={"use_rds_proxy": {"value": wanted}})
    assert [edge.pool for edge in fleet.connections] == [pool]


@pytest.mark.parametrize(
    ("variable", "store"), [("BILLING_DB_HOST", "aws_db_instance.billing"), ("HOST", None), ("QUEUE_URL", None)]
)
def test_a_variable_that_is_named_takes_what_suits_its_name(tmp_path: Path, variable: str, store: str | None) -> None:
    made = [GROUP, DATABASE, BILLING, function("api", {variable: "local.settings"})]
    fleet = fleet_of(tmp_path, made, [ORDERS_ADDRESS, BILLING_ADDRESS])
    assert {edge.store for edge in fleet.connections} == ({store} if store else set())


def role_with(policy: Json, *more: Json) -> list[Json]:
    role = resource("aws_iam_role.shop", {"name": "shop"}, {"arn": True})
    grant = resource(
        "aws_iam_role_policy.shop", {}, {"policy": True, "role": True},
        {"policy": policy, "role": ref("aws_iam_role.shop.id")},
    )  # fmt: skip
    return [role, grant, function("worker", {}, role=ref("aws_iam_role.shop.arn")), *more]


def test_tables_behind_a_local_value_of_a_policy(tmp_path: Path) -> None:
    made = [CARTS, SESSIONS, *role_with(ref("local.tables"))]
    fleet = fleet_of(tmp_path, made, ["aws_dynamodb_table.carts.arn", "aws_dynamodb_table.sessions.arn"])
    assert [edge[1:] for edge in edges(fleet)] == [
        ("aws_dynamodb_table.carts", "http", "likely"),
        ("aws_dynamodb_table.sessions", "http", "likely"),
    ]


@pytest.mark.parametrize(("action", "found"), [("dynamodb:GetItem", 1), ("s3:GetObject", 0)])
def test_a_statement_of_a_policy_document_takes_what_its_actions_are_for(
    tmp_path: Path, action: str, found: int
) -> None:
    statement = {"actions": {"constant_value": [action]}, "resources": ref("local.resources")}
    source = resource(
        "data.aws_iam_policy_document.shop", {}, {"json": True, "statement": True}, {"statement": [statement]}, mode="data"
    )  # fmt: skip
    made = [CARTS, *role_with(ref("data.aws_iam_policy_document.shop.json"), source, hidden_from("api", "local.env"))]
    fleet = fleet_of(tmp_path, made, ["aws_dynamodb_table.carts.arn"])
    assert [edge for edge in edges(fleet) if edge[0].endswith("worker")] == found * [
        ("aws_lambda_function.worker", "aws_dynamodb_table.carts", "http", "likely")
    ]


def test_a_plan_that_calls_nothing_relevant_says_no_more_than_before(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, [GROUP, DATABASE, hidden_from("api", "local.settings")], [])
    assert edges(fleet) == []
    fleet = fleet_of(
        tmp_path, [GROUP, DATABASE, hidden_from("api", "local.settings")], ["aws_db_instance.gone.address"]
    )
    assert edges(fleet) == []


@pytest.mark.parametrize(("name", "found"), [("shop/db", 1), ("shop/stripe-key", 0)])
@pytest.mark.parametrize("kind", ["secret", "parameter"])
def test_what_a_local_value_puts_into_a_secret_of_a_database(tmp_path: Path, kind: str, name: str, found: int) -> None:
    secret = resource("aws_secretsmanager_secret.kept", {"name": name}, {"arn": True, "id": True})
    version = resource(
        "aws_secretsmanager_secret_version.kept", {}, {"secret_id": True, "secret_string": True},
        {"secret_id": ref("aws_secretsmanager_secret.kept.id"), "secret_string": ref("local.text")},
    )  # fmt: skip
    parameter = resource("aws_ssm_parameter.kept", {"name": f"/{name}"}, {"value": True}, {"value": ref("local.text")})
    made, led = (
        ([secret, version], "aws_secretsmanager_secret.kept.arn")
        if kind == "secret"
        else ([parameter], "aws_ssm_parameter.kept.name")
    )
    fleet = fleet_of(tmp_path, [GROUP, DATABASE, *made, hidden_from("api", led)], [ORDERS_ADDRESS])
    assert edges(fleet) == found * [("aws_lambda_function.api", "aws_db_instance.orders", "direct", "likely")]


def test_a_secret_in_an_environment_without_names_says_itself_what_it_is_for(tmp_path: Path) -> None:
    secret = resource("aws_secretsmanager_secret.kept", {"name": "shop/database"}, {"arn": True})
    fleet = fleet_of(tmp_path, [secret, hidden_from("api", "aws_secretsmanager_secret.kept.arn")], [])
    assert any("names credentials of a database that is not known" in gap.missing for gap in fleet.gaps)


def test_a_network_path_to_what_may_be_behind_it_is_likely_taken(tmp_path: Path) -> None:
    """Two locals, so that nothing tells which one hides the address; the network tells. A dynamic block hides the groups too."""
    inside, beside = (resource(f"aws_security_group.{name}", {"name": name}, {"id": True}) for name in ("fn", "db"))
    beside["planned"]["values"]["ingress"] = [
        {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "cidr_blocks": []}
    ]
    beside["unknown"]["ingress"] = [{"security_groups": True}]
    beside["written"]["expressions"] = {"ingress": ref("aws_security_group.fn.id")}
    database = resource(
        "aws_db_instance.orders", DATABASE["planned"]["values"],
        {**DATABASE["unknown"], "vpc_security_group_ids": True}, {"vpc_security_group_ids": ref("aws_security_group.db.id")},
    )  # fmt: skip
    worker = resource(
        "module.fn.aws_lambda_function.work", {"function_name": "work", "environment": [{}], "vpc_config": [{"subnet_ids": ["subnet-1"]}]},
        {"environment": [{"variables": True}], "vpc_config": [{"security_group_ids": True}]},
        {"environment": [{"variables": ref("var.settings")}]},
    )  # fmt: skip
    body = plan([inside, beside, database, hidden_from("other", "local.other")], modules=[worker])
    call = {
        "expressions": {"groups": ref("aws_security_group.fn.id"), "settings": ref("local.settings")},
        "module": {"resources": [worker["written"]]},
    }
    body["configuration"]["root_module"]["module_calls"] = {"fn": call}
    body["relevant_attributes"] = [{"resource": "aws_db_instance.orders", "attribute": ["address"]}]
    fleet = read([write(tmp_path / "plan.json", body)]).fleet
    assert edges(fleet) == [("module.fn.aws_lambda_function.work", "aws_db_instance.orders", "direct", "likely")]


@pytest.mark.parametrize(("named", "certainty"), [("carts", "likely"), (None, "possible")])
def test_one_of_several_tables_is_told_by_the_environment_only(
    tmp_path: Path, named: str | None, certainty: str
) -> None:
    """``aws_dynamodb_table.all[each.value].arn`` in a policy: a plan names the tables, and not which of them is meant."""
    tables = [
        resource(f'aws_dynamodb_table.all["{name}"]', {"name": name}, {"arn": True}, index=name)
        for name in ("carts", "users")
    ]
    role = resource('aws_iam_role.all["api"]', {"name": "api"}, {"arn": True}, index="api")
    grant = resource(
        'aws_iam_role_policy.all["api"]', {"role": "api"}, {"policy": True},
        {"policy": {"references": ["aws_dynamodb_table.all", "each.value.tables", "each.value"]}}, index="api",
    )  # fmt: skip
    api = resource(
        'aws_lambda_function.all["api"]', {"function_name": "api", "environment": [{"variables": {"TABLE": named} if named else {}}]},
        {"role": True}, {"role": {"references": ["aws_iam_role.all", "each.key"]}}, index="api",
    )  # fmt: skip
    fleet = fleet_of(tmp_path, [*tables, role, grant, api], [])
    found = {edge.store: edge.certainty for edge in fleet.connections}
    assert found == {'aws_dynamodb_table.all["carts"]': certainty, 'aws_dynamodb_table.all["users"]': "possible"}


@pytest.mark.parametrize(("handed", "found"), [("orders", 1), ("billing", 0)])
def test_a_local_value_of_a_module_hides_what_the_module_is_given(tmp_path: Path, handed: str, found: int) -> None:
    worker = hidden_from("work", "local.settings")
    worker["planned"]["address"] = "module.fn.aws_lambda_function.work"
    body = plan([GROUP, DATABASE, BILLING, hidden_from("other", "local.other")], modules=[worker])
    call = {
        "expressions": {"host": ref(f"aws_db_instance.{handed}.address")},
        "module": {"resources": [worker["written"]]},
    }
    body["configuration"]["root_module"]["module_calls"] = {"fn": call}
    body["relevant_attributes"] = [{"resource": "aws_db_instance.orders", "attribute": ["address"]}]
    fleet = read([write(tmp_path / "plan.json", body)]).fleet
    asked = [gap for gap in fleet.gaps if gap.subject.endswith("work") and "connects to a store" in gap.missing]
    assert len(asked) == found


@pytest.mark.parametrize(
    ("local", "found"), [("local.db_settings", 1), ("local.settings", 0), ("local.name_prefix", 0)]
)
def test_of_several_local_values_one_speaks_of_a_database(tmp_path: Path, local: str, found: int) -> None:
    made = [GROUP, DATABASE, hidden_from("api", local), hidden_from("other", "local.other")]
    fleet = fleet_of(tmp_path, made, [ORDERS_ADDRESS])
    expected = found * [("aws_lambda_function.api", "aws_db_instance.orders", "direct", "likely")]
    assert [edge for edge in edges(fleet) if edge[0].endswith("api")] == expected


def test_local_values_that_a_dynamic_environment_is_given(tmp_path: Path) -> None:
    """The block is not in the configuration; what goes into it is handed to the module, and is local."""
    worker = hidden_from("work")
    worker["planned"]["address"] = "module.fn.aws_lambda_function.work"
    body = plan([GROUP, DATABASE, hidden_from("other", "local.other")], modules=[worker])
    call = {"expressions": {"environment": ref("local.db_env")}, "module": {"resources": [worker["written"]]}}
    body["configuration"]["root_module"]["module_calls"] = {"fn": call}
    body["relevant_attributes"] = [{"resource": "aws_db_instance.orders", "attribute": ["address"]}]
    fleet = read([write(tmp_path / "plan.json", body)]).fleet
    assert edges(fleet) == [("module.fn.aws_lambda_function.work", "aws_db_instance.orders", "direct", "likely")]


@pytest.mark.parametrize(("waiting", "certainty"), [(1, "possible"), (2, "likely")])
def test_a_statement_that_waits_for_fewer_things_than_there_are(tmp_path: Path, waiting: int, certainty: str) -> None:
    planned = {"actions": ["dynamodb:GetItem"], "resources": [None] * waiting}
    source = resource("data.aws_iam_policy_document.shop", {"statement": [planned]}, {"json": True}, {}, mode="data")
    made = [CARTS, SESSIONS, *role_with(ref("data.aws_iam_policy_document.shop.json"), source)]
    fleet = fleet_of(tmp_path, made, ["aws_dynamodb_table.carts.arn", "aws_dynamodb_table.sessions.arn"])
    assert {edge[3] for edge in edges(fleet)} == {certainty}
    assert len(fleet.connections) == 2
