from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from constructs_lib import RelationalStore, Role, ServerlessCluster, Share, SingleInstance, Via, WhateverFits
from constructs_lib.cdk.proxy_pool import PoolOptions
from constructs_lib.errors import ConnectError
from tests.cdk.conftest import ISOLATED, connections_of, function_of, make_app, make_function, make_vpc

pytestmark = pytest.mark.cdk


class Site:
    """One stack with a store; every test adds functions of its own name."""

    def __init__(self) -> None:
        self.stack = cdk.Stack(make_app(), "Stack")
        self.vpc = make_vpc(self.stack)
        self.store = RelationalStore(self.stack, "Store", vpc=self.vpc, vpc_subnets=ISOLATED)
        self.parameter = cdk.CfnParameter(self.stack, "Number", type="Number")
        self._count = 0

    def function(self, **more: Any) -> lambda_.Function:
        self._count += 1
        return make_function(self.stack, f"F{self._count}", more.pop("vpc", self.vpc), **more)


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


Use = Callable[[Site], Any]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (
            lambda s: s.store.connect(s.function(reserved_concurrent_executions=10), concurrency=20),
            "'Stack/F.*' already reserves 10 concurrent executions, but connect() asks for 20; pass concurrency=10",
        ),
        (
            lambda s: s.store.connect(s.function(reserved_concurrent_executions=10), concurrency=Share(0.5)),
            "already reserves 10 concurrent executions, but connect() asks for a share of 0.5",
        ),
        (
            lambda s: s.store.connect(s.function(reserved_concurrent_executions=_token(s)), concurrency=5),
            "reserves a number that is only known at deploy time; no budget can be proven with it",
        ),
        (
            lambda s: s.store.connect(s.function(), concurrency=_token(s)),
            "concurrency .* is a token that is only known",
        ),
        (
            lambda s: s.store.connect(s.function(), concurrency=-1),
            "must be a whole number from 0 up|not be negative, got -1",
        ),
        (lambda s: s.store.connect(s.function(), concurrency=2.5), "must be a whole number from 0 up, got 2.5"),
        (
            lambda s: s.store.connect(s.function(vpc=None), concurrency=1),
            "is not in a VPC and cannot reach 'Stack/Store'",
        ),
        (
            lambda s: s.store.connect(s.function(), via=Via.DATA_API),
            "has no Data API; pass data_api=True with a cluster",
        ),
        (lambda s: s.store.connect(s.function(), role=Role.READER), "has no reader; pass readers= to its cluster"),
        (
            lambda s: s.store.connect(s.function(), via=Via.DIRECT, concurrency=WhateverFits()),
            "the proxy already takes what is left; pass a number or a Share",
        ),
        (lambda s: s.store.connect(s.function(), via=Via.DIRECT), "the proxy already takes what is left"),
        (
            lambda s: s.store.connect(s.function(), pins_session=True),
            "each environment keeps a connection of the pool of 'Stack/Store'; pass concurrency= as a number",
        ),
        (
            lambda s: s.store.connect(s.function(), connections_per_environment=0),
            "connections_per_environment must be a whole number from 1 up, got 0",
        ),
    ],
)
def test_what_cannot_be_connected_is_refused_with_the_next_step(site: Site, use: Use, message: str) -> None:
    with pytest.raises(ConnectError, match=message.replace("connect()", re.escape("connect()"))):
        use(site)


def _token(site: Site) -> float:
    return site.parameter.value_as_number


def test_one_prefix_serves_one_connection(site: Site) -> None:
    function = site.function()
    site.store.connect(function, concurrency=1)
    with pytest.raises(
        ConnectError, match="already has a connection under the environment prefix 'POOLPROOF_DATABASE'"
    ):
        site.store.connect(function)


def test_a_number_after_a_share_is_refused(site: Site) -> None:
    function = site.function()
    site.store.connect(function, concurrency=Share(0.1))
    with pytest.raises(ConnectError, match="already takes a share of Stack/Store, but connect"):
        site.store.connect(function, concurrency=4, environment_prefix="SECOND")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"database": SingleInstance(ec2.InstanceType("r9x.large"))},
            "unknown instance class 'db.r9x.large'; .* pass max_conn",
        ),
        ({"max_connections": 5}, "max_connections of 'Bad.*' must be a whole number from 6 to 262,143, got 5"),
        ({"pool": PoolOptions(max_connections_percent=0)}, "max_connections_percent .* from 1 to 100, got 0"),
        ({"pool": PoolOptions(max_connections_percent=20, max_idle_connections_percent=30)}, "from 0 to 20, got 30"),
        ({"parameters": {"max_connections": "9"}}, "must not set max_connections: pass the argument of that name"),
        ({"other_connections": {"bi": -2}}, "must not be negative, got -2"),
    ],
)
def test_a_store_nothing_can_be_proven_with_is_refused(options: dict[str, Any], message: str) -> None:
    stack = cdk.Stack(make_app(), "Bad")
    with pytest.raises(ConnectError, match=message):
        RelationalStore(stack, "Store", vpc=make_vpc(stack), vpc_subnets=ISOLATED, **options)


