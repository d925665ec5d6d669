"""Numbers that are settled when the app is synthesized, because every connection of the app may still change them."""

from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
import jsii


def settled_number(value: Callable[[], float]) -> float:
    """A number for a property of a resource; asked for at every resolution, so that an early look does not freeze it."""
    return cdk.Lazy.uncached_number(_Settled(value))


@jsii.implements(cdk.INumberProducer)
class _Settled:
    def __init__(self, value: Callable[[], float]) -> None:
        self._value = value

    def produce(self, context: cdk.IResolveContext) -> float:  # noqa: ARG002 - jsii calls it with a context
        return self._value()
