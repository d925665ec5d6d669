"""How rules put numbers and names into a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.demand import Demand
from constructs_lib.model.finding import Confidence
from constructs_lib.model.fleet import Store
from constructs_lib.model.openings import compare_openings
from constructs_lib.model.origin import NOWHERE, Origin
from constructs_lib.model.quantity import ZERO, Number, Quantity, format_number
from constructs_lib.model.verdict import Verdict


def counted(count: Quantity | Number, noun: str) -> str:
    """A number with its noun in the right form: ``1 function``, ``450 connections``, ``65 to 98 connections``."""
    number = str(count) if isinstance(count, Quantity) else format_number(count)
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def listed(names: Iterable[str]) -> str:
    """Names as a sentence lists them: ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def store_label(item: StoreBudget) -> str:
    """The store, or the readers of a cluster, which have a limit of their own."""
    return item.store.id if item.role == "writer" else f"{item.store.id} (readers)"


def proxy_for(store: Store) -> str:
    """What can stand between functions and a store: RDS Proxy only serves databases of RDS."""
    return "a proxy" if store.on_rds else "a pooler"


def usable_sum(item: StoreBudget) -> str:
    """``312 are usable (416 − 9 − 95)``: max_connections, what the engine keeps, what people and declared clients need."""
    capacity = item.capacity
    if capacity.usable.is_unknown:
        return f"how many are usable is {capacity.usable}"
    verb = "is" if str(capacity.usable) == "1" else "are"
    return f"{capacity.usable} {verb} usable ({capacity.max_connections} − {capacity.reserved} − {capacity.set_aside})"


def by_clients(item: StoreBudget, kept: Quantity | None = None) -> str:
    """What keeps an excess from being certain: the pools reach it only if they open more than clients surely ask for.

    With ``kept``, what of the limit is not the pools': when clients do fill the rest, only doubt about them is left.
    """
    filled = kept is not None and compare_openings(item.capacity.max_connections, item.pools, ZERO, kept)
    if filled is Verdict.EXCEEDS:
        return "; clients that fill as much were inferred with doubt"
    opened, verb = item.pools_opened_by_clients, "the pool opens" if len(item.pools) == 1 else "the pools open"
    may = item.pools_opening.high
    if opened.high is not None and (may is None or opened.high < may):
        return f"; with the clients that are declared {verb} at most {format_number(opened.high)}"
    return f"; with the clients that are declared {verb} {format_number(opened.low)} for certain"


def store_origin(item: StoreBudget) -> Origin:
    """Where the store stands; for one that is no resource of the document, where its first client stands."""
    if item.store.origin != NOWHERE:
        return item.store.origin
    places = [pool.pool.origin for pool in item.pools] + [demand.consumer.origin for demand in item.demands]
    return next((place for place in places if place != NOWHERE), NOWHERE)


def confidence(demands: Sequence[Demand], *, decided: bool = True) -> Confidence:
    """Certain when the numbers decide and every connection counted was read, not inferred with doubt."""
    read = all(demand.connection.certainty == "certain" for demand in demands)
    return Confidence.CERTAIN if read and decided else Confidence.LIKELY
