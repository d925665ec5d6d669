"""Profiles files: functions, the stores they use and what they must carry. Every problem of a file at once, with its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from constructs_lib.errors import InputError, Problem
from constructs_lib.model.profile import Profile, StoreProfile
from constructs_lib.readers.profiles.schema import ProfileReader


@dataclass(frozen=True)
class ProfilesFile:
    """What a file declares: functions in its order, and the stores it describes, by name."""

    file: str
    profiles: tuple[Profile, ...]
    stores: dict[str, StoreProfile]


def read_profiles(path: str | Path) -> ProfilesFile:
    """Read a profiles file. Raises ``InputError`` with every problem of it at once, each with its line and what is allowed."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InputError([Problem(f"profiles cannot be read: {reason}", str(path))]) from None
    return profiles_in(text, str(path))


def profiles_in(text: str, file: str = "profiles.yaml") -> ProfilesFile:
    """Read profiles from a string; ``file`` is named in errors."""
    reader = ProfileReader(file)
    profiles = reader.profiles(_composed(text, file))
    if reader.problems:
        raise InputError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    return ProfilesFile(file, tuple(profiles), reader.stores)


def _composed(text: str, file: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError([Problem(f"not valid YAML: {reason}", file, mark.line + 1 if mark else None)]) from None
    except RecursionError:
        raise InputError([Problem("not valid YAML: it is nested too deeply", file)]) from None
    return node
