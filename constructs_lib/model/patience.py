"""How long a consumer's invocation may last before somebody gives up on it."""

from __future__ import annotations

from constructs_lib.model.capacity import Term
from constructs_lib.model.fleet import Consumer


def patience_of(consumer: Consumer) -> tuple[Term, ...]:
    """The consumer's own timeout, then the timeout of every enabled event source that waits for an answer; in seconds."""
    triggers = [
        Term(f"timeout of {source.id} in front of {consumer.id}", source.timeout_seconds, source.origin)
        for source in consumer.event_sources
        if source.enabled and source.timeout_seconds is not None
    ]
    return (Term(f"timeout of {consumer.id}", consumer.timeout_seconds, consumer.origin), *triggers)
