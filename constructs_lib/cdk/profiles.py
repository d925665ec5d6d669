"""The declarative door: functions, their stores and their limits in one YAML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.cdk.connect import ConnectableStore
from constructs_lib.cdk.function import StoreFunction
from constructs_lib.cdk.reservation import Connected
from constructs_lib.errors import InputError, Problem
from constructs_lib.model.profile import Profile
from constructs_lib.model.quantity import Number
from constructs_lib.model.suitability import Advice, advise
from constructs_lib.readers.profiles import profiles_in, read_profiles


class FunctionProfiles:
    """The profiles of a file, by name and in its order.

    ``profiles["order-api"]`` is one; ``function`` and ``connect`` make a function and connect it with a profile's numbers; ``advice``
    names profiles whose access pattern suits another store better, and ``warn`` shows it at synth.
    """

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._profiles = {profile.name: profile for profile in profiles}

    @staticmethod
    def from_file(path: str | Path) -> FunctionProfiles:
        """Read a profiles file. Raises ``InputError`` with every problem of it at once, each with its line and what is allowed."""
        return FunctionProfiles(read_profiles(path).profiles)

    @staticmethod
    def from_text(text: str, file: str = "profiles.yaml") -> FunctionProfiles:
        """Read profiles from a string; ``file`` is named in errors."""
        return FunctionProfiles(profiles_in(text, file).profiles)

    def __getitem__(self, name: str) -> Profile:
        if name not in self._profiles:
            names = ", ".join(self._profiles) or "none"
            raise InputError([Problem(f"no profile named '{name}'; there are {names}")])
        return self._profiles[name]

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._profiles.values())

    def __len__(self) -> int:
        return len(self._profiles)

    def of_store(self, store: str) -> tuple[Profile, ...]:
        """The profiles of one kind of store."""
        return tuple(profile for profile in self if profile.store == store)

    @property
    def advice(self) -> tuple[Advice, ...]:
        """Which profiles would be served better by another store."""
        return advise(tuple(self))

    def warn(self, scope: Construct) -> None:
        """Show the advice as warnings of a construct; each can be acknowledged as ``poolproof:unsuitable-store:<profile>``."""
        for advice in self.advice:
            cdk.Annotations.of(scope).add_warning_v2(
                f"poolproof:unsuitable-store:{advice.profile}", f"{advice} (line {advice.line})"
            )

    def function(self, scope: Construct, id: str, name: str, **options: Any) -> StoreFunction:
        """A ``StoreFunction`` with the profile's timeout and memory; other options as there."""
        profile = self[name]
        given: dict[str, Any] = {}
        if profile.timeout_seconds is not None:
            given["timeout"] = cdk.Duration.seconds(profile.timeout_seconds)
        if profile.memory_mib is not None:
            given["memory_size"] = profile.memory_mib
        return StoreFunction(scope, id, **{**given, **options})

    def connect(self, name: str, function: lambda_.Function, store: ConnectableStore, **options: Any) -> Connected:
        """Connect a function to a relational store with the profile's concurrency, hold and transactions; options override them."""
        profile = self[name]
        if profile.store != "relational":
            raise InputError([Problem(f"'{name}' belongs to the {profile.store} store, not to a relational one")])
        given = {
            "concurrency": profile.concurrency,
            "hold": None if profile.hold_seconds is None else _milliseconds(profile.hold_seconds),
            "transactions_per_invocation": profile.transactions,
        }
        return store.connect(function, **{**given, **options})


def _milliseconds(seconds: Number) -> cdk.Duration:
    return cdk.Duration.millis(float(seconds * 1000))
