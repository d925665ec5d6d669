"""The budget of a store or pool as rows of a sum, for every format that shows arithmetic to people."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.capacity import Term
from constructs_lib.model.fleet import Store
from constructs_lib.model.pools import PoolBudget, Verdict
from constructs_lib.model.quantity import ZERO, Quantity

MINUS, EQUALS, NONE = "−", "=", " "


class Row(NamedTuple):
    """One line: sign, figure, what it is, and where it was read (empty when it was calculated)."""

    sign: str
    figure: str
    label: str
    place: str = ""


def figure(quantity: Quantity) -> str:
    """The number without its reason: ``86``, ``79 to 112``, ``unknown``."""
    return "unknown" if quantity.is_unknown else str(quantity)


def describe(store: Store) -> str:
    """Engine, version and classes of a store in words: ``postgres 16.8 on db.t4g.micro``."""
    engine = " ".join(part for part in (store.engine or store.kind, store.engine_version) if part)
    classes = dict.fromkeys(i.instance_class for i in store.instances if i.instance_class is not None)
    return f"{engine} on {', '.join(classes)}" if classes else engine


def title(budget: StoreBudget) -> str:
    """The store's id, with the role where a cluster's readers have a budget of their own."""
    return budget.store.id if budget.role == "writer" else f"{budget.store.id} ({budget.role})"


def store_rows(budget: StoreBudget) -> list[Row]:
    """From max_connections to what is usable, then what may be opened, then what is left or missing."""
    limit, *kept = budget.capacity.terms
    opening = [Term(f"pool of {pool.pool.id}", pool.opening, pool.pool.origin) for pool in budget.pools]
    return [
        _row(NONE, limit),
        *(_row(MINUS, term) for term in kept),
        Row(EQUALS, figure(budget.capacity.usable), "usable"),
        *(_row(NONE, term) for term in (*opening, *(demand.term for demand in budget.direct))),
        Row(EQUALS, figure(budget.opened), "may be opened"),
        _balance(budget),
    ]


def pool_rows(pool: PoolBudget) -> list[Row]:
    """Clients against connections, then the longest wait against the borrow timeout."""
    return [_row(NONE, term) for term in pool.terms]


def _row(sign: str, term: Term) -> Row:
    reason = term.quantity.reason
    why = f" ({reason})" if term.quantity.is_unknown and reason and reason not in term.label else ""
    return Row(sign, figure(term.quantity), term.label + why, str(term.origin))


def _balance(budget: StoreBudget) -> Row:
    if budget.verdict is Verdict.EXCEEDS:
        return Row(NONE, figure(budget.opened.less(budget.capacity.usable)), "too many")
    return Row(NONE, figure(budget.slack), "left")


def store_sentence(budget: StoreBudget) -> str:
    """The verdict on a store in a sentence."""
    opened, usable = _amount(budget.opened), _amount(budget.capacity.usable)
    if budget.verdict is Verdict.FITS:
        return f"fits: at most {opened} of {usable} usable connections may be opened"
    verdict = "does not fit" if budget.verdict is Verdict.EXCEEDS else "not decided"
    return f"{verdict}: {opened} connections may be opened, usable: {figure(budget.capacity.usable)}"


def pool_sentence(pool: PoolBudget) -> str:
    """The verdict on a pool in a sentence, with the proof that carried it."""
    if pool.clients == ZERO:
        return "fits: no clients"
    clients = f"{_amount(pool.clients)} clients for {_amount(pool.connections)} connections"
    if pool.verdict is Verdict.UNDECIDED:
        return f"not decided: {clients}, longest wait {figure(pool.wait)}{_unit(pool.wait)}"
    if pool.verdict is Verdict.EXCEEDS:
        return f"does not fit: {clients}, longest wait {figure(pool.wait)}{_unit(pool.wait)}"
    if pool.nobody_waits:
        return f"fits: {clients}, nobody waits"
    return f"fits: {clients}, nobody waits longer than {figure(pool.wait)} s of {figure(pool.borrow_timeout)} s borrow timeout"


def _amount(quantity: Quantity) -> str:
    return "an unknown number of" if quantity.is_unknown else str(quantity)


def _unit(quantity: Quantity) -> str:
    return "" if quantity.is_unknown else " s"
