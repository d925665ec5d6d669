"""What the demo promises, and whether it held: the only thing that decides the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Promise:
    """One promise with the evidence that was seen."""

    step: str
    text: str
    kept: bool
    evidence: str


@dataclass
class Ledger:
    """All promises in the order in which they were put to the test."""

    promises: list[Promise] = field(default_factory=list)

    def record(self, promise: Promise) -> Promise:
        self.promises.append(promise)
        return promise

    @property
    def broken(self) -> list[Promise]:
        return [promise for promise in self.promises if not promise.kept]
