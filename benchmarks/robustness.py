"""A hundred thousand broken documents: each must end in a report or a refusal that names the file, in under two seconds.

Documents are broken by structure and by text (``benchmarks/mutations.py``), written to a file and read as the command line reads them;
every fifth report goes through all formats. What seems slow is timed again when the others are done, alone: a busy machine is no hang.
Prints each failure with the number that makes it again, and exits with 1.

    python benchmarks/robustness.py --documents 100000
    python benchmarks/robustness.py --again 4711       # one document again, with its traceback
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.mutations import Seed, assemblies_in, broken, seed_of, seeds_in
from constructs_lib.check import check
from constructs_lib.readers.sources import read
from constructs_lib.reporters import github, html, json, runbook, sarif, text
from constructs_lib.rules import all_rules
from constructs_lib.rules._page import page_of
from tests.rules.hcl_plan import plan_of

MOST_SECONDS = 2.0
ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "tests" / "corpus", ROOT / "tests" / "readers", ROOT / "tests" / "rules")
_BATCH = 500


@dataclass
class Outcome:
    """What some broken documents ended in: counts, the slowest, and failures by the number that makes each again."""

    ends: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_number: int = 0
    failures: list[str] = field(default_factory=list)
    slow: list[int] = field(default_factory=list)


@lru_cache(maxsize=1)
def seeds() -> tuple[Seed, ...]:
    """Real templates and assemblies, the readers' own documents and plans, and the examples of every rule's page, Terraform's as plans."""
    pages = [
        seed_of(f"{rule.code}-{index}.yaml", example.code.encode())
        for rule in all_rules()
        for index, example in enumerate(page_of(rule).examples)
        if example.language in ("cloudformation", "sam")
    ]
    plans = [
        seed_of(f"{rule.code}-{index}.json", plan_of(example.code).encode())
        for rule in all_rules()
        for index, example in enumerate(page_of(rule).examples)
        if example.language == "terraform"
    ]
    return (*seeds_in(FOLDERS), *pages, *plans, *assemblies_in(FOLDERS))


def document(number: int) -> Seed:
    """The broken document of a number: always the same one for the same seeds."""
    return broken(seeds(), random.Random(number))  # noqa: S311 - repeatable on purpose


def judge(number: int, folder: Path) -> tuple[str, float]:
    """What a broken document ends in, and after how many seconds. Raises what the reader or a reporter raises."""
    seed = document(number)
    root = folder / f"{number}-{seed.name}"
    path = _written(seed, root)
    began = time.perf_counter()
    try:
        reading = read([root])
        report = check(reading.fleet)
        shown = text.render(report, unread=reading.unread)
        if number % 5 == 0:
            for other in (json, sarif, github, html):
                other.render(report, reading.unread)
            runbook.render(report)
    finally:
        shutil.rmtree(root) if seed.beside else path.unlink()
    seconds = time.perf_counter() - began
    if reading.unread:
        unnamed = [item for item in reading.unread if not item.path.startswith(str(root))]
        if unnamed or any(not item.reason for item in reading.unread):
            raise AssertionError(f"a refusal that does not name the file or the reason: {reading.unread}")
        return ("refused with a line" if reading.unread[0].line else "refused"), seconds
    if not shown.strip():
        raise AssertionError("an empty report")
    return ("findings" if report.findings else "not decided" if report.not_decided else "nothing found"), seconds


def _written(seed: Seed, root: Path) -> Path:
    """The document as a file, or in a folder with the files that it needs."""
    if not seed.beside:
        root.write_bytes(seed.data)
        return root
    root.mkdir()
    for name, data in ((seed.name, seed.data), *seed.beside):
        (root / name).write_bytes(data)
    return root / seed.name


def run(numbers: range) -> Outcome:
    """Judge the documents of a range of numbers."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            try:
                end, seconds = judge(number, Path(folder))
            except BaseException as problem:  # noqa: BLE001 - anything that gets out is what is looked for
                outcome.failures.append(f"{number}: {type(problem).__name__}: {problem}")
                continue
            outcome.ends[end] += 1
            if seconds > outcome.slowest:
                outcome.slowest, outcome.slowest_number = seconds, number
            if seconds >= MOST_SECONDS:
                outcome.slow.append(number)
    return outcome


def _still_slow(numbers: Sequence[int]) -> Iterator[str]:
    """Those of some documents that take too long by themselves, too."""
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            _, seconds = judge(number, Path(folder))
            if seconds >= MOST_SECONDS:
                yield f"{number}: took {seconds:.1f} s"


def main() -> int:
    """Run the whole number of documents on all cores and say what came of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="number of the first document")
    parser.add_argument("--again", type=int, help="judge one document again and show its traceback")
    options = parser.parse_args()
    if options.again is not None:
        return _again(options.again)
    last = options.first + options.documents
    batches = [range(start, min(start + _BATCH, last)) for start in range(options.first, last, _BATCH)]
    whole, began = Outcome(), time.perf_counter()
    with ProcessPoolExecutor() as pool:
        for part in pool.map(run, batches):
            whole.ends += part.ends
            whole.failures += part.failures
            whole.slow += part.slow
            if part.slowest > whole.slowest:
                whole.slowest, whole.slowest_number = part.slowest, part.slowest_number
    whole.failures += _still_slow(whole.slow)
    for failure in whole.failures[:40]:
        print(failure)
    ends = ", ".join(f"{count:,} {end}" for end, count in whole.ends.most_common())
    print(
        f"{options.documents:,} broken documents from {len(seeds())} seeds in {time.perf_counter() - began:.0f} s: {ends}"
    )
    print(f"slowest: {whole.slowest:.2f} s (--again {whole.slowest_number}); failures: {len(whole.failures)}")
    return 1 if whole.failures else 0


def _again(number: int) -> int:
    seed = document(number)
    print(f"written to {_written(seed, Path(f'broken-{number}-{seed.name}'))}")
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(*judge(number, Path(folder)))
    except Exception:  # noqa: BLE001 - the traceback is what was asked for
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
