"""The three answers that arithmetic can give."""

from __future__ import annotations

from enum import Enum


class Verdict(str, Enum):
    """Whether demand fits: proven, disproven, or not decided."""

    FITS = "fits"
    EXCEEDS = "exceeds"
    UNDECIDED = "not decided"
