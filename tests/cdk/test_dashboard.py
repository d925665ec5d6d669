from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from constructs_lib import ConnectionDashboard, RelationalStore, WhateverFits
from constructs_lib.errors import ConnectError
from tests.cdk.conftest import ISOLATED, make_app, make_function, make_vpc, resource

pytestmark = pytest.mark.cdk


@pytest.fixture(scope="module")
def template() -> Template:
    stack = cdk.Stack(make_app(), "Shop")
    vpc = make_vpc(stack)
    store = RelationalStore(stack, "Orders", vpc=vpc, vpc_subnets=ISOLATED)
    api, batch = make_function(stack, "Api", vpc), make_function(stack, "Batch", vpc)
    store.connect(api, concurrency=WhateverFits())
    dashboard = ConnectionDashboard(stack, "Dashboard", store=store, functions={"Api": api})
    assert set(dashboard.alarms) == {"DatabaseConnections", "PoolFull", "BorrowWait", "ApiThrottles"}
    with pytest.raises(ConnectError, match="Batch must be connected to 'Shop/Orders' before"):
        ConnectionDashboard(stack, "Wrong", store=store, functions={"Batch": batch})
    # Connected after the dashboard was made: every number must still follow.
    store.connect(batch, concurrency=5)
    return Template.from_stack(stack)


def alarm(template: Template, name: str) -> dict[str, Any]:
    return dict(resource(template, "AWS::CloudWatch::Alarm", f"Dashboard{name}")["Properties"])


def test_thresholds_come_from_the_plan(template: Template) -> None:
    # 30 pinned − 9 − 5 = 16 usable; 53 % of 30 = 15 in the pool; the borrow timeout is 10 s.
    thresholds = {
        name: alarm(template, name)["Threshold"]
        for name in ("DatabaseConnections", "PoolFull", "BorrowWait", "ApiThrottles")
    }
    assert thresholds == {"DatabaseConnections": 16, "PoolFull": 13.5, "BorrowWait": 5_000_000, "ApiThrottles": 0}


def test_counts_of_a_proxy_are_sums_and_waits_are_maxima(template: Template) -> None:
    assert (alarm(template, "PoolFull")["Statistic"], alarm(template, "BorrowWait")["Statistic"]) == ("Sum", "Maximum")
    assert alarm(template, "BorrowWait")["MetricName"] == "DatabaseConnectionsBorrowLatency"
    assert alarm(template, "PoolFull")["Dimensions"][0]["Name"] == "ProxyName"
    assert alarm(template, "BorrowWait")["TreatMissingData"] == "notBreaching"


def test_the_dashboard_draws_the_limits_that_were_settled(template: Template) -> None:
    body = resource(template, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"]
    text = "".join(part if isinstance(part, str) else "token" for part in body["Fn::Join"][1])
    widgets = json.loads(text)["widgets"]
    lines = {
        line["label"]: line["value"]
        for widget in widgets
        for line in widget["properties"].get("annotations", {}).get("horizontal", [])
    }
    assert lines == {"usable": 16, "max_connections": 30, "pool": 15, "borrow timeout": 10_000_000, "reserved": 70}
