"""The wheel: what is in it, and that an app elsewhere gets from it exactly what the checkout gives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from constructs_lib._version import __version__

ROOT = Path(__file__).parents[2]
APP = Path(__file__).with_name("existing_app.py")
FUNCTIONS = sorted(handler.parent.name for handler in (ROOT / "lambda_src").glob("*/handler.py"))

pytestmark = pytest.mark.wheel


def run(command: list[str | Path], folder: Path) -> str:
    """A program in a folder, with nothing of the checkout on its path."""
    environment = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CDK_OUTDIR", "VIRTUAL_ENV")
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(folder: Path) -> set[str]:
    """Every file below, as a wheel would name it, without what tools leave behind."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part[0] == "." or part == "__pycache__" for part in path.relative_to(folder).parts)
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


@dataclass(frozen=True)
class Environment:
    """Another Python, which has the wheel and borrows everything else from the one that runs the tests."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("elsewhere") / "venv")
    run([sys.executable, "-m", "venv", "--without-pip", environment.folder], ROOT)
    run(
        [sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-deps", "--python", environment.python, wheel],
        ROOT,
    )
    # A path in a .pth file is searched, but its own .pth files are not: the editable install of the checkout stays out.
    borrowed = dict.fromkeys(sysconfig.get_paths()[kind] for kind in ("purelib", "platlib"))
    (environment.packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    # Installers compile: a hash that saw the compiled files would differ from the checkout's.
    run([environment.python, "-m", "compileall", "-q", environment.packages / "constructs_lib"], ROOT)
    return environment


def test_the_lambda_sources_are_inside(names: list[str]) -> None:
    inside = {name.removeprefix("constructs_lib/_lambda_src/") for name in names if "/_lambda_src/" in name}
    assert inside == files_of(ROOT / "lambda_src")
    assert {f"{name}/handler.py" for name in FUNCTIONS} <= inside
    assert "order_api" in FUNCTIONS


def test_nothing_else_is(names: list[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"constructs_lib", f"poolproof-{__version__}.dist-info"}
    assert not [name for name in names if name.endswith(".pyc") or "__pycache__" in name or "tests" in name.split("/")]


def test_types_tables_schema_and_licence_are_inside(names: list[str]) -> None:
    wanted = {
        "constructs_lib/py.typed",
        "constructs_lib/facts/data/instance_classes.csv",
        "constructs_lib/reporters/schema/report-1.json",
        f"poolproof-{__version__}.dist-info/licenses/LICENSE",
    }
    assert wanted <= set(names)


def test_every_file_of_the_package_is_inside(names: list[str]) -> None:
    assert {f"constructs_lib/{name}" for name in files_of(ROOT / "constructs_lib")} <= set(names)


@dataclass(frozen=True)
class Synthesis:
    """What an app left: where it found the library, and its assembly."""

    library: Path
    assembly: Path

    @property
    def template(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.assembly / "Existing.template.json").read_text(encoding="utf-8"))
        return found

    @property
    def asset_hashes(self) -> set[str]:
        manifest = json.loads((self.assembly / "Existing.assets.json").read_text(encoding="utf-8"))
        return {name for name, asset in manifest["files"].items() if "template" not in asset["source"]["path"]}


def synthesized(python: Path, folder: Path) -> Synthesis:
    folder.mkdir()
    app = Path(shutil.copy(APP, folder / "app.py"))
    library = run([python, app.name, folder / "cdk.out", *FUNCTIONS], folder)
    return Synthesis(Path(library), folder / "cdk.out")


@pytest.fixture(scope="module")
def from_wheel(installed: Environment, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesized(installed.python, tmp_path_factory.mktemp("apps") / "wheel")


@pytest.mark.cdk
def test_an_app_elsewhere_connects_what_it_has(from_wheel: Synthesis, installed: Environment) -> None:
    assert installed.packages in from_wheel.library.parents
    resources = from_wheel.template["Resources"].values()
    function = next(
        r for r in resources if r["Type"] == "AWS::Lambda::Function" and "ZipFile" in r["Properties"].get("Code", {})
    )
    assert function["Properties"]["ReservedConcurrentExecutions"] == 60
    variables = function["Properties"]["Environment"]["Variables"]
    assert variables["POOLPROOF_DATABASE_ENGINE"] == "postgresql"
    assert "Endpoint" in json.dumps(variables["POOLPROOF_DATABASE_HOST"])
    assert "rds-db:connect" in json.dumps(from_wheel.template)
    budget = json.loads((from_wheel.assembly / "connection-budget.json").read_text(encoding="utf-8"))
    assert [finding for finding in budget["findings"] if finding["severity"] == "error"] == []
    assert [(link["via"], link["certainty"], link["connections"]) for link in budget["connections"]] == [
        ("proxy", "certain", {"exact": 60})
    ]


@pytest.mark.cdk
def test_assets_and_template_equal_those_of_the_checkout(
    from_wheel: Synthesis, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from_checkout = synthesized(Path(sys.executable), tmp_path_factory.mktemp("apps") / "checkout")
    assert from_checkout.library == ROOT / "constructs_lib" / "__init__.py"
    assert from_wheel.asset_hashes == from_checkout.asset_hashes
    assert len(from_wheel.asset_hashes) == len(FUNCTIONS) + 1  # and the layer
    assert from_wheel.template == from_checkout.template
    for name in ("connection-budget.json", "RUNBOOK.md"):
        assert (from_wheel.assembly / name).read_bytes() == (from_checkout.assembly / name).read_bytes()
