"""Random fleets against their worst schedules: does what is accepted survive, does what is rejected as certain break?

Every fleet is named by a seed, so that a disagreement can be looked at again (``--seed N --fleets 1``). A fleet that is accepted must
survive every attack on its severest worlds; every budget that is rejected must be broken on its mildest ones. Then random pools: how far
the proven wait lies above the worst that a replayed schedule produces. Exits with 1 at a disagreement.

    python benchmarks/soundness.py --accepted 20000 --rejected 20000
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constructs_lib.model.budget import judge
from constructs_lib.simulation.fleets import random_fleet
from constructs_lib.simulation.soundness import Claim, breaks, claim_of, exhibit, rejections
from constructs_lib.simulation.tightness import Tightness, random_pool, tightness
from constructs_lib.simulation.worlds import worlds

_BATCH = 50
_MOST_RATIO = Fraction(5, 4)


@dataclass(frozen=True)
class Found:
    """What one fleet showed: the claim, budgets rejected, those that needed an eager pooler, worlds attacked, disagreements."""

    seed: int
    claim: Claim
    rejected: int = 0
    eager: int = 0
    worlds: int = 0
    disagreements: tuple[str, ...] = ()


def examine(seed: int, wanted: frozenset[Claim]) -> Found:
    """Judge the fleet of a seed, and attack it when its claim is still wanted."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    fleet, settings = random_fleet(rng)
    budget = judge(fleet, settings)
    claim = claim_of(budget)
    if claim not in wanted:
        return Found(seed, claim)
    if claim is Claim.ACCEPTED:
        witness = breaks(fleet, settings, rng)
        wrong = () if witness is None else (f"accepted, but {witness.outcome.violations[0]}",)
        return Found(seed, claim, worlds=len(worlds(fleet, settings, "severe")), disagreements=wrong)
    shown = [
        (rejection, exhibit(rejection, world, rng))
        for rejection in rejections(budget)
        for world in worlds(fleet, settings, "mild")
    ]
    wrong = tuple(f"rejected, but nothing breaks {rejection}" for rejection, found in shown if found is None)
    eager = sum(found is not None and found.schedule.eager for _, found in shown)
    return Found(seed, claim, len(rejections(budget)), eager, len(shown), wrong)


def _examine_batch(task: tuple[int, frozenset[Claim]]) -> list[Found]:
    first, wanted = task
    return [examine(seed, wanted) for seed in range(first, first + _BATCH)]


def _tight(seed: int) -> Tightness:
    rng = random.Random(seed)  # noqa: S311 - no secret
    return tightness(*random_pool(rng), rng)


def _batches(first: int, needed: dict[Claim, int], seen: Counter[Claim]) -> Iterator[tuple[int, frozenset[Claim]]]:
    """Batches of seeds until both claims have been seen often enough; a claim seen enough is no longer attacked."""
    while True:
        wanted = frozenset(claim for claim, count in needed.items() if seen[claim] < count)
        if not wanted:
            return
        yield first, wanted
        first += _BATCH


def hold_fleets(first: int, needed: dict[Claim, int], workers: int) -> list[Found]:
    """Examine fleets from a seed on; prints how far it is every ten seconds."""
    seen: Counter[Claim] = Counter()
    drawn, kept, said, started = 0, [], time.monotonic(), time.monotonic()
    with multiprocessing.Pool(workers) as pool:
        for batch in _in_order(pool, _batches(first, needed, seen), workers):
            for found in batch:
                drawn += 1
                seen[found.claim] += 1
                if found.worlds:
                    kept.append(found)
                for text in found.disagreements:
                    print(f"seed {found.seed}: {text}", flush=True)
            if time.monotonic() - said > 10:
                said = time.monotonic()
                print(f"  {said - started:6.0f} s  {_counts(drawn, seen)}", file=sys.stderr, flush=True)
    print(f"drawn in {time.monotonic() - started:,.0f} s: {_counts(drawn, seen)}")
    return kept


