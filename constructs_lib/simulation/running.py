"""Functions, environments and invocations while they run: the state the engine moves."""

from __future__ import annotations

from dataclasses import dataclass, field

from constructs_lib.simulation.schedule import Invocation, Strand
from constructs_lib.simulation.world import Function


@dataclass(eq=False)
class Environment:
    """One execution environment: its version, and the pooled connections its session keeps (link, slot)."""

    version: int
    pinned: set[tuple[int, int]] = field(default_factory=set)


@dataclass(eq=False)
class RunningStrand:
    """A strand at work: the step it is at, and since when it waits (``None`` when it does not)."""

    key: int
    strand: Strand
    execution: Execution
    step: int = 0
    since: int | None = None
    holding: bool = False


@dataclass(eq=False)
class Execution:
    """One invocation at work; ``open_strands`` of the current stage are not finished."""

    number: int
    invocation: Invocation
    function: RunningFunction
    environment: Environment
    started: int
    stage: int = 0
    open_strands: int = 0
    over: bool = False
    waited: int = 0
    strands: list[RunningStrand] = field(default_factory=list)


@dataclass(eq=False)
class RunningFunction:
    """A function at work: idle environments per version, how many exist, executions, and where traffic goes."""

    function: Function
    version: int = 0
    percent_new: int = 100
    routed: int = 0
    routed_new: int = 0
    executing: int = 0
    idle: dict[int, list[Environment]] = field(default_factory=dict)
    alive: dict[int, int] = field(default_factory=dict)

    def shift(self, percent: int, *, new_version: bool) -> None:
        """Move traffic to the newest version, or start one."""
        if new_version:
            self.version += 1
            self.routed = self.routed_new = 0
        self.percent_new = percent

    def route(self) -> int:
        """The version of the next invocation: the newest gets its share, evenly spread."""
        self.routed += 1
        if self.version == 0 or self.routed_new * 100 < self.percent_new * self.routed:
            self.routed_new += 1
            return self.version
        return self.version - 1

    def environment(self, version: int, *, fresh: bool) -> tuple[Environment | None, bool]:
        """An environment of a version and whether it is new; ``None`` when every one is busy and no other may start."""
        idle = self.idle.setdefault(version, [])
        if idle and not fresh:
            return idle.pop(), False
        if self.alive.get(version, 0) < self.function.environments:
            self.alive[version] = self.alive.get(version, 0) + 1
            return Environment(version), True
        return (idle.pop(), False) if idle else (None, False)
