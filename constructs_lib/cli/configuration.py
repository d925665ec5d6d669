"""``.poolproof.toml`` or ``[tool.poolproof]`` of a pyproject: found, parsed, and every problem named with file and line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.errors import InputError, Problem
from constructs_lib.model.settings import Settings

if TYPE_CHECKING:
    from constructs_lib.cli.declarations import Wrong
    from constructs_lib.model.fleet import Fleet

OWN, SHARED = ".poolproof.toml", "pyproject.toml"
_TABLE = ("tool", "poolproof")
# tomllib came with Python 3.11; tomli is its twin for 3.10.
_TOML = "tomllib" if sys.version_info >= (3, 11) else "tomli"


def load(config: str | None = None) -> Settings:
    """The settings of a file, or of the nearest one between the working directory and the root of its repository.

    Raises ``InputError`` with every problem of the file at once.
    """
    if config is not None:
        return _explicit(Path(config))
    for path in _nearest(Path.cwd()):
        text = _read(path)
        declared = _table(path, text)
        if declared is not None:
            return _settings(path, text, declared)
    return Settings()


def _explicit(path: Path) -> Settings:
    text = _read(path)
    declared = _table(path, text)
    if declared is None:
        raise InputError([Problem("has no table [tool.poolproof]", str(path))])
    return _settings(path, text, declared)


def _nearest(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield from (path for path in (folder / OWN, folder / SHARED) if path.is_file())
        if (folder / ".git").exists():
            return


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError([Problem(f"cannot read the settings: {error.strerror}", str(path))]) from error
    except ValueError as error:
        raise InputError([Problem(f"cannot read the settings: {error}", str(path))]) from error


def _table(path: Path, text: str) -> Mapping[str, Any] | None:
    """The whole file, or poolproof's table of a pyproject; ``None`` when a pyproject has none.

    One that never says the name is not parsed: that takes as long as checking a small template.
    """
    if path.name == SHARED and _TABLE[-1] not in text:
        return None
    try:
        document: Any = import_module(_TOML).loads(text)
    except (ValueError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError([Problem(f"no TOML: {error}", str(path), int(line[1]) if line else None)]) from error
    if path.name != SHARED:
        return dict(document)
    for depth, key in enumerate(_TABLE, start=1):
        if key not in document:
            return None
        document = document[key]
        if not isinstance(document, Mapping):
            from constructs_lib.cli.toml_lines import line_of  # only a wrong file needs it

            name = ".".join(_TABLE[:depth])
            raise InputError(
                [Problem(f"{name} must be a table, got {document!r}", str(path), line_of(text, _TABLE[:depth]))]
            )
    return dict(document)


def _settings(path: Path, text: str, declared: Mapping[str, Any]) -> Settings:
    from constructs_lib.cli.declarations import settings_from  # only declared settings need it

    wrong: list[Wrong] = []
    settings = settings_from(declared, wrong)
    if wrong:
        from constructs_lib.cli.toml_lines import line_of  # only a wrong file needs it

        prefix = _TABLE if path.name == SHARED else ()
        problems = [Problem(item.message, str(path), line_of(text, (*prefix, *item.key))) for item in wrong]
        raise InputError(sorted(problems, key=lambda problem: problem.line or 0))
    return settings


def unmatched_stores(settings: Settings, fleet: Fleet) -> list[str]:
    """Declarations for stores that were not read: a mistyped id would silently declare nothing."""
    declared = dict.fromkeys(
        (*settings.declared_max_connections, *settings.declared_consumers, *settings.declared_presets)
    )
    there = ", ".join(sorted(fleet.store_by_id)) or "no store at all"
    return [
        f"settings declare the store '{name}', which is not among what was read; there is: {there}"
        for name in declared
        if name not in fleet.store_by_id
    ]