def _in_order(
    pool: multiprocessing.pool.Pool, tasks: Iterator[tuple[int, frozenset[Claim]]], workers: int
) -> Iterator[list[Found]]:
    """Results in the order of their seeds, a few batches ahead: the counts, and so the run, do not depend on the machine."""
    ahead = [pool.apply_async(_examine_batch, (task,)) for _, task in zip(range(2 * workers), tasks, strict=False)]
    while ahead:
        yield ahead.pop(0).get()
        task = next(tasks, None)
        if task is not None:
            ahead.append(pool.apply_async(_examine_batch, (task,)))


def _counts(drawn: int, seen: Counter[Claim]) -> str:
    return f"{drawn:,} fleets, " + ", ".join(f"{seen[claim]:,} {claim.value}" for claim in Claim)


def _report_fleets(kept: list[Found]) -> int:
    accepted = [found for found in kept if found.claim is Claim.ACCEPTED]
    rejected = [found for found in kept if found.claim is Claim.REJECTED]
    wrong = [found for found in kept if found.disagreements]
    attacked = sum(found.worlds for found in rejected)
    eager = sum(found.eager for found in rejected)
    print("\n| claim | fleets attacked | worlds | disagreements |\n|---|---:|---:|---:|")
    for name, group in (("accepted", accepted), ("rejected as certain", rejected)):
        count = sum(bool(found.disagreements) for found in group)
        print(f"| {name} | {len(group):,} | {sum(found.worlds for found in group):,} | {count} |")
    print(
        f"\n{sum(found.rejected for found in rejected):,} budgets were rejected and broken on {attacked:,} mild worlds by "
        f"what clients ask for; {eager:,} of these only because a pooler opens more than that"
    )
    return len(wrong) + eager


def _report_tightness(count: int, workers: int) -> int:
    with multiprocessing.Pool(workers) as pool:
        found = pool.map(_tight, range(count), chunksize=20)
    waiting = [item for item in found if item.produced]
    ratios = sorted(float(item.ratio) for item in waiting)
    loose = [item for item in waiting if item.ratio > _MOST_RATIO]
    wrong = [item for item in found if item.ratio < 1]
    print(f"\nproven wait ÷ worst wait replayed, {count:,} random pools, somebody waits at {len(ratios):,}:\n")
    print("| min | median | p95 | p99 | max | exactly 1 | above 1.25 |\n|---:|---:|---:|---:|---:|---:|---:|")
    cells = [ratios[0], *(ratios[int(share * (len(ratios) - 1))] for share in (0.5, 0.95, 0.99)), ratios[-1]]
    exact = sum(ratio == 1 for ratio in ratios) / len(ratios)
    print("| " + " | ".join(f"{cell:.3f}" for cell in cells) + f" | {exact:.0%} | {len(loose)} |")
    for item in loose + wrong:
        groups = ", ".join(f"{group.clients} × {group.hold_seconds}" for group in item.holders)
        print(f"pool {item.pool}: {groups}: proven {item.proven}, replayed {item.produced}")
    return len(loose) + len(wrong)


def main() -> int:
    """Run both parts; the exit code says whether model and simulation agreed everywhere."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accepted", type=int, default=20_000, help="accepted fleets to attack")
    parser.add_argument("--rejected", type=int, default=20_000, help="rejected fleets to attack")
    parser.add_argument("--pools", type=int, default=5_000, help="random pools for the tightness of the wait")
    parser.add_argument("--seed", type=int, default=0, help="the first fleet's seed")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    needed = {Claim.ACCEPTED: options.accepted, Claim.REJECTED: options.rejected}
    kept = hold_fleets(options.seed, needed, options.workers)
    wrong = _report_fleets(kept)
    if options.pools:
        wrong += _report_tightness(options.pools, options.workers)
    print(f"\n{'no disagreement' if not wrong else f'{wrong} disagreements'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
