"""What was not decided, each thing once: the finding that says the same as a gap, and gaps that differ only in what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from constructs_lib.check import Report
from constructs_lib.model.finding import Finding
from constructs_lib.model.fleet import Gap
from constructs_lib.model.origin import Origin


class Unsettled(NamedTuple):
    """One thing nobody could decide, about how many subjects ever. ``codes`` are the rules whose findings say it too."""

    subjects: tuple[str, ...]
    missing: str
    declare: str
    places: tuple[Origin, ...]
    codes: tuple[str, ...]

    @property
    def subject(self) -> str:
        return ", ".join(self.subjects)

    @property
    def place(self) -> str:
        """``file:line (id), line (id)``: a file is named once for all its lines that follow each other."""
        files = groupby(self.places, key=lambda origin: origin.file)
        return "; ".join(_in_file(tuple(origins)) for _, origins in files)


def unsettled(report: Report) -> tuple[Unsettled, ...]:
    """The gaps of a report in their order; those with the same words and advice are one."""
    codes = _codes(report.findings)
    same: dict[tuple[str, str, tuple[str, ...]], list[Gap]] = {}
    for gap in report.not_decided:
        same.setdefault((gap.missing, gap.declare, codes.get((gap.subject, gap.sentence), ())), []).append(gap)
    return tuple(
        Unsettled(
            tuple(dict.fromkeys(gap.subject for gap in gaps)),
            missing,
            declare,
            tuple(dict.fromkeys(gap.origin for gap in gaps if str(gap.origin))),
            said,
        )
        for (missing, declare, said), gaps in same.items()
    )


def outspoken(report: Report) -> tuple[Finding, ...]:
    """The findings without those that say word for word what ``unsettled`` lists; acknowledged ones all."""
    gaps = {(gap.subject, gap.sentence) for gap in report.not_decided}
    return tuple(f for f in report.findings if f.acknowledged is not None or (f.subject, f.message) not in gaps)


def _codes(findings: Iterable[Finding]) -> dict[tuple[str, str], tuple[str, ...]]:
    codes: dict[tuple[str, str], tuple[str, ...]] = {}
    for finding in findings:
        if finding.acknowledged is None:
            said = (finding.subject, finding.message)
            codes[said] = tuple(dict.fromkeys((*codes.get(said, ()), finding.code)))
    return codes


def _in_file(origins: Sequence[Origin]) -> str:
    first, *others = origins
    return ", ".join([str(first), *(str(origin._replace(file=str(origin.line or ""), line=None)) for origin in others)])
