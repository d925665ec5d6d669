"""Answers of one account and region as plain values that can be kept in a file and read again without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from constructs_lib.errors import InputError, PoolproofError, Problem
from constructs_lib.regex import regex

SCHEMA = 1
#: What stands in the place of a password.
HIDDEN = "***"
_SECRET_NAME = regex(r"pass(?:word|wd|phrase)?|pwd|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
_PASSWORD_IN_URL = regex(r"(?<=://)([^/@:\s]*):([^/@\s]+)@")


@dataclass(frozen=True)
class Refused:
    """An operation that AWS did not answer: for which subject (empty = the whole region), the permission it needs, and AWS's reason."""

    operation: str
    subject: str
    permission: str
    reason: str


@dataclass
class Recording:
    """``answers`` by ``service.operation``: a list for the region, or a mapping by subject for one operation on each of many."""

    account: str
    region: str
    recorded_at: str
    answers: dict[str, Any] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def listed(self, operation: str) -> list[dict[str, Any]]:
        """The items of a listing; none when it was refused."""
        found = self.answers.get(operation)
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def of(self, operation: str, subject: str) -> Any:
        """The answer about a subject; ``None`` for none."""
        found = self.answers.get(operation)
        return found.get(subject) if isinstance(found, dict) else None

    def refusal(self, operation: str, subject: str = "") -> Refused | None:
        """Why there is no answer about a subject."""
        return next((r for r in self.refused if r.operation == operation and r.subject in ("", subject)), None)


def without_passwords(function: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A function's configuration with the passwords of its environment hidden; hosts, ARNs and the ``names`` of secrets stay."""
    environment = function.get("Environment")
    variables = environment.get("Variables") if isinstance(environment, Mapping) else None
    if not isinstance(variables, Mapping):
        return dict(function)
    kept = {name: _shown(str(name), str(value), names) for name, value in variables.items()}
    return {**function, "Environment": {"Variables": kept}}


def _shown(variable: str, value: str, names: Collection[str]) -> str:
    if _SECRET_NAME.search(variable) and value not in names and not value.startswith("arn:") and "://" not in value:
        return HIDDEN
    return _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", value)


def save(recording: Recording, path: str) -> None:
    """Write a recording as JSON. Raises ``PoolproofError`` when it cannot be written."""
    text = json.dumps({"schema": SCHEMA, **asdict(recording)}, indent=1, default=str) + "\n"
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise PoolproofError(f"cannot write the recording to '{path}': {error.strerror}") from error


def load(path: str) -> Recording:
    """A recording from its file. Raises ``InputError`` for anything else."""
    try:
        body = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(path, f"no JSON: {error}") from error
    if not isinstance(body, dict) or body.get("schema") != SCHEMA:
        found = body.get("schema") if isinstance(body, dict) else None
        raise _wrong(path, f"no recording of 'poolproof audit --record' (schema {SCHEMA}, got {found!r})")
    answers, refused = body.get("answers"), body.get("refused")
    if not isinstance(answers, dict) or not isinstance(refused, list):
        raise _wrong(path, "a recording needs a mapping 'answers' and a list 'refused'")
    texts = {key: str(body.get(key, "")) for key in ("account", "region", "recorded_at")}
    return Recording(**texts, answers=answers, refused=[_refused(path, item) for item in refused])


def _refused(path: str, item: Any) -> Refused:
    fields = ("operation", "subject", "permission", "reason")
    if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in fields):
        raise _wrong(path, f"an entry of 'refused' needs the texts {', '.join(fields)}, got {item!r}")
    return Refused(**{name: item[name] for name in fields})


def _wrong(path: str, message: str) -> InputError:
    return InputError([Problem(message, path)])