def test_borrow_timeouts_outside_what_aws_documents_are_refused() -> None:
    with pytest.raises(ConnectError, match="borrow_timeout of 'Store' must be 1 to 300 s, got 600 s"):
        PoolOptions(borrow_timeout=cdk.Duration.minutes(10)).terms("Store")


def test_an_unknown_class_with_a_declared_limit_is_fine() -> None:
    stack = cdk.Stack(make_app(), "Stack")
    odd = SingleInstance(ec2.InstanceType("r9x.large"))
    store = RelationalStore(
        stack, "Store", vpc=make_vpc(stack), vpc_subnets=ISOLATED, database=odd, max_connections=120
    )
    assert store.max_connections == 120


def test_an_existing_reservation_is_kept_and_counted() -> None:
    stack = cdk.Stack(make_app(), "Stack")
    vpc = make_vpc(stack)
    store = RelationalStore(stack, "Store", vpc=vpc, vpc_subnets=ISOLATED)
    kept = store.connect(make_function(stack, "Kept", vpc, reserved_concurrent_executions=12))
    rest = store.connect(make_function(stack, "Rest", vpc))
    template = Template.from_stack(stack)
    assert function_of(template, "Kept")["Properties"]["ReservedConcurrentExecutions"] == 12
    # 15 connections, 4 rounds of 2 s within 10 s: 75 clients in all.
    assert (kept.settle(), rest.settle()) == (12, 63)


def test_a_function_on_two_stores_reserves_what_the_smaller_grants() -> None:
    stack = cdk.Stack(make_app(), "Stack")
    vpc = make_vpc(stack)
    first = RelationalStore(stack, "First", vpc=vpc, vpc_subnets=ISOLATED)
    second = RelationalStore(stack, "Second", vpc=vpc, vpc_subnets=ISOLATED, pool=None)
    function = make_function(stack, "Both", vpc)
    connected = first.connect(function)
    assert connected.settle() == 75
    second.connect(function, environment_prefix="SECOND")
    # 16 usable connections, two versions of an environment during a deploy.
    assert connected.settle() == 8
    declared = connections_of(Template.from_stack(stack), "Both")
    assert [entry["via"] for entry in declared] == ["proxy", "direct"]


def test_a_hold_that_nobody_enforces_proves_nothing() -> None:
    stack = cdk.Stack(make_app(), "Stack")
    vpc = make_vpc(stack)
    store = RelationalStore(stack, "Store", vpc=vpc, vpc_subnets=ISOLATED)
    short, long = cdk.Duration.millis(200), cdk.Duration.seconds(9)
    store.connect(make_function(stack, "Claimed", vpc), concurrency=1, hold=short)
    store.connect(make_function(stack, "Enforced", vpc), concurrency=1, hold=short, hold_enforced=True)
    store.connect(make_function(stack, "Longer", vpc), concurrency=1, hold=long)
    template = Template.from_stack(stack)
    holds = {name: connections_of(template, name)[0] for name in ("Claimed", "Enforced", "Longer")}
    assert {name: (entry["hold_seconds"], entry["hold_enforced"]) for name, entry in holds.items()} == {
        "Claimed": (2, True),
        "Enforced": (0.2, True),
        "Longer": (2, True),
    }


def test_old_engines_end_no_transaction_so_nobody_may_wait() -> None:
    from aws_cdk import aws_rds as rds

    stack = cdk.Stack(make_app(), "Stack")
    vpc = make_vpc(stack)
    old = SingleInstance(engine_version=rds.PostgresEngineVersion.VER_16_10)
    store = RelationalStore(stack, "Store", vpc=vpc, vpc_subnets=ISOLATED, database=old)
    connected = store.connect(make_function(stack, "Function", vpc))
    assert connected.settle() == store.plan.pool_connections() == 15
    assert "hold_seconds" not in connections_of(Template.from_stack(stack), "Function")[0]


def test_nothing_left_is_said_at_synth() -> None:
    stack = cdk.Stack(make_app(), "Stack")
    vpc = make_vpc(stack)
    store = RelationalStore(stack, "Store", vpc=vpc, vpc_subnets=ISOLATED)
    store.connect(make_function(stack, "Greedy", vpc), concurrency=200)
    store.connect(make_function(stack, "Late", vpc))
    with pytest.raises(
        RuntimeError, match="'Stack/Store' has nothing left for 'Stack/Late'.*fixed numbers: Stack/Greedy 200"
    ):
        Template.from_stack(stack)


def test_the_data_api_leaves_concurrency_alone() -> None:
    stack = cdk.Stack(make_app(), "Stack")
    vpc = make_vpc(stack)
    store = RelationalStore(
        stack, "Store", vpc=vpc, vpc_subnets=ISOLATED, database=ServerlessCluster(), data_api=True, pool=None
    )
    with pytest.raises(ConnectError, match="uses the Data API, which holds no connection"):
        store.connect(make_function(stack, "Function"), via=Via.DATA_API, concurrency=5)
    with pytest.raises(ConnectError, match="has no proxy; pass pool=PoolOptions"):
        store.connect(make_function(stack, "Other", vpc), via=Via.PROXY)
