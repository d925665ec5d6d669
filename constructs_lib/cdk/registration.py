"""What the library remembers about one app, and the policy plugin that any construct adds to it once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import constructs

from constructs_lib.cdk.context import settings_of
from constructs_lib.cdk.plugin import ConnectionBudgetChecks
from constructs_lib.model.settings import Settings

if TYPE_CHECKING:
    from constructs_lib.cdk.reservation import Reservation


@dataclass
class AppRecord:
    """Everything constructs of one app share: settings, declarations by path, and who reserves which concurrency.

    ``connections`` maps a function's path to its declared connections; ``declarations`` a stack's path and key to declared stores
    or pools; ``reservations`` a function's path to what was asked for it.
    """

    settings: Settings
    connections: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    declarations: dict[tuple[str, str], list[Mapping[str, Any]]] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)


_RECORDS: WeakKeyDictionary[constructs.IConstruct, AppRecord] = WeakKeyDictionary()


def record_of(construct: constructs.IConstruct) -> AppRecord:
    """The record of a construct's app; made on first use, together with the registration of the checks."""
    root = construct.node.root
    record = _RECORDS.get(root)
    if record is None:
        record = _RECORDS[root] = AppRecord(settings_of(root.node))
        if isinstance(root, cdk.Stage):
            _register(root)
    return record


def _register(app: cdk.Stage) -> None:
    cdk.Validations.of(app).add_plugins(ConnectionBudgetChecks(app))
