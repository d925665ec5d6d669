from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.local_cloud, pytest.mark.cdk]

ROOT = Path(__file__).resolve().parents[2]
_SYNTH_UNDER_WAY = "cdk synth"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the demo's processes through /proc")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_demo_leaves_no_process(number: signal.Signals, exit_code: int, tmp_path: Path) -> None:
    marker = f"POOLPROOF_TEST_RUN={tmp_path.name}-{os.getpid()}"
    name, value = marker.split("=")
    demo = subprocess.Popen(
        [sys.executable, "-m", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, name: value, "PYTHONPATH": str(ROOT), "POOLPROOF_DEMO_FOLDER": str(tmp_path / "demo")},
    )
    with demo:
        seen = []
        while not (seen and _SYNTH_UNDER_WAY in seen[-1]):
            line = demo.stdout.readline()
            assert line, "".join(seen)
            seen.append(line)
        time.sleep(2)
        assert len(_processes_with(marker)) >= 4, "the demo, the cloud, the synth and the bootstrap"
        demo.send_signal(number)
        assert demo.wait(60) == exit_code
    assert _processes_with(marker) == []


def _processes_with(marker: str) -> list[str]:
    """Command lines of all processes that inherited the marker."""
    commands = (_command(folder, marker) for folder in Path("/proc").glob("[0-9]*"))
    return [command for command in commands if command]


def _command(process: Path, marker: str) -> str:
    """Its command line if it has the marker and has not ended meanwhile (a zombie has neither)."""
    try:
        marked = marker in (process / "environ").read_bytes().decode(errors="replace").split("\0")
        return (process / "cmdline").read_text().replace("\0", " ") if marked else ""
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
