from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from constructs_lib.cdk.reference.stack import ReferenceStack

ROOT = Path(__file__).resolve().parents[2]
FLAGS: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
LOCAL = {
    "poolproof:stage": "local",
    "poolproof:local": {
        "host": "127.0.0.1",
        "port": 6432,
        "database": "orders",
        "max_connections": 100,
        "pool_connections": 10,
        "borrow_timeout_seconds": 10,
        "owner_host": "127.0.0.1",
        "owner_port": 5432,
        "owner_user": "postgres",
        "owner_password": "owner",
        "application_user": "application",
        "application_password": "application",
    },
}


@dataclass(frozen=True)
class Assembly:
    """What a synth left in its folder."""

    folder: Path

    @property
    def text(self) -> str:
        return (self.folder / "Poolproof.template.json").read_text()

    @property
    def template(self) -> dict[str, Any]:
        return dict(json.loads(self.text))

    @property
    def reports(self) -> dict[str, dict[str, Any]]:
        reports = json.loads((self.folder / "validation-report.json").read_text())["pluginReports"]
        return {report["pluginName"]: report for report in reports}

    @property
    def budget(self) -> dict[str, Any]:
        """What poolproof wrote beside the template."""
        return dict(json.loads((self.folder / "connection-budget.json").read_text()))

    @property
    def acknowledged(self) -> set[tuple[str, str]]:
        """Construct path and rule id of every acknowledgement that was made."""
        metadata = json.loads((self.folder / "Poolproof.metadata.json").read_text())
        return {
            (path.strip("/"), rule)
            for path, entries in metadata.items()
            for entry in entries
            if entry["type"] == "aws:cdk:acknowledged-rules"
            for rule in entry["data"]
        }

    def unpacked_bytes(self, code: Mapping[str, Any]) -> int:
        """The size of an asset's files: what Lambda unpacks."""
        assets = json.loads((self.folder / "Poolproof.assets.json").read_text())["files"]
        source = assets[code["S3Key"].removesuffix(".zip")]["source"]["path"]
        return sum(path.stat().st_size for path in (self.folder / source).rglob("*") if path.is_file())

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: one for name, one in self.template["Resources"].items() if one["Type"] == kind}

    def only(self, kind: str) -> dict[str, Any]:
        (resource,) = self.of_type(kind).values()
        return dict(resource["Properties"])

    def function(self, name: str) -> dict[str, Any]:
        functions = self.of_type("AWS::Lambda::Function")
        (resource,) = [one for logical_id, one in functions.items() if logical_id.startswith(name)]
        return dict(resource["Properties"])


def synthesize(folder: Path, context: Mapping[str, Any], profiles: Path = ROOT / "profiles.yaml") -> Assembly:
    """The app of ``app.py`` with more context; CDK's own template validation, the slow part, is left to ``test_app.py``."""
    app = cdk.App(outdir=str(folder), context={**FLAGS, **context}, builtin_cloud_formation_validation=False)
    ReferenceStack(app, "Poolproof", profiles=profiles)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    app.synth()
    return Assembly(folder)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synthesize(tmp_path_factory.mktemp("aws"), {})


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synthesize(tmp_path_factory.mktemp("local"), LOCAL)
