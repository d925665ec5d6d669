"""Whether somebody is told when Lambda turns invocations of a function away."""

from __future__ import annotations

from constructs_lib.model.alarms import Alarm
from constructs_lib.model.fleet import Consumer, Fleet

_NAMESPACE, _METRIC, _DIMENSION = "AWS/Lambda", "Throttles", "FunctionName"


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
