"""What starts a function: people who wait for an answer, or a clock; and what shows that it makes reports."""

from __future__ import annotations

from functools import lru_cache

from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet
from constructs_lib.model.wordings import words
from constructs_lib.regex import regex

#: Event sources behind which somebody waits for the answer.
REQUESTS = frozenset({"http-api", "rest-api", "api-gateway", "websocket-api", "function-url", "alb", "appsync"})
_REPORTING = regex(
    r"\b(projectors?|projections?|reports?|reporting|etl|exporters?|exports?|aggregat(?:e|es|or|ion)|analytics|rollups?|warehouse"
    r"|materiali[sz]er?|statistics)\b"
)


def on_request_path(consumer: Consumer) -> bool:
    """Whether requests that wait for an answer start the function."""
    return any(source.kind in REQUESTS and source.enabled for source in consumer.event_sources)


def schedules(consumer: Consumer) -> list[EventSource]:
    """The schedules that start it, none that is switched off."""
    return [source for source in consumer.event_sources if source.kind == "schedule" and source.enabled]


def only_scheduled(consumer: Consumer) -> bool:
    """Whether a clock starts the function and nothing else does."""
    enabled = [source for source in consumer.event_sources if source.enabled]
    return bool(enabled) and all(source.kind == "schedule" for source in enabled)


def reporting_name(consumer: Consumer) -> str | None:
    """The word of the function's name that says it reads much to make little: a projector, a report, an export."""
    place = consumer.origin.path or ""
    return _reporting(consumer.id.rpartition("/")[2]) or _reporting(place.rpartition("/")[2])


@lru_cache(maxsize=8192)
def _reporting(name: str) -> str | None:
    match = _REPORTING.search(" ".join(words(name)))
    return None if match is None else match.group(1)


def requests_beside(fleet: Fleet, connection: Connection) -> list[Consumer]:
    """The functions behind an API that use the same writer; none where the connection does not hold a database's writer for sure."""
    store = fleet.store_by_id.get(connection.store)
    if store is None or not store.holds_connections or not _on_writer(connection):
        return []
    others = [edge for edge in fleet.connections_by_store.get(store.id, ()) if _on_writer(edge)]
    found = [fleet.consumer_by_id[edge.consumer] for edge in others if edge.consumer in fleet.consumer_by_id]
    return [consumer for consumer in _once(found) if on_request_path(consumer)]


def _once(consumers: list[Consumer]) -> list[Consumer]:
    return list({consumer.id: consumer for consumer in consumers}.values())


def _on_writer(connection: Connection) -> bool:
    return connection.role == "writer" and connection.via != "http" and connection.certainty != "possible"


def projecting(consumer: Consumer) -> str | None:
    """What shows that the function fills or asks an analytical store: its permissions, else its name; ``None`` when nothing does."""
    if consumer.analytical:
        return f"its role allows {consumer.analytical[0]}"
    word = reporting_name(consumer)
    return None if word is None else f"its name says '{word}'"
