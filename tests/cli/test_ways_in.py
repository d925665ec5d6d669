"""What pipelines copy from this repository calls the command line as it is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLEAN = "Resources: {Table: {Type: 'AWS::DynamoDB::Table'}}\n"


def loaded(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        ["bash", "-ec", script],
        cwd=folder,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("paths", "code"), [("a b.yaml\nc.yaml\n", 0), ("gone.yaml", 2)])
def test_the_action_checks_every_line(paths: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "a b.yaml").write_text(CLEAN, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(CLEAN, encoding="utf-8")
    steps = loaded("examples/ci/action.yml")["runs"]["steps"]
    done = shell(steps[-1]["run"], tmp_path, POOLPROOF_PATHS=paths, POOLPROOF_FAIL_ON="error")
    assert done.returncode == code, done.stderr
    assert ("::error file=gone.yaml" in done.stdout) == (code == 2)


def test_the_gitlab_job_leaves_a_report(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(CLEAN, encoding="utf-8")
    job = loaded("examples/ci/gitlab-ci.yml")["connection-budget"]
    done = shell(job["script"][-1], tmp_path, **job["variables"])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / job["artifacts"]["paths"][0]).exists()


def test_the_hook_gets_templates_only(tmp_path: Path) -> None:
    (hook,) = loaded(".pre-commit-hooks.yaml")
    names = ["template.yaml", "app/template.yml", "x.template.json", "package.json", "my-template.yaml.txt"]
    taken = [name for name in names if re.search(hook["files"], name)]
    assert taken == names[:3]
    (tmp_path / "template.yaml").write_text(CLEAN, encoding="utf-8")
    assert shell(shlex.join([*shlex.split(hook["entry"]), "template.yaml"]), tmp_path).returncode == 0
