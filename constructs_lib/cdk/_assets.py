"""Finds Lambda sources in the wheel or beside the checkout, and builds layers from them without Docker.

Hashes come from contents and requirement texts only, so a checkout and a wheel give equal hashes on every machine. Dependencies
are installed by uv once per set of requirements and kept in a cache outside the assembly (``POOLPROOF_CACHE_DIR``, else
``$XDG_CACHE_HOME/poolproof``, else ``~/.cache/poolproof``); a warm cache needs no network.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct
from uv import find_uv_bin

from constructs_lib.cdk.context import stage_of
from constructs_lib.errors import InputError, Problem

EXCLUDE = ("**/__pycache__", "**/*.pyc", "**/.*_cache")
"""Never part of an asset: what pip compiles and what type checkers, linters and pytest keep would redeploy for nothing."""

_PACKAGE = Path(__file__).resolve().parent.parent
_RECIPE = "1"
"""Part of every hash; raised when the way layers are built changes their contents."""


def lambda_source(name: str) -> Path:
    """The folder of one Lambda function or of ``datastores``, shipped with this library. Raises ``InputError`` for other names."""
    rooms = (_PACKAGE / "_lambda_src", _PACKAGE.parent / "lambda_src")
    room = next((path for path in rooms if path.is_dir()), None)
    if room is None:
        raise InputError(
            [Problem(f"Lambda sources are missing, looked in {' and '.join(map(str, rooms))}; reinstall poolproof")]
        )
    if not (room / name).is_dir():
        names = ", ".join(
            sorted(path.name for path in room.iterdir() if path.is_dir() and not path.name.startswith("_"))
        )
        raise InputError([Problem(f"no Lambda source named '{name}'; there are {names}")])
    return room / name


def source_code(folder: Path) -> lambda_.AssetCode:
    """A folder as it is, without compiled files."""
    return lambda_.Code.from_asset(str(folder), exclude=list(EXCLUDE))


@dataclass(frozen=True)
class Target:
    """Where dependencies will run: Lambda on arm64, or this machine's Python for the local stage."""

    name: str
    options: tuple[str, ...]

    @staticmethod
    def of(scope: IConstruct) -> Target:
        return Target.host() if stage_of(scope.node) == "local" else Target.function()

    @staticmethod
    def function() -> Target:
        system, python = "aarch64-manylinux_2_28", "3.13"
        return Target(
            f"{system}-{python}", ("--python-platform", system, "--python-version", python, "--only-binary", ":all:")
        )

    @staticmethod
    def host() -> Target:
        name = f"{sys.platform}-{platform.machine()}-{sys.version_info.major}.{sys.version_info.minor}"
        return Target(name, ("--python", sys.executable))


def bundled_code(
    scope: IConstruct,
    *,
    sources: Mapping[str, Path],
    requirements: Path | None,
    prefix: str = "python",
    prune: Sequence[str] = (),
) -> lambda_.AssetCode:
    """Folders and their dependencies as one asset, laid out under ``prefix`` (``""`` for a function, ``python`` for a layer).

    ``sources`` maps the name inside the asset to a folder, ``""`` puts the folder's contents at the top. ``prune`` are glob patterns
    of installed files to leave out. Where CDK bundles nothing (context ``aws:cdk:bundling-stacks``) the hash stays the same and
    nothing is installed. Raises ``InputError`` when dependencies cannot be installed.
    """
    target = Target.of(scope)
    text = requirements.read_text(encoding="utf-8") if requirements else ""
    recipe = (_RECIPE, target.name, prefix, _lines(text), *sorted(prune))
    digest = _digest(recipe, sources)
    staged = next(iter(sources.values())) if sources else requirements.parent if requirements else _PACKAGE
    if cdk.Stack.of(scope).bundling_required:
        installed = _dependencies(requirements, target, prune) if _lines(text) and requirements else None
        staged = _kept(f"bundles/{digest}", lambda folder: _lay_out(folder / prefix, sources, installed))
    return lambda_.Code.from_asset(
        str(staged), asset_hash=digest, asset_hash_type=cdk.AssetHashType.CUSTOM, exclude=list(EXCLUDE)
    )


def _digest(recipe: Sequence[str], sources: Mapping[str, Path]) -> str:
    hashed = hashlib.sha256("\0".join(recipe).encode())
    for name, folder in sorted(sources.items()):
        for path in _files(folder):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            hashed.update(f"\0{name}/{path.relative_to(folder).as_posix()}\0{content}".encode())
    return hashed.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if path.is_file() and not any(fnmatchcase(part, kept[3:]) for part in below.parts for kept in EXCLUDE):
            yield path


def _lines(requirements: str) -> str:
    """The requirements without comments and blank lines: what decides about the installation."""
    lines = (line.split(" #")[0].strip() for line in requirements.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def _lay_out(folder: Path, sources: Mapping[str, Path], installed: Path | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if installed:
        shutil.copytree(installed, folder, dirs_exist_ok=True, copy_function=_link)
    for name, source in sources.items():
        for path in _files(source):
            place = folder / name / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def _link(source: str, place: str) -> str:
    """A hard link where the file system allows it: installed wheels are large and never edited."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)
    return place


def _dependencies(requirements: Path, target: Target, prune: Sequence[str]) -> Path:
    parts = (_RECIPE, target.name, _lines(requirements.read_text(encoding="utf-8")), *sorted(prune))
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return _kept(f"dependencies/{key}", lambda folder: _install(folder, requirements, target, prune))


def _install(folder: Path, requirements: Path, target: Target, prune: Sequence[str]) -> None:
    command = [
        _uv(),
        "pip",
        "install",
        "--quiet",
        "--target",
        str(folder),
        *target.options,
        "--requirement",
        str(requirements),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments, no shell
    if done.returncode:
        raise InputError(
            [
                Problem(
                    f"dependencies for {target.name} could not be installed: {done.stderr.strip()}",
                    file=str(requirements),
                )
            ]
        )
    for pattern in (*EXCLUDE, "bin", ".lock", *prune):
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _uv() -> str:
    try:
        return str(find_uv_bin())
    except FileNotFoundError:
        found = shutil.which("uv")
    if found is None:
        raise InputError([Problem("layers are built with uv, which was not found; install it with: pip install uv")])
    return found


def _cache() -> Path:
    chosen = os.environ.get("POOLPROOF_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser().resolve()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "poolproof"


def _kept(name: str, build: Callable[[Path], None]) -> Path:
    """A folder of the cache, built aside and moved into place, so that an interrupted or parallel synth never sees half of it."""
    place = _cache() / name
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".building-") as building:
        made = Path(building) / "content"
        made.mkdir()
        build(made)
        try:
            made.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    return place
