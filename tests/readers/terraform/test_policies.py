"""Policies whose text is known after apply only: what they refer to says what they are there for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import Json, function, plan, ref, resource, write

HIDDEN = resource(
    "aws_iam_role_policy.shop", {}, {"policy": True, "role": True},
    {"policy": ref("var.arn", "aws_sqs_queue.jobs.arn"), "role": ref("aws_iam_role.shop.id")},
)  # fmt: skip
ROLE = resource("aws_iam_role.shop", {"name": "shop"}, {"arn": True})
QUEUE = resource("aws_sqs_queue.jobs", {"name": "jobs"}, {"arn": True})
ACCOUNT = "eu-west-1:123456789012"


def edges(tmp_path: Path, body: Json) -> list[tuple[str, str, str]]:
    reading = read([write(tmp_path / "plan.json", body)])
    assert reading.unread == ()
    return sorted((edge.store, edge.via, edge.certainty) for edge in reading.fleet.connections)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (f"arn:aws:rds:{ACCOUNT}:cluster:shop", [("external:shop", "data-api", "likely")]),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/carts", [("external:carts", "http", "likely")]),
        (f"arn:aws:s3:::{ACCOUNT}", []),
        ("shop", []),
    ],
)
def test_arns_of_variables(tmp_path: Path, arn: str, expected: list[tuple[str, str, str]]) -> None:
    worker = function("worker", {}, role=ref("aws_iam_role.shop.arn"))
    body = plan([ROLE, QUEUE, HIDDEN, worker])
    assert edges(tmp_path, {**body, "variables": {"arn": {"value": arn}}}) == expected


@pytest.mark.parametrize(
    ("switch", "unknown", "asked"),
    [(True, {}, True), (False, {}, False), (None, {}, False), (None, {"enable_http_endpoint": True}, True)],
)
def test_a_cluster_is_asked_over_its_data_api_where_that_is_on(
    tmp_path: Path, switch: bool | None, unknown: Json, asked: bool
) -> None:
    values = {"engine": "aurora-postgresql", "cluster_identifier": "shop", "enable_http_endpoint": switch}
    if unknown:
        del values["enable_http_endpoint"]
    cluster = resource("aws_rds_cluster.shop", values, {"arn": True, **unknown})
    policy = resource(
        "aws_iam_role_policy.shop", {}, {"policy": True, "role": True},
        {"policy": ref("aws_rds_cluster.shop.arn"), "role": ref("aws_iam_role.shop.id")},
    )  # fmt: skip
    worker = function("worker", {}, role=ref("aws_iam_role.shop.arn"))
    found = edges(tmp_path, plan([ROLE, cluster, policy, worker]))
    assert found == ([("aws_rds_cluster.shop", "data-api", "likely")] if asked else [])


def test_policies_that_nobody_wrote_into_the_role_are_no_gap(tmp_path: Path) -> None:
    """The provider marks them as known after apply in every plan that makes a role."""
    role = resource(
        "aws_iam_role.shop", {"name": "shop"}, {"arn": True, "inline_policy": True, "managed_policy_arns": True}
    )
    worker = function("worker", {}, role=ref("aws_iam_role.shop.arn"))
    assert read([write(tmp_path / "plan.json", plan([role, worker]))]).fleet.gaps == ()
    hidden = {**role, "written": {**role["written"], "expressions": {"inline_policy": [{"policy": ref("local.text")}]}}}
    (gap,) = read([write(tmp_path / "plan.json", plan([hidden, worker]))]).fleet.gaps
    assert gap.missing == "what 'aws_iam_role.shop' allows: policy of 'aws_iam_role.shop' is known after apply"


def test_the_key_of_for_each_says_which_policy_is_attached_and_names_nothing_itself(tmp_path: Path) -> None:
    """Roles, policies and attachments for each function; what ``for_each`` goes over refers to more than the key does."""
    made: list[Json] = []
    for key in ("orders", "carts"):
        arn = f"arn:aws:dynamodb:{ACCOUNT}:table/{key}"
        text = json.dumps({"Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": arn}]})
        worker = resource(
            f'aws_lambda_function.all["{key}"]', {"function_name": key}, {"role": True},
            {"role": {"references": ["aws_iam_role.all", "each.key"]}}, index=key,
        )  # fmt: skip
        role = resource(f'aws_iam_role.all["{key}"]', {"name": f"role-of-{key}"}, {"arn": True}, index=key)
        policy = resource(f'aws_iam_policy.all["{key}"]', {"policy": text}, {"arn": True}, index=key)
        attached = resource(
            f'aws_iam_role_policy_attachment.all["{key}"]', {"role": f"role-of-{key}"}, {"policy_arn": True},
            {"policy_arn": {"references": ["aws_iam_policy.all", "each.key"]}, "role": ref("each.value.role_name")}, index=key,
        )  # fmt: skip
        attached["written"]["for_each_expression"] = ref("local.functions", "aws_lambda_function.all")
        made += [worker, role, policy, attached]
    body = plan(made)
    body["configuration"]["root_module"]["resources"] = [item["written"] for item in made[:4]]

    fleet = read([write(tmp_path / "plan.json", body)]).fleet

    assert sorted((edge.consumer, edge.store, edge.via) for edge in fleet.connections) == [
        (f'aws_lambda_function.all["{key}"]', f"external:{key}", "http") for key in ("carts", "orders")
    ]


@pytest.mark.parametrize(
    ("places", "used"),
    [([0, 1], {0: ["carts"], 1: ["orders"]}), ([0], {0: ["carts", "orders"]}), ([7, -9], {7: ["carts", "orders"]})],
)
def test_a_list_of_policies_that_count_goes_through(
    tmp_path: Path, places: list[int], used: dict[int, list[str]]
) -> None:
    """Each attachment takes the policy in its place; where there are fewer, or other places, all of the list may be meant."""
    made: list[Json] = []
    for key in ("carts", "orders"):
        arn = f"arn:aws:dynamodb:{ACCOUNT}:table/{key}"
        text = json.dumps({"Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": arn}]})
        made.append(resource(f"aws_iam_policy.{key}", {"policy": text}, {"arn": True}))
    lists = ref("aws_iam_policy.carts.arn", "aws_iam_policy.orders.arn")
    written = [item["written"] for item in made]
    for place in places:
        each = [
            resource(f"aws_iam_role.all[{place}]", {"name": f"role-{place}"}, {"arn": True}, index=place),
            resource(
                f"aws_lambda_function.all[{place}]", {"function_name": f"worker-{place}"}, {"role": True},
                {"role": {"references": ["aws_iam_role.all", "count.index"]}}, index=place,
            ),
            resource(
                f"aws_iam_role_policy_attachment.all[{place}]", {"role": f"role-{place}"}, {"policy_arn": True},
                {"policy_arn": lists, "role": {"references": ["aws_iam_role.all", "count.index"]}}, index=place,
            ),
        ]  # fmt: skip
        written += [item["written"] for item in each] if place == places[0] else []
        made += each
    body = plan(made)
    body["configuration"]["root_module"]["resources"] = written

    fleet = read([write(tmp_path / "plan.json", body)]).fleet

    for place, tables in used.items():
        found = fleet.connections_by_consumer[f"aws_lambda_function.all[{place}]"]
        assert sorted(edge.store for edge in found) == [f"external:{table}" for table in tables]


@pytest.mark.parametrize("addressed", [True, False])
def test_beside_an_address_an_assumed_data_api_makes_no_connection(tmp_path: Path, addressed: bool) -> None:
    cluster = resource(
        "aws_rds_cluster.shop",
        {"engine": "aurora-postgresql", "cluster_identifier": "shop", "enable_http_endpoint": True},
        {"arn": True, "endpoint": True},
    )
    policy = resource(
        "aws_iam_role_policy.shop", {}, {"policy": True, "role": True},
        {"policy": ref("aws_rds_cluster.shop.arn"), "role": ref("aws_iam_role.shop.id")},
    )  # fmt: skip
    environment = {"DB_HOST": "aws_rds_cluster.shop.endpoint"} if addressed else {}
    worker = function("worker", environment, role=ref("aws_iam_role.shop.arn"))
    expected = ("direct", "certain") if addressed else ("data-api", "likely")
    assert edges(tmp_path, plan([ROLE, cluster, policy, worker])) == [("aws_rds_cluster.shop", *expected)]


def shop_with(*documents: Json) -> Json:
    """A function whose role has the first of the documents; all documents wait for the ARN of a table."""
    table = resource("aws_dynamodb_table.carts", {"name": "carts"}, {"arn": True})
    role = resource("aws_iam_role.shop", {"name": "shop"}, {"arn": True})
    grant = resource(
        "aws_iam_role_policy.shop", {}, {"policy": True, "role": True},
        {"policy": ref("data.aws_iam_policy_document.shop.json"), "role": ref("aws_iam_role.shop.id")},
    )  # fmt: skip
    return plan([table, role, grant, function("worker", {}, role=ref("aws_iam_role.shop.arn")), *documents])


def document(name: str, expressions: Json, planned: Json | None = None) -> Json:
    values, unknown = {"statement": [planned]} if planned else {}, {"json": True}
    return resource(f"data.aws_iam_policy_document.{name}", values, unknown, expressions, mode="data")


CARTS = ref("aws_dynamodb_table.carts.arn")
READS = {"actions": {"constant_value": ["dynamodb:GetItem"]}, "resources": CARTS}


@pytest.mark.parametrize("argument", ["source_policy_documents", "override_policy_documents"])
@pytest.mark.parametrize("own", [True, False])
def test_documents_that_another_one_takes_in(tmp_path: Path, argument: str, *, own: bool) -> None:
    other = {"actions": {"constant_value": ["s3:GetObject"]}, "resources": {"constant_value": ["*"]}}
    outer = {argument: ref("data.aws_iam_policy_document.tables.json"), **({"statement": [other]} if own else {})}
    body = shop_with(document("shop", outer), document("tables", {"statement": [READS]}))
    (edge,) = read([write(tmp_path / "plan.json", body)]).fleet.connections
    assert (edge.store, edge.certainty) == ("aws_dynamodb_table.carts", "certain")


def test_documents_that_take_each_other_in_end(tmp_path: Path) -> None:
    inner, outer = (
        document(
            name, {"source_policy_documents": ref(f"data.aws_iam_policy_document.{other}.json"), "statement": [READS]}
        )
        for name, other in (("tables", "shop"), ("shop", "tables"))
    )
    (edge,) = read([write(tmp_path / "plan.json", shop_with(outer, inner))]).fleet.connections
    assert edge.certainty == "certain"


@pytest.mark.parametrize(
    ("actions", "planned", "certainty"),
    [
        (ref("local.actions"), ["dynamodb:GetItem"], "certain"),
        (ref("var.actions"), None, "certain"),
        (ref("local.actions"), None, "likely"),
    ],
)
def test_actions_of_a_statement_that_are_no_constants(
    tmp_path: Path, actions: Json, planned: list[str] | None, certainty: str
) -> None:
    """A document that waits for apply is planned as far as it is known: its actions mostly are."""
    known = {"actions": planned, "resources": [None]} if planned else None
    body = shop_with(document("shop", {"statement": [{"actions": actions, "resources": CARTS}]}, known))
    body["variables"] = {"actions": {"value": ["dynamodb:GetItem"]}}
    (edge,) = read([write(tmp_path / "plan.json", body)]).fleet.connections
    assert (edge.store, edge.certainty) == ("aws_dynamodb_table.carts", certainty)


@pytest.mark.parametrize(
    ("action", "relevant", "edges"), [("dynamodb:GetItem", 1, 1), ("sqs:SendMessage", 1, 0), ("dynamodb:GetItem", 0, 0)]
)
def test_a_statement_that_is_planned_and_not_written(tmp_path: Path, action: str, relevant: int, edges: int) -> None:
    """A dynamic block makes it: its actions are known, and what it is about is of their kind."""
    body = shop_with(document("shop", {}, {"actions": [action], "resources": [None]}))
    body["relevant_attributes"] = relevant * [{"resource": "aws_dynamodb_table.carts", "attribute": ["arn"]}]
    fleet = read([write(tmp_path / "plan.json", body)]).fleet
    assert [(edge.store, edge.certainty) for edge in fleet.connections] == edges * [
        ("aws_dynamodb_table.carts", "likely")
    ]
    assert bool(fleet.gaps) is (action.startswith("dynamodb") and not relevant)


def in_module(*, inline: bool, given: Json) -> Json:
    """A module's role: with an inline policy that a dynamic block makes, or with managed policies that come from a variable."""
    table = resource("aws_dynamodb_table.carts", {"name": "carts"}, {"arn": True})
    managed = resource("aws_iam_policy.carts", {"name": "carts"}, {"arn": True, "policy": True}, {"policy": CARTS})
    values = {"name": "fn", **({"inline_policy": [{"name": "tables"}]} if inline else {})}
    unknown = {"arn": True, **({"inline_policy": [{"policy": True}]} if inline else {"managed_policy_arns": True})}
    written = {"name": ref("var.name"), **({} if inline else {"managed_policy_arns": ref("var.given")})}
    role = resource("module.fn.aws_iam_role.fn", values, unknown, written)
    worker = function("worker", {}, role=ref("aws_iam_role.fn.arn"))
    worker["planned"]["address"] = "module.fn.aws_lambda_function.worker"
    inside = {"resources": [role["written"], worker["written"]]}
    return plan(
        [table, managed], modules=[role, worker], calls={"fn": {"expressions": {"given": given}, "module": inside}}
    )


@pytest.mark.parametrize(
    ("inline", "given", "edges"),
    [
        (True, CARTS, 1),
        (False, ref("aws_iam_policy.carts.arn"), 1),
        (True, ref("var.stage"), 0),
        (False, ref("local.policies"), 0),
    ],
)
def test_policies_of_a_role_that_wait_for_apply(tmp_path: Path, *, inline: bool, given: Json, edges: int) -> None:
    """What the module is given is what they are about; where it is given nothing that is seen, that is a gap."""
    fleet = read([write(tmp_path / "plan.json", in_module(inline=inline, given=given))]).fleet
    assert [(edge.store, edge.certainty) for edge in fleet.connections] == edges * [
        ("aws_dynamodb_table.carts", "likely")
    ]
    assert bool(fleet.gaps) is not bool(edges)


def test_a_refusal_whose_actions_nobody_sees_allows_nothing(tmp_path: Path) -> None:
    refused = {"effect": {"constant_value": "Deny"}, "actions": ref("local.actions"), "resources": CARTS}
    body = shop_with(document("shop", {"statement": [refused]}))
    assert read([write(tmp_path / "plan.json", body)]).fleet.connections == ()
