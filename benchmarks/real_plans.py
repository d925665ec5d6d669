"""Whether the plans that our Terraform examples are tested with are those that Terraform itself makes.

Every Terraform example of the rule pages is completed with the arguments that its provider asks for, planned by a real ``terraform``
and by ``tests/rules/hcl_plan.py``, and both plans are read: the fleets and the findings have to be the same. Needs ``terraform`` on the
path and the folder of an unpacked AWS provider; nothing is asked of AWS. Prints each difference, and exits with 1 when there is one.
What this version of the provider does not take is counted apart.

    python benchmarks/real_plans.py --provider FOLDER [PP101 PP201]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constructs_lib.check import Report, check
from constructs_lib.readers.sources import read
from constructs_lib.rules import all_rules
from constructs_lib.rules._page import page_of
from tests.rules.hcl_plan import plan_of

PROVIDER = """
provider "aws" {
  region                      = "eu-west-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
_RESOURCE = re.compile(r'resource "([^"]+)" "[^"]+" \{')
#: Arguments that a schema calls optional although one of several is asked for, and what stands for them.
ASKED: dict[str, dict[str, str]] = {
    "aws_lambda_function": {"s3_bucket": '"b"', "s3_key": '"k"', "handler": '"a.b"', "runtime": '"python3.13"'},
    "aws_db_instance": {
        "allocated_storage": "20", "username": '"app"', "password": '"password-1"', "skip_final_snapshot": "true",
    },
    "aws_rds_cluster": {"master_username": '"app"', "master_password": '"password-1"', "skip_final_snapshot": "true"},
    "aws_cloudwatch_metric_alarm": {"statistic": '"Sum"'},
}  # fmt: skip
_INSTEAD = {
    "s3_bucket": ("image_uri", "filename"), "s3_key": ("image_uri", "filename"), "handler": ("image_uri",), "runtime": ("image_uri",),
    "username": ("replicate_source_db",), "password": ("replicate_source_db", "manage_master_user_password"),
    "master_password": ("manage_master_user_password",),
}  # fmt: skip
AUTH = 'auth {\n    secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf"\n  }'


class Terraform:
    """A real one, with a provider that is not fetched."""

    def __init__(self, program: str, provider: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder
        settings = folder / "terraform.rc"
        settings.write_text(
            f'provider_installation {{\n  dev_overrides {{\n    "hashicorp/aws" = "{provider}"\n  }}\n}}\n'
        )
        keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}
        self.environment = {**os.environ, **keys, "TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def schemas(self) -> Mapping[str, Any]:
        """What the provider says of each resource."""
        (self.folder / "main.tf").write_text(
            'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n'
        )
        found = json.loads(self.run("providers", "schema", "-json").stdout)["provider_schemas"]
        schemas: Mapping[str, Any] = next(iter(found.values()))["resource_schemas"]
        return schemas

    def plan(self, text: str) -> str | None:
        """The plan as JSON; ``None`` for what this provider does not take."""
        (self.folder / "main.tf").write_text(text + PROVIDER)
        if self.run("plan", "-no-color", "-input=false", "-refresh=false", "-lock=false", "-out=plan.bin").returncode:
            return None
        return self.run("show", "-json", "plan.bin").stdout


def completed(text: str, schemas: Mapping[str, Any]) -> str:
    """The example with every argument and block that its resources have to have."""
    found, position = "", 0
    for match in _RESOURCE.finditer(text):
        end = _end(text, match.end() - 1)
        inner = text[match.end() : end]
        given = set(re.findall(r"(?:^|\n|\s)([a-z_0-9]+)\s*(?:=|\{)", f" {inner}"))
        added = "".join(f"\n  {line}" for line in _missing(match[1], given, schemas))
        body = inner if "\n" in inner else f"\n  {inner.strip()}\n"
        found += text[position : match.end()] + added + body + "}"
        position = end + 1
    return found + text[position:]


def _missing(kind: str, given: set[str], schemas: Mapping[str, Any]) -> Iterator[str]:
    block = schemas.get(kind, {}).get("block", {})
    for name, schema in block.get("attributes", {}).items():
        if schema.get("required") and name not in given:
            yield f"{name} = {_anything(name, schema['type'])}"
    for name, schema in block.get("block_types", {}).items():
        if schema.get("min_items") and name not in given:
            yield AUTH if name == "auth" else f"{name} {{\n  }}"
    for name, value in ASKED.get(kind, {}).items():
        if name not in given and not given.intersection(_INSTEAD.get(name, ())):
            yield f"{name} = {value}"


def _anything(name: str, kind: Any) -> str:
    if kind == "string":
        special = {"family": '"postgres16"', "role": '"arn:aws:iam::123456789012:role/x"'}
        if "policy" in name:
            return 'jsonencode({ Version = "2012-10-17", Statement = [] })'
        return special.get(name, special["role"] if name.endswith("arn") else '"x"')
    return {"number": "1", "bool": "true"}.get(
        str(kind), '["subnet-1", "subnet-2"]' if kind[0] in ("list", "set") else "{}"
    )


def _end(text: str, at: int) -> int:
    depth = 0
    for index in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
    return len(text)


def judged(folder: Path, text: str) -> Report:
    """What is read from a plan and found in it."""
    path = folder / "plan.json"
    path.write_text(text)
    return check(read([path]).fleet)


def said(report: Report) -> Any:
    """The findings without their words: a plan lists resources by name, and everything on one line."""
    return plain([(item.code, item.severity, item.confidence) for item in report.findings])


def plain(value: Any) -> Any:
    """Records as mappings without the places they were read at, and sequences in an order of their own."""
    names = getattr(value, "__dataclass_fields__", None) or getattr(value, "_fields", None)
    if names:
        return {name: plain(getattr(value, name)) for name in names if not name.endswith("origin")}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return sorted((plain(item) for item in value), key=str)
    return str(value)


def differences(real: Any, ours: Any, place: str = "") -> Iterator[str]:
    """Where two readings differ."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted({*real, *ours}):
            yield from differences(real.get(key), ours.get(key), f"{place}.{key}")
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        for index, (one, other) in enumerate(zip(real, ours, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    elif real != ours:
        yield f"{place}: terraform {str(real)[:150]}, ours {str(ours)[:150]}"


def main() -> int:
    """Compare the plans of the examples and say where they differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("codes", nargs="*", help="rules; default: every one")
    parser.add_argument("--provider", type=Path, required=True, help="folder of the unpacked provider")
    options = parser.parse_args()
    program = shutil.which("terraform")
    if program is None:
        raise SystemExit("terraform is not installed")
    same = refused = 0
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        terraform = Terraform(program, options.provider.resolve(), folder)
        schemas = terraform.schemas()
        for rule in all_rules():
            for example in page_of(rule).examples if not options.codes or rule.code in options.codes else ():
                if example.language != "terraform":
                    continue
                text = completed(example.code, schemas)
                planned = terraform.plan(text)
                if planned is None:
                    refused += 1
                    continue
                real, ours = judged(folder, planned), judged(folder, plan_of(text))
                found = [*differences(plain(real.fleet), plain(ours.fleet)), *differences(said(real), said(ours))]
                same += not found
                failed = failed or bool(found)
                for line in found:
                    print(f"{rule.code} {example.kind}{line}")
    print(f"{same} examples read the same, {refused} are not taken by this version of the provider")
    return 1 if failed or not same else 0


if __name__ == "__main__":
    sys.exit(main())
