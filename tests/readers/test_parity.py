"""One fleet in CloudFormation, SAM, a cloud assembly of the CDK, a Terraform plan and recorded answers of boto3 reads equal.

Names are each language's own: ``NAMES`` maps them to those of the template. Left out are origins, and where things sit in the
network: an account always has a default VPC and its security group, a template without them says nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Fleet
from constructs_lib.readers.cloudformation.environment import HIDDEN_NAME
from constructs_lib.readers.live import read_recording
from constructs_lib.readers.live.recording import load
from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read
from tests.rules.hcl_plan import plan_of

DATA = Path(__file__).parent / "data" / "parity"
NAMES = {
    "aws_db_instance.orders": "Database", "aws_db_proxy.orders": "Proxy", "aws_lambda_function.direct": "Direct",
    "aws_lambda_function.proxied": "Proxied", "aws_lambda_event_source_mapping.orders": "Mapping", "ProxiedMapping": "Mapping",
    "db:orders-db": "Database", "db-proxy:orders": "Proxy", "function:direct": "Direct", "function:proxied": "Proxied",
    r"event-source-mapping:[0-9a-f-]{36}": "Mapping",
}  # fmt: skip
HIDING = ("aws_lambda_function.direct", "aws_lambda_function.proxied")
LEFT_OUT = {"placement", "subnets", "security_groups", "surroundings", "network", "vpc_endpoints"}


def neutral(fleet: Fleet) -> str:
    """The fleet without origins and with the names of one language, as text."""

    def named(text: str) -> str:
        for own, common in NAMES.items():
            pattern = own if "[" in own else re.escape(own)
            text = re.sub(rf"(?<![\w.:]){pattern}(?![\w.])", common, text)
        return text

    def plain(value: Any) -> Any:
        names = getattr(value, "__dataclass_fields__", None) or getattr(value, "_fields", None)
        if names:
            kept = [key for key in names if key not in LEFT_OUT and not key.endswith("origin")]
            return {key: plain(getattr(value, key)) for key in kept}
        if isinstance(value, (tuple, list)):
            return sorted((plain(item) for item in value), key=str)
        return named(value) if isinstance(value, str) else value

    return json.dumps(plain(fleet), default=str, indent=1)


def sam() -> Reading:
    return read([DATA / "sam.yaml"])


def terraform(folder: Path) -> Reading:
    path = folder / "plan.json"
    path.write_text(plan_of((DATA / "main.tf").read_text(encoding="utf-8")), encoding="utf-8")
    return read([path])


def assembly(folder: Path) -> Reading:
    from aws_cdk import App, Stack, cloudformation_include

    app = App(outdir=str(folder), analytics_reporting=False, builtin_cloud_formation_validation=False)
    cloudformation_include.CfnInclude(Stack(app, "Shop"), "Template", template_file=str(DATA / "template.yaml"))
    app.synth()
    return read([folder])


EXPECTED = read([DATA / "template.yaml"])


def assert_equal(reading: Reading) -> None:
    assert reading.unread == EXPECTED.unread == ()
    assert neutral(reading.fleet).splitlines() == neutral(EXPECTED.fleet).splitlines()


def test_the_template_says_who_connects_to_what() -> None:
    edges = [(edge.consumer, edge.store, edge.via, edge.pool, edge.certainty) for edge in EXPECTED.fleet.connections]

    assert edges == [
        ("Direct", "Database", "direct", None, "certain"),
        ("Proxied", "Database", "proxy", "Proxy", "certain"),
    ]


def test_sam_reads_as_the_template() -> None:
    assert_equal(sam())


def test_a_terraform_plan_reads_as_the_template(tmp_path: Path) -> None:
    """But for the names of variables: before the first apply a plan hides them, and with them what may be said of a pool."""
    found = terraform(tmp_path)
    hidden = {
        f"what the environment of '{name}' says of the size of its pool: it is known after apply" for name in HIDING
    }
    assert {gap.missing for gap in found.fleet.gaps} == hidden
    shown = neutral(replace(found.fleet, gaps=())).replace(f"variable {HIDDEN_NAME} =", "variable DB_HOST =")
    assert (found.unread, shown.splitlines()) == ((), neutral(EXPECTED.fleet).splitlines())


def test_recorded_answers_of_boto3_read_as_the_template() -> None:
    assert_equal(read_recording(load(str(DATA / "account.json"))))


@pytest.mark.cdk
def test_a_cloud_assembly_reads_as_the_template(tmp_path: Path) -> None:
    assert_equal(assembly(tmp_path))
