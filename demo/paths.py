"""Where the demo puts what it makes: everything below one folder of the checkout."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from demo.cdk_command import ROOT


@dataclass(frozen=True)
class Paths:
    """Folders of one run."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def plan(self) -> Path:
        return self.root / "aws"

    @property
    def refused(self) -> Path:
        return self.root / "refused"

    @property
    def fixed(self) -> Path:
        return self.root / "fixed"

    @property
    def local(self) -> Path:
        return self.root / "local"

    @property
    def report(self) -> Path:
        return self.root / "report.html"


def fresh_paths(root: Path = ROOT / "build" / "demo") -> Paths:
    """An empty folder for this run."""
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    return Paths(root)
