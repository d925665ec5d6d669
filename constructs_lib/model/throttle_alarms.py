"""Whether somebody is told when Lambda turns invocations of a function away."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.alarms import Alarm
from constructs_lib.model.clients import database_functions
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.quantity import Quantity

_NAMESPACE, _METRIC, _DIMENSION = "AWS/Lambda", "Throttles", "FunctionName"


def capped(fleet: Fleet) -> Iterator[tuple[Consumer, Quantity]]:
    """Functions of a database with the reservation that turns requests away; one of 0 is a switch, and a deploy has no callers."""
    for consumer, _ in database_functions(fleet):
        reserved = consumer.reserved_concurrency
        if reserved is not None and reserved.high != 0 and not consumer.deploy_time:
            yield consumer, reserved


def watched(consumer: Consumer, fleet: Fleet) -> bool:
    """Whether an alarm looks at the throttles of the function, or of all functions."""
    alarms = fleet.alarms_by_metric.get((_NAMESPACE, _METRIC), ())
    return any(alarm.watches(_NAMESPACE, _METRIC, _DIMENSION, consumer.id) for alarm in alarms)


def perhaps_watched(fleet: Fleet) -> tuple[Alarm, ...]:
    """Alarms that could look at any function's throttles: what they look at was not read."""
    return tuple(alarm for alarm in fleet.alarms if _open(alarm))


def _open(alarm: Alarm) -> bool:
    if alarm.metric not in (None, _METRIC) or alarm.namespace not in (None, _NAMESPACE):
        return False
    named = alarm.metric is not None
    return (
        not named or alarm.unread_dimension or (_DIMENSION in alarm.dimensions and alarm.dimensions[_DIMENSION] is None)
    )
