"""``app.py`` as the CDK command line runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference.conftest import FLAGS, ROOT, Assembly

pytestmark = pytest.mark.cdk


def _run(folder: Path, work: Path, **context: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps({**FLAGS, **context}),
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "7",
    }
    environment.pop("PYTEST_CURRENT_TEST", None)
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py")], cwd=work, env=environment, capture_output=True, text=True, check=False
    )


def test_the_same_input_gives_the_same_template_from_another_folder(
    aws: Assembly, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("again")
    done = _run(folder, tmp_path_factory.mktemp("elsewhere"))
    assert done.returncode == 0, done.stderr
    assert Assembly(folder).text == aws.text


def test_profiles_that_make_no_sense_end_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("function_profiles:\n  order-api: {store: relatonal, concurrency_limit: -1}\n")
    done = _run(tmp_path / "out", tmp_path, **{"poolproof:profiles": str(file)})
    assert done.returncode == 1
    assert f"{file}:2:" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_app_holds_no_logic() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) < 60
