"""How long, and in how much memory, a fleet is judged: 100, 1,000 and 10,000 functions on up to 200 stores.

Each size runs in interpreters of its own, so that the memory is its own too; the fastest of three counts. Exits with 1 when 10,000
functions take more than a second or 200 MB, or when the time grows faster than the fleet.

    python benchmarks/scale.py
    python benchmarks/scale.py --rules 10000   what each rule costs beside the judging, dearest first
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constructs_lib.model.budget import Budget, judge
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Instance, Pool, Store
from constructs_lib.model.pools import Verdict
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.rules import all_rules

SIZES = (100, 1_000, 10_000)
FUNCTIONS_PER_STORE = 50
MOST_SECONDS = 1.0
LARGE_ACCOUNT = Settings(account_concurrency=200_000)
MOST_MEGABYTES = 200
#: Ten times the functions may take this many times as long: ten, and room for a cold start and for the machine's other work.
MOST_GROWTH = 15
_HOLDS = tuple(Fraction(number, 1000) for number in (5, 10, 20, 50, 80, 100, 150, 200, 250, 300))


def large_fleet(functions: int, rng: random.Random) -> Fleet:
    """Fifty functions a store: a proxy with mixed holds and some that pin, a few direct connections, unpinned limits on every third.

    On four stores of five somebody waits, on one of ten too long.
    """
    stores, pools = [], []
    for number in range(max(1, functions // FUNCTIONS_PER_STORE)):
        limit = None if number % 3 == 0 else Quantity.exact(400)
        instances = (Instance(f"db{number}", "db.m6g.large"),)
        stores.append(Store(f"db{number}", "rds-instance", "postgres", "16.8", instances, limit))
        percent = Quantity.exact(4 if number % 10 == 9 else 50)
        pools.append(Pool(f"p{number}", f"db{number}", percent=percent, borrow_timeout_seconds=Quantity.exact(4)))
    consumers = tuple(_consumer(number, rng) for number in range(functions))
    connections = tuple(_connection(number, len(stores), rng) for number in range(functions))
    return Fleet(tuple(stores), tuple(pools), consumers, connections)


def _consumer(number: int, rng: random.Random) -> Consumer:
    reserved = None if number % 997 == 0 else Quantity.exact(rng.randint(1, 20))
    return Consumer(
        f"f{number}", reserved_concurrency=reserved, timeout_seconds=Quantity.exact(rng.choice((5, 10, 29)))
    )


def _connection(number: int, stores: int, rng: random.Random) -> Connection:
    store = number % stores
    direct = rng.random() < 0.1
    return Connection(
        f"f{number}",
        f"db{store}",
        via="direct" if direct else "proxy",
        pool=None if direct else f"p{store}",
        connections_per_environment=Quantity.exact(1),
        hold_seconds=Quantity.exact(rng.choice(_HOLDS)),
        hold_enforced=store % 10 != 7 or rng.random() < 0.95,
        transactions_per_invocation=Quantity.exact(rng.choice((1, 1, 2, 3))),
        pins_session=rng.random() < 0.03,
    )


def measure(functions: int) -> dict[str, float]:
    """Seconds to judge a fleet never seen before, and the peak memory of the whole process in MB."""
    judge(large_fleet(FUNCTIONS_PER_STORE, random.Random(1)), Settings())  # noqa: S311 - no secret; reads the tables
    fleet = large_fleet(functions, random.Random(7))  # noqa: S311 - no secret
    started, busy = time.perf_counter(), time.process_time()
    budget = judge(fleet, LARGE_ACCOUNT)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    megabytes, pools = _peak_megabytes(), [pool for _, pool in budget.pools]
    return {
        "rules": sum(cost for _, cost, _ in _costs(fleet, budget)),
        "stores": len(budget.stores),
        "waiting": sum(pool.wait.high != 0 for pool in pools),
        "unproven": sum(pool.verdict is not Verdict.FITS for pool in pools),
        "seconds": seconds,
        "busy": busy,
        "megabytes": megabytes,
    }


def rule_costs(functions: int) -> list[tuple[str, float, int]]:
    """(rule, processor seconds, findings and gaps) on a fleet of that many functions, dearest first."""
    fleet = large_fleet(functions, random.Random(7))  # noqa: S311 - no secret
    return _costs(fleet, judge(fleet, LARGE_ACCOUNT))


def _costs(fleet: Fleet, budget: Budget) -> list[tuple[str, float, int]]:
    costs = []
    for rule in all_rules():
        started = time.process_time()
        found = len(list(rule.say(fleet, budget, LARGE_ACCOUNT)))
        costs.append((f"{rule.code} {rule.name}", time.process_time() - started, found))
    return sorted(costs, key=lambda cost: -cost[1])


def _print_rule_costs(functions: int) -> None:
    costs = rule_costs(functions)
    print(f"| rule, {functions:,} functions | processor | findings and gaps |\n|---|---:|---:|")
    for name, seconds, found in costs:
        print(f"| {name} | {seconds * 1000:.1f} ms | {found:,} |")
    print(
        f"| all {len(costs)} | {sum(seconds for _, seconds, _ in costs) * 1000:.1f} ms | {sum(found for *_, found in costs):,} |"
    )


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def _measured_apart(functions: int) -> dict[str, float]:
    """The fastest of three interpreters: the others shared the processor with somebody."""
    command = [sys.executable, __file__, "--one", str(functions)]
    answers = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(3)]
    results: list[dict[str, float]] = [json.loads(answer) for answer in answers]
    return min(results, key=lambda result: result["seconds"])


def main() -> int:
    """Print the table; the exit code says whether the limits were kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--one", type=int, metavar="FUNCTIONS", help="measure one size and print it as JSON")
    parser.add_argument("--rules", type=int, metavar="FUNCTIONS", help="what each rule costs on a fleet of that size")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return 0
    if given.rules:
        _print_rule_costs(given.rules)
        return 0
    found = {size: _measured_apart(size) for size in SIZES}
    print(
        "| functions | stores | somebody waits | not proven | judged in | processor | per function | growth | peak memory | all rules |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    before: dict[str, float] | None = None
    for size, row in found.items():
        print(
            f"| {size:,} | {row['stores']:.0f} | {row['waiting']:.0f} pools | {row['unproven']:.0f} pools "
            f"| {row['seconds']:.3f} s | {row['busy']:.3f} s | {row['busy'] / size * 1e6:.0f} µs "
            f"| {'' if before is None else '× {:.1f}'.format(row['busy'] / before['busy'])} | {row['megabytes']:.0f} MB "
            f"| {row['rules']:.3f} s |"
        )
        before = row
    return _verdict(found)


def _verdict(found: dict[int, dict[str, float]]) -> int:
    largest = found[SIZES[-1]]
    growth = largest["busy"] / found[SIZES[-2]]["busy"]
    rules = largest["rules"] / found[SIZES[-2]]["rules"]
    problems = []
    if largest["seconds"] > MOST_SECONDS:
        problems.append(f"{SIZES[-1]:,} functions took {largest['seconds']:.2f} s, more than {MOST_SECONDS:g} s")
    if largest["megabytes"] > MOST_MEGABYTES:
        problems.append(f"{SIZES[-1]:,} functions took {largest['megabytes']:.0f} MB, more than {MOST_MEGABYTES} MB")
    if growth > MOST_GROWTH:
        problems.append(f"ten times the functions took {growth:.1f} times as long, more than {MOST_GROWTH}")
    if rules > MOST_GROWTH:
        problems.append(f"ten times the functions took the rules {rules:.1f} times as long, more than {MOST_GROWTH}")
    print(
        "\n"
        + (
            "\n".join(problems)
            or f"kept: under {MOST_SECONDS:g} s and {MOST_MEGABYTES} MB; ten times the functions take {growth:.1f} times as long, "
            f"the rules {rules:.1f} times"
        )
    )
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
