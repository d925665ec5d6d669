"""What queues, streams and APIs ask of the function behind them: executions at a time, retries, requests."""

from __future__ import annotations

from constructs_lib.facts import limits
from constructs_lib.model.fleet import Consumer, EventSource
from constructs_lib.model.quantity import ONE, Quantity, total

QUEUES = "sqs"
STREAMS = frozenset({"kinesis", "dynamodb-stream"})
APIS = frozenset({"http-api", "rest-api", "websocket-api", "api-gateway"})
#: Concurrent invocations of one provisioned poller of a queue (Lambda guide, services-sqs-scaling, 2026-11-21).
_PER_QUEUE_POLLER = Quantity.exact(10)


def visibility(source: EventSource) -> Quantity:
    """Seconds a received message of the queue stays hidden, with AWS's default where nobody set it."""
    found = source.visibility_timeout_seconds
    return Quantity.exact(limits.lambda_limit("SQS visibility timeout, default")) if found is None else found


def visibility_wanted(consumer: Consumer, source: EventSource) -> Quantity:
    """Seconds AWS advises: six function timeouts and the batching window."""
    times = Quantity.exact(limits.lambda_limit("SQS visibility timeout, function timeouts"))
    window = source.batching_window_seconds
    return consumer.timeout_seconds * times + (Quantity.exact(0) if window is None else window)


def queue_maximum(source: EventSource) -> Quantity | None:
    """Executions at a time that the mapping of a queue allows; ``None`` where it has no maximum."""
    if source.maximum_concurrency is not None:
        return source.maximum_concurrency
    return None if source.provisioned_pollers is None else source.provisioned_pollers * _PER_QUEUE_POLLER


def throttled_beside(consumer: Consumer) -> bool:
    """Whether Lambda may turn away what a queue delivers: unless all sources are queues whose maxima surely fit the reservation."""
    sources = [source for source in consumer.event_sources if source.enabled]
    maxima = [queue_maximum(source) if source.kind == QUEUES else None for source in sources]
    together = total([maximum for maximum in maxima if maximum is not None])
    reserved = consumer.reserved_concurrency
    return reserved is not None and (None in maxima or not together.surely_at_most(reserved))


def stream_sources(consumer: Consumer) -> list[EventSource]:
    """Enabled sources that are read in parts: shards of a stream, partitions of a topic."""
    return [source for source in consumer.event_sources if source.enabled and source.kind in STREAMS | {"kafka"}]


def fan_out(source: EventSource) -> Quantity:
    """Executions at a time that a stream or topic asks for: shards × parallelization factor, or what its pollers invoke."""
    if source.kind == "kafka":
        if source.provisioned_pollers is None:
            return Quantity.unknown("a topic asks for as many executions as it has partitions")
        return source.provisioned_pollers * Quantity.exact(
            limits.lambda_limit("Kafka invocations per provisioned poller")
        )
    shards = source.shards or Quantity.unknown(f"shards of the stream behind '{source.id}' were not read")
    return shards * (source.parallelization_factor or ONE)


def admitted_per_second(reserved: Quantity) -> Quantity:
    """Requests a second that Lambda lets through to a function at most, however short each of them is."""
    return reserved * Quantity.exact(limits.lambda_limit("invocations per second and concurrent execution"))
