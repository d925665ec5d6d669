"""Where the demo puts what it makes: what stays below one folder of the checkout, what goes in a scratch folder."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.errors import RehearsalError
from demo.cdk_command import ROOT


@dataclass(frozen=True)
class Paths:
    """Folders of one run; assemblies lie in `scratch`, which somebody removes after the run."""

    root: Path
    scratch: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def plan(self) -> Path:
        return self.scratch / "aws"

    @property
    def refused(self) -> Path:
        return self.scratch / "refused"

    @property
    def fixed(self) -> Path:
        return self.scratch / "fixed"

    @property
    def local(self) -> Path:
        return self.scratch / "local"

    @property
    def report(self) -> Path:
        return self.root / "report.html"


def fresh_paths(scratch: Path) -> Paths:
    """An empty folder for this run: `build/demo` of the checkout, or the one that POOLPROOF_DEMO_FOLDER names.

    What an earlier run left in `build/demo` is removed; a folder named by somebody must be new or empty (RehearsalError).
    """
    named = os.environ.get("POOLPROOF_DEMO_FOLDER")
    root = Path(named) if named else ROOT / "build" / "demo"
    if named and root.exists() and any(root.iterdir()):
        raise RehearsalError(f"POOLPROOF_DEMO_FOLDER names '{root}', which is not empty: name a new folder")
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    return Paths(root, scratch)
