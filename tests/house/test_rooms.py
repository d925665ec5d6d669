"""What importing costs, what the front door shows, and how the rooms are kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import constructs_lib

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "constructs_lib"
OURS = ("constructs_lib", "lambda_src", "demo", "benchmarks", "app.py")
HARD_STOP = 400
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "core", "misc"}

#: Names other people's code relies on. A name that comes or goes shows here.
PUBLIC = [
    "AnalyticalProjector",
    "AnalyticalStore",
    "Connected",
    "ConnectionBudgetChecks",
    "ConnectionDashboard",
    "FunctionProfiles",
    "LakeAccess",
    "PoolOptions",
    "ProvisionedCluster",
    "RelationalStore",
    "Role",
    "ServerlessCluster",
    "Share",
    "SingleInstance",
    "SingleTableStore",
    "StoreFunction",
    "TableAccess",
    "Via",
    "WhateverFits",
    "__version__",
]


def sources() -> Iterator[Path]:
    for name in OURS:
        path = ROOT / name
        yield from [path] if path.suffix else sorted(path.rglob("*.py"))


def modules(*rooms: str) -> list[str]:
    files = [path for room in rooms for path in sorted((PACKAGE / room).rglob("*.py"))]
    return [
        ".".join(("constructs_lib", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for path in files
        if path.name != "__main__.py"
    ]


def in_fresh_interpreter(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_library_starts_neither_node_nor_boto3() -> None:
    loaded = in_fresh_interpreter("import sys, constructs_lib; print(*sys.modules)").split()
    assert not {"aws_cdk", "constructs", "jsii", "boto3", "botocore", "yaml", "click", "psycopg"} & set(loaded)


def test_the_front_door_shows_what_the_contract_names() -> None:
    assert sorted(constructs_lib.__all__) == sorted(PUBLIC)
    assert dir(constructs_lib) == sorted(PUBLIC)
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = constructs_lib.Nonsense


@pytest.mark.cdk
def test_every_public_name_is_there_and_says_what_it_is() -> None:
    for name in constructs_lib.__all__:
        found = getattr(constructs_lib, name)
        assert name == "__version__" or (found.__name__ == name and found.__doc__), name


PLAIN = ("facts", "model", "rules", "readers", "reporters", "cli")
#: Forgets the library before each import, so that no module leans on what another one has loaded.
ONE_BY_ONE = """
import importlib, sys
for name in {names!r}:
    for loaded in [module for module in sys.modules if module.split(".")[0] == "constructs_lib"]:
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except Exception as error:
        sys.exit(f"{{name}}: {{type(error).__name__}}: {{error}}")
"""


def test_each_module_can_be_imported_alone() -> None:
    names = [*modules(*PLAIN), "constructs_lib.check", "constructs_lib.errors"]
    assert len(names) > 50
    in_fresh_interpreter(ONE_BY_ONE.format(names=names))


@pytest.mark.cdk
def test_each_construct_can_be_imported_alone() -> None:
    in_fresh_interpreter(ONE_BY_ONE.format(names=modules("cdk")))


@pytest.mark.servers
def test_each_rehearsal_module_can_be_imported_alone() -> None:
    in_fresh_interpreter(ONE_BY_ONE.format(names=modules("rehearsal")))


def test_no_module_outgrows_a_screenful_of_screens() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > HARD_STOP
    }
    assert not long


def test_modules_are_named_by_what_they_hold() -> None:
    assert not [path for path in sources() if NO_NAMES & set(path.stem.strip("_").split("_"))]


def test_every_module_starts_with_its_sentence() -> None:
    for path in sources():
        text = path.read_text(encoding="utf-8")
        assert not text.strip() or text.startswith('"""'), f"{path} has no docstring"
