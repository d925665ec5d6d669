"""``poolproof rehearse``: a fleet's numbers on real servers, with real clients, beside what the proof predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from constructs_lib.cli.reporting import FINDINGS, UNREADABLE

if TYPE_CHECKING:
    from constructs_lib.model.budget import StoreBudget
    from constructs_lib.model.fleet import Gap
    from constructs_lib.rehearsal.plan import Plan
    from constructs_lib.rehearsal.rehearse import Rehearsal

FORMATS = ("text", "json")
_EXTRA = frozenset({"psycopg", "asyncmy"})
_DECLARE = "declare it under poolproof:connections of the function"


@click.command(name="rehearse", short_help="Try a fleet's numbers on a real database and pooler.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the result."
)
@click.option("--output", metavar="FILE", help="Write the result to a file instead of standard output.")
@click.option("--config", metavar="FILE", help="Settings; default: the nearest .poolproof.toml or pyproject.toml.")
@click.option(
    "--parameters", multiple=True, metavar="KEY=VALUE", help="Value of a template parameter; may be repeated."
)
@click.option("--store", "stores", multiple=True, metavar="ID", help="Rehearse this store only; may be repeated.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 600),
    default=5.0,
    show_default=True,
    help="How long clients keep coming back; everybody has one invocation at least.",
)
@click.option(
    "--hold",
    type=click.FloatRange(0.001, 600),
    metavar="SECONDS",
    help="How long a transaction holds its connection where the fleet does not declare it.",
)
@click.option(
    "--max-clients",
    type=click.IntRange(10, 5000),
    default=500,
    show_default=True,
    help="Clients this machine carries; a larger fleet is scaled down, and said so.",
)
def command(
    *,
    paths: Sequence[str],
    form: str,
    output: str | None,
    config: str | None,
    parameters: Sequence[str],
    stores: Sequence[str],
    seconds: float,
    hold: float | None,
    max_clients: int,
) -> int:
    """Rehearse every relational store of the given templates: a real server with the store's connections on a free port of this machine, a
    real pooler with each pool's size and borrow timeout, and as many real clients as the fleet may bring.

    Exit codes: 0 reality agrees with the proof and nobody was refused or waited in vain, 1 somebody was or it does not, 2 the numbers do
    not suffice or a program is missing.
    """
    from constructs_lib.cli.output import complain, emit, wants_color

    budgets, unread = _budgets(paths, config, parameters, stores)
    plans, gaps = _plans(budgets, max_clients, hold)
    results = [result for plan in plans if (result := _rehearse(plan, seconds)) is not None]
    for gap in gaps:
        complain(f"not rehearsed: {gap.subject}: {gap.missing}; {gap.declare}")
    if results or form == "json":
        from constructs_lib.cli import rehearsal_report

        color = output is None and wants_color()
        emit(
            rehearsal_report.as_json(results, gaps)
            if form == "json"
            else rehearsal_report.as_text(results, color=color),
            output,
        )
    if unread or gaps or len(results) < len(plans):
        return UNREADABLE
    return 0 if all(result.passed for result in results) else FINDINGS


def _budgets(
    paths: Sequence[str], config: str | None, parameters: Sequence[str], wanted: Sequence[str]
) -> tuple[list[StoreBudget], bool]:
    """The judged relational stores that somebody connects to, and whether something could not be read."""
    from constructs_lib.check import check
    from constructs_lib.cli.check import parameter_values
    from constructs_lib.cli.configuration import load
    from constructs_lib.cli.output import complain
    from constructs_lib.readers.sources import read
    from constructs_lib.reporters.unread import place_of

    reading = read(paths, parameter_values(parameters))
    for item in reading.unread:
        complain(f"{place_of(item)}: {item.reason}")
    report = check(reading.fleet, load(config))
    return _chosen(list(report.budget.stores), wanted), bool(reading.unread)


def _chosen(budgets: list[StoreBudget], wanted: Sequence[str]) -> list[StoreBudget]:
    """What is to be rehearsed. Raises ``InputError`` for names of no store, and when nothing is left."""
    from constructs_lib.errors import InputError, Problem
    from constructs_lib.rehearsal.planning import PRODUCTS

    relational = [item for item in budgets if item.store.engine in PRODUCTS or _unclear(item)]
    known = sorted({item.store.id for item in relational})
    chosen = [item for item in relational if (not wanted or item.store.id in wanted) and item.demands]
    wrong = [
        Problem(f"--store '{name}' is no relational store of the fleet; there is {', '.join(known) or 'none'}")
        for name in wanted
        if name not in known
    ]
    if not known:
        wrong.append(Problem(f"no relational store is in what was read: rehearsed are {', '.join(sorted(PRODUCTS))}"))
    elif not wrong and not chosen:
        wrong = [Problem(f"nobody connects to '{name}' as far as the documents show: {_DECLARE}") for name in known]
    if wrong:
        raise InputError(wrong)
    return chosen


def _unclear(item: StoreBudget) -> bool:
    """Whether somebody connects to a store whose engine nobody could read."""
    return item.store.engine is None and bool(item.demands)


def _plans(budgets: Sequence[StoreBudget], most_clients: int, hold: float | None) -> tuple[list[Plan], tuple[Gap, ...]]:
    """What can be rehearsed, and what must be declared for the rest."""
    from constructs_lib.model.quantity import to_number
    from constructs_lib.rehearsal.planning import plan_of

    asked = None if hold is None else to_number(hold)
    plans: list[Plan] = []
    gaps: list[Gap] = []
    for item in budgets:
        plan, missing = plan_of(item, most_clients=most_clients, hold_seconds=asked)
        gaps += missing
        if plan is not None:
            plans.append(plan)
    return plans, tuple(dict.fromkeys(gaps))


def _rehearse(plan: Plan, seconds: float) -> Rehearsal | None:
    """Carry out a plan; ``None`` when that is not possible, which is told. Raises ``RehearsalError`` when the drivers are missing."""
    from constructs_lib.cli.output import complain
    from constructs_lib.errors import RehearsalError

    try:
        from constructs_lib.rehearsal.rehearse import rehearse
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise RehearsalError(
            f"rehearsing needs the driver '{error.name}', which is not installed: pip install 'poolproof[rehearsal]'"
        ) from error
    complain(f"rehearsing {plan.store} ({plan.role}) with {plan.clients:,} clients")
    try:
        return rehearse(plan, seconds)
    except RehearsalError as error:
        complain(str(error))
        return None
