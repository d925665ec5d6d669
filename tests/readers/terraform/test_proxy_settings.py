"""A proxy's switches and secrets, and who may log in, as a plan shows them."""

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
    PROXIED,
    TARGET,
    Json,
    function,
    plan,
    ref,
    resource,
    write,
)


def proxy(values: Json, **expressions: Any) -> Json:
    given = {"name": "orders", "engine_family": "POSTGRESQL", **values}
    return resource("aws_db_proxy.orders", given, {"endpoint": True, "arn": True}, expressions)


def fleet_of(tmp_path: Path, *resources: Json) -> Fleet:
    reading = read([write(tmp_path / "plan.json", plan([GROUP, DATABASE, POOL, TARGET, *resources]))])
    assert reading.unread == ()
    return reading.fleet


@pytest.mark.parametrize(
    ("values", "switches"),
    [({}, (False, False)), ({"require_tls": True, "debug_logging": True}, (True, True)), ({"require_tls": None}, (False, False))],
)  # fmt: skip
def test_switches(tmp_path: Path, values: Json, switches: tuple[bool, bool]) -> None:
    (pool,) = fleet_of(tmp_path, proxy(values), PROXIED).pools
    assert (pool.require_tls, pool.debug_logging) == switches


def test_secrets_and_their_rotation(tmp_path: Path) -> None:
    secret = resource("aws_secretsmanager_secret.app", {"name": "orders/app"}, {"arn": True, "id": True})
    application = resource(
        "aws_serverlessapplicationrepository_cloudformation_stack.rotation",
        {
            "application_id": "arn:aws:serverlessrepo:us-east-1:1:applications/SecretsManagerRDSPostgreSQLRotationMultiUser"
        },
        {"outputs": True},
    )
    rotation = resource(
        "aws_secretsmanager_secret_rotation.app",
        {},
        {"secret_id": True, "rotation_lambda_arn": True},
        {
            "secret_id": ref("aws_secretsmanager_secret.app.id"),
            "rotation_lambda_arn": ref("aws_serverlessapplicationrepository_cloudformation_stack.rotation.outputs"),
        },
    )
    auth = {"auth": [{"iam_auth": "REQUIRED"}]}
    named = {
        "auth": [{"iam_auth": {"constant_value": "REQUIRED"}, "secret_arn": ref("aws_secretsmanager_secret.app.arn")}]
    }

    fleet = fleet_of(tmp_path, secret, application, rotation, proxy(auth, **named), PROXIED)

    (pool,) = fleet.pools
    assert (pool.iam_auth, pool.secrets) == (True, ("aws_secretsmanager_secret.app",))
    assert fleet.credential_by_id["aws_secretsmanager_secret.app"].rotation == "alternating-users"


@pytest.mark.parametrize(
    ("policies", "may"),
    [
        (["logs:*"], False),
        (["rds-db:connect"], True),
        (["logs:*", "s3:*"], False),
        (["logs:*", "rds-db:connect"], True),
        (["logs:*", ""], None),
    ],
)
def test_a_role_of_which_not_all_inline_policies_are_read_leaves_logins_open(
    tmp_path: Path, policies: list[str], may: bool | None
) -> None:
    blocks = [
        {"name": action, "policy": json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})}
        if action else {"name": "waits"}
        for action in policies
    ]  # fmt: skip
    role = resource("aws_iam_role.api", {"name": "api", "inline_policy": blocks}, {"arn": True})
    client = function("api", {"DB_HOST": "aws_db_proxy.orders.endpoint"}, role=ref("aws_iam_role.api.arn"))

    (connection,) = fleet_of(tmp_path, role, proxy({}), client).connections

    assert connection.iam_login is may


@pytest.mark.parametrize("kind", ["aws_iam_policy_attachment", "aws_iam_role_policy_attachment"])
def test_a_policy_of_its_own_counts_however_it_is_attached(tmp_path: Path, kind: str) -> None:
    allowed = {"Statement": [{"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"}]}
    role = resource("aws_iam_role.api", {"name": "api"}, {"arn": True})
    policy = resource("aws_iam_policy.login", {"name": "login", "policy": json.dumps(allowed)}, {"arn": True})
    roles: Json = {"roles": ["api"]} if kind == "aws_iam_policy_attachment" else {"role": "api"}
    written = {key: ref("aws_iam_role.api.name") for key in roles}
    attachment = resource(
        f"{kind}.login", roles, {"policy_arn": True}, {**written, "policy_arn": ref("aws_iam_policy.login.arn")}
    )
    client = function("api", {"DB_HOST": "aws_db_proxy.orders.endpoint"}, role=ref("aws_iam_role.api.arn"))

    (connection,) = fleet_of(tmp_path, role, policy, attachment, proxy({}), client).connections

    assert connection.iam_login is True
