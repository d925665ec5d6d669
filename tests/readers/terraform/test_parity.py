from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from constructs_lib.model.fleet import Fleet
from constructs_lib.model.origin import NOWHERE
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import FLEET, plan, write

NAMES = {
    "aws_db_instance.orders": "Database", "aws_db_proxy.orders": "Proxy", "aws_lambda_function.direct": "Direct",
    "aws_lambda_function.proxied": "Proxied", "aws_lambda_event_source_mapping.orders": "Mapping", "ProxiedMapping": "Mapping",
}  # fmt: skip
STORES: dict[str, Any] = {
    "Group": {"Type": "AWS::RDS::DBParameterGroup", "Properties": {"Parameters": {"max_connections": "200"}}},
    "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {
        "Engine": "postgres", "EngineVersion": "16.4", "DBInstanceClass": "db.t4g.medium", "DBParameterGroupName": {"Ref": "Group"},
    }},
    "Proxy": {"Type": "AWS::RDS::DBProxy", "Properties": {"DBProxyName": "orders", "EngineFamily": "POSTGRESQL", "RequireTLS": True}},
    "Pool": {"Type": "AWS::RDS::DBProxyTargetGroup", "Properties": {
        "DBProxyName": {"Ref": "Proxy"}, "DBInstanceIdentifiers": [{"Ref": "Database"}],
        "ConnectionPoolConfigurationInfo": {"MaxConnectionsPercent": 50, "ConnectionBorrowTimeout": 5},
    }},
    "Queue": {"Type": "AWS::SQS::Queue"},
}  # fmt: skip


ROLE = "arn:aws:iam::123456789012:role/shop"


def function(resource_type: str, seconds: int, reserved: int, host: list[str], **more: Any) -> dict[str, Any]:
    variables = {"Variables": {"DB_HOST": {"Fn::GetAtt": host}}}
    # A role from elsewhere: SAM would make one of its own, and know what it allows.
    properties = {
        "Timeout": seconds,
        "ReservedConcurrentExecutions": reserved,
        "Environment": variables,
        "Role": ROLE,
        **more,
    }
    return {"Type": resource_type, "Properties": properties}


def cloudformation() -> dict[str, Any]:
    kind = "AWS::Lambda::Function"
    mapping = {
        "FunctionName": {"Ref": "Proxied"}, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "ScalingConfig": {"MaximumConcurrency": 8},
    }  # fmt: skip
    return {"Resources": {
        **STORES, "Direct": function(kind, 10, 10, ["Database", "Endpoint.Address"]),
        "Proxied": function(kind, 15, 20, ["Proxy", "Endpoint"]),
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
    }}  # fmt: skip


def sam() -> dict[str, Any]:
    kind = "AWS::Serverless::Function"
    event = {
        "Type": "SQS",
        "Properties": {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}, "ScalingConfig": {"MaximumConcurrency": 8}},
    }
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": {
        **STORES, "Direct": function(kind, 10, 10, ["Database", "Endpoint.Address"]),
        "Proxied": function(kind, 15, 20, ["Proxy", "Endpoint"], Events={"Mapping": event}),
    }}  # fmt: skip


def neutral(fleet: Fleet) -> dict[str, Any]:
    """The fleet without origins and with the names of one language."""

    def named(text: str) -> str:
        for own, common in NAMES.items():
            text = re.sub(rf"(?<![\w.]){re.escape(own)}(?![\w.])", common, text)
        return text

    def plain(value: Any) -> Any:
        if hasattr(value, "__dataclass_fields__"):
            value = replace(value, **{key: NOWHERE for key in value.__dataclass_fields__ if key.endswith("origin")})
            return {key: plain(getattr(value, key)) for key in value.__dataclass_fields__}
        if isinstance(value, (tuple, list)):
            return [plain(item) for item in value]
        return named(value) if isinstance(value, str) else value

    found: dict[str, Any] = plain(fleet)
    return {key: sorted(items, key=str) for key, items in found.items()}


def test_one_fleet_reads_equal_in_cloudformation_sam_and_a_terraform_plan(tmp_path: Path) -> None:
    read_as = {}
    for name, body in {"cloudformation": cloudformation(), "sam": sam(), "terraform": plan(FLEET)}.items():
        reading = read([write(tmp_path / f"{name}.json", body)])
        assert reading.unread == ()
        read_as[name] = neutral(reading.fleet)
    assert len(read_as["terraform"]["connections"]) == 2
    assert read_as["sam"] == read_as["cloudformation"]
    assert json.dumps(read_as["terraform"], default=str, indent=1) == json.dumps(
        read_as["cloudformation"], default=str, indent=1
    )
