"""How long ``import constructs_lib`` takes, and what it must not load.

    python benchmarks/import_time.py

Fresh interpreters, alternating between an empty program and the import, so that a busy machine slows both. Median of the difference.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

ROUNDS = 25
BUDGET_MILLISECONDS = 50
HEAVY = ("aws_cdk", "jsii", "boto3", "yaml")


def seconds(program: str) -> float:
    """Wall time of one interpreter running a program."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - started


def medians(rounds: int) -> tuple[float, float]:
    """Milliseconds of an empty program, and of one that imports the library."""
    empty: list[float] = []
    importing: list[float] = []
    for _ in range(rounds):
        empty.append(seconds("pass"))
        importing.append(seconds("import constructs_lib"))
    return statistics.median(empty) * 1000, statistics.median(importing) * 1000


def loaded() -> Sequence[str]:
    """Heavy modules that the import pulled in; there must be none."""
    program = f"import sys, constructs_lib; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.split()


def main() -> int:
    """Print the table; 1 when the import is slow or loads what it must not."""
    empty, importing = medians(ROUNDS)
    cost = importing - empty
    print(f"empty interpreter          {empty:7.1f} ms")
    print(f"import constructs_lib      {importing:7.1f} ms")
    print(f"cost of the import         {cost:7.1f} ms   (budget {BUDGET_MILLISECONDS} ms)")
    print(f"heavy modules loaded       {', '.join(loaded()) or 'none'}")
    return 0 if cost <= BUDGET_MILLISECONDS and not loaded() else 1


if __name__ == "__main__":
    sys.exit(main())
