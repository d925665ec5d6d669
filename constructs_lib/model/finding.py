"""What a rule says about a fleet."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from constructs_lib.model.origin import NOWHERE, Origin


class Severity(str, Enum):
    """How bad a finding is: an error stops a synth (when certain), a warning warns, an info informs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        return ("info", "warning", "error").index(self.value)


class Confidence(str, Enum):
    """Whether every input was read (certain), or one was assumed and is named in the message (likely)."""

    CERTAIN = "certain"
    LIKELY = "likely"


class Finding(NamedTuple):
    """One problem with its arithmetic.

    ``subject`` is the id of the store, pool or consumer it is about; ``arithmetic`` are lines a person can follow,
    ``fix`` the next step with the largest values that fit; ``acknowledged`` the reason somebody accepted it, else ``None``.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    subject: str
    message: str
    arithmetic: tuple[str, ...] = ()
    fix: str = ""
    origin: Origin = NOWHERE
    acknowledged: str | None = None
