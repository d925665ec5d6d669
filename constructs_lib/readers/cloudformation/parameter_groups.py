"""Database parameters in force: of a cluster's group, overlaid by the group of its instances."""

from __future__ import annotations

from dataclasses import dataclass, field

from constructs_lib.model.origin import NOWHERE, Origin
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.lookups import Names
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Reference,
    Unresolved,
    Value,
    entries_of,
    quantity_of,
    scalar_text,
    text_of,
)
from constructs_lib.regex import regex

GROUPS = (
    "AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup", "AWS::DocDB::DBClusterParameterGroup",
    "AWS::Neptune::DBClusterParameterGroup", "AWS::Neptune::DBParameterGroup",
)  # fmt: skip
LIMIT = "max_connections"
_NUMBER = regex(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Settings:
    """Parameters by name with where they were written; ``foreign`` says that a group nobody gave is in force."""

    values: dict[str, tuple[Value, Origin]] = field(default_factory=dict)
    foreign: str = ""

    def over(self, outer: Settings) -> Settings:
        """These parameters on top of others."""
        return Settings({**outer.values, **self.values}, self.foreign or outer.foreign)

    @property
    def plain(self) -> dict[str, str]:
        texts = {name: text_of(value) for name, (value, _) in self.values.items() if name != LIMIT}
        return {name: text for name, text in texts.items() if text is not None}

    @property
    def unread(self) -> dict[str, str]:
        """Parameters that are set to something nobody can read, with the reason; ``*`` for a group nobody gave."""
        found = {name: _reason(value) for name, (value, _) in self.values.items() if name != LIMIT}
        whole = {"*": self.foreign} if self.foreign else {}
        return {**whole, **{name: reason for name, reason in found.items() if reason}}

    def limit(self, store: str) -> tuple[Quantity | None, str | None, Origin]:
        """max_connections as a number, or as a formula, and where it is written."""
        if LIMIT not in self.values:
            unknown = Quantity.unknown(f"max_connections of '{store}': {self.foreign}") if self.foreign else None
            return unknown, None, NOWHERE
        value, origin = self.values[LIMIT]
        text = scalar_text(value)
        if text is not None and not _is_number(text):
            return None, text, origin
        return quantity_of(value, f"max_connections of '{store}'"), None, origin


def _reason(value: Value) -> str:
    """Why a value is no plain text; empty when it is."""
    if text_of(value) is not None:
        return ""
    return value.reason if isinstance(value, Unresolved) else "it depends on a condition or parameter"


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


class ParameterGroups:
    """Finds the settings of a group that a database names, by reference or by name."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._named: Names[Resource] | None = None

    def settings(self, name: Value) -> Settings:
        """The parameters of the named group; none for a default group."""
        if name is None:
            return Settings()
        group = self._group(name)
        if group is not None:
            parameters = entries_of(group.get("Parameters"))
            return Settings({key: (value, group.origin) for key, value in parameters.items()})
        text = text_of(name)
        if text is not None and text.startswith("default."):
            return Settings()
        shown = f"'{text}'" if text else name.reason if isinstance(name, Unresolved) else "of another stack"
        return Settings(foreign=f"its parameter group is not in the given templates ({shown})")

    def _group(self, name: Value) -> Resource | None:
        if isinstance(name, Reference):
            found = self.estate.resource(name)
            return found if found is not None and found.type in GROUPS else None
        if self._named is None:
            self._named = Names()
            for group in self.estate.of_type(*GROUPS):
                for key in ("DBParameterGroupName", "DBClusterParameterGroupName", "Name"):
                    self._named.add(group.get(key), group)
        named = self._named.find(name)
        return named[0] if len(named) == 1 else None
