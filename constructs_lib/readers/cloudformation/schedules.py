"""What a schedule and the function it starts say about starts and runs that fail."""

from __future__ import annotations

from constructs_lib.model.schedules import Schedule
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.functions import function_of
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Either, Unresolved, Value, entries_of

INVOKE_CONFIG = "AWS::Lambda::EventInvokeConfig"


def schedule(expression: str | None, target: Value) -> Schedule:
    """The schedule of a rule or of EventBridge Scheduler with one of its targets."""
    written = entries_of(target)
    queue = written.get("DeadLetterConfig")
    hidden = isinstance(target, Unresolved) or isinstance(queue, (Unresolved, Either))
    kept = None if hidden else bool(queue)
    return Schedule(expression, dead_letters=kept, retries_set=bool(written.get("RetryPolicy")))


class Failures:
    """Which functions keep the events of failed asynchronous runs."""

    def __init__(self, estate: Estate, named: Named) -> None:
        self._kept: set[tuple[str, str]] = set()
        for config in estate.of_type(INVOKE_CONFIG):
            function = function_of(estate, named, config.get("FunctionName"))
            if function is not None and config.get("DestinationConfig", "OnFailure", "Destination") is not None:
                self._kept.add(function.key)

    def kept(self, function: Resource) -> bool:
        """Whether a dead-letter queue or an on-failure destination takes what the function could not do."""
        return function.key in self._kept or function.get("DeadLetterConfig", "TargetArn") is not None
