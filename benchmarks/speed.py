"""How fast templates are checked: beside cfn-lint and checkov, one alone, and 2,000 as one fleet.

    python benchmarks/speed.py [FOLDER] [--rivals] [--growth]

FOLDER holds the templates (default: the labelled corpus). Every figure is the wall time of a process of its own, start-up included;
the ratios are of processes that ran one after the other in this run, because seconds alone say more about the machine. The rivals get
the same files: cfn-lint from this environment, checkov in an environment of its own that --rivals makes in build/checkov. What is not
there is said to be missing. The 2,000 templates are the folder's in its mix, each under another name and with another description.
Exits with 1 when a limit is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constructs_lib.readers.cloudformation.document import parse
from constructs_lib.readers.reading import UnreadableError

ROOT = Path(__file__).resolve().parents[1]
CHECKOV = ROOT / "build" / "checkov"
SUFFIXES = (".json", ".yaml", ".yml", ".template")
LABELS = ("expected.json", "source.json", "manifest.json")
LEAST_RATIO = 20
MOST_SECONDS_ALONE, MOST_MEGABYTES_ALONE = 0.25, 60
MOST_SECONDS_FLEET, FLEET = 5.0, 2_000
GROWTH = (250, 500, 1_000, 2_000)


class Run(NamedTuple):
    """Wall seconds, processor seconds of the process and those it started, and the peak memory in MB of the largest."""

    wall: float
    busy: float
    megabytes: float


def templates(folder: Path) -> list[Path]:
    """The files of a folder that are CloudFormation or SAM templates and can be read."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES and path.name not in LABELS)
    return [path for path in found if not path.name.endswith(".assets.json") and _is_template(path)]


def _is_template(path: Path) -> bool:
    try:
        value = parse(path.read_bytes()).value
    except (UnreadableError, OSError):
        return False
    return isinstance(value, dict) and isinstance(value.get("Resources"), dict)


def timed(command: Sequence[str], expected: Container[int]) -> Run:
    """One process from start to end; what it prints is thrown away. Ends the benchmark for an exit code that is not expected."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env=_as_installed(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        said = process.stderr.read() if process.stderr is not None else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode not in expected:
        raise SystemExit(f"{Path(command[0]).name} failed: {said.decode(errors='replace')[-2_000:]}")
    peak = usage.ru_maxrss / ((1 << 20) if sys.platform == "darwin" else 1024)
    return Run(wall, usage.ru_utime + usage.ru_stime, peak)


@lru_cache(maxsize=1)
def _as_installed() -> dict[str, str]:
    """The environment with bytecode kept, as an installer leaves it: compiling itself is no part of a program's start."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bytecode")}


def poolproof(*paths: Path) -> Run:
    """``poolproof check`` with its report in text."""
    return timed([sys.executable, "-m", "constructs_lib.cli", "check", "--fail-on", "never", *map(str, paths)], (0, 2))


def best(measure: Callable[[], Run], rounds: int) -> Run:
    """The fastest of several: the others shared the processor with somebody."""
    return min((measure() for _ in range(rounds)), key=lambda run: run.wall)


def copies(files: Sequence[Path], count: int, folder: Path) -> None:
    """So many templates in the mix of the given ones, none like another."""
    for number in range(count):
        source = files[number % len(files)]
        text = source.read_text(encoding="utf-8-sig")
        name = f"{source.parent.name}-{source.name.split('.')[0]}-{number}{source.suffix}"
        (folder / name).write_text(_another(text, number), encoding="utf-8")


def _another(text: str, number: int) -> str:
    if text.lstrip().startswith("{"):
        body = json.loads(text)
        return json.dumps({**body, "Description": f"{body.get('Description', '')} (copy {number})"}, indent=1)
    return f"# copy {number}\n{text}"


def rivals(files: Sequence[Path], *, install: bool) -> Iterator[tuple[str, Run | None]]:
    """(name, its run on the files), ``None`` for one that is not installed."""
    lint = shutil.which("cfn-lint", path=str(Path(sys.executable).parent))
    yield "cfn-lint", timed([lint, "--", *map(str, files)], range(16)) if lint else None
    program = _checkov(install=install)
    options = ["--framework", "cloudformation", "--compact", "--quiet", "--soft-fail", "--skip-download"]
    yield "checkov", timed([str(program), *options, *(f"-f={path}" for path in files)], (0,)) if program else None


def _checkov(*, install: bool) -> Path | None:
    program = CHECKOV / "bin" / "checkov"
    if install and not program.exists():
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, CHECKOV], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", CHECKOV / "bin" / "python", "checkov"], check=True)
    return program if program.exists() else None


def compared(files: Sequence[Path], *, install: bool) -> Iterator[str]:
    """Lines of the comparison, and the limits it breaks."""
    ours = best(lambda: poolproof(*files), 3)
    print(f"\n| {len(files)} files of the folder | wall | processor | peak memory | times poolproof |")
    print("|---|---:|---:|---:|---:|")
    print(f"| poolproof | {ours.wall:.2f} s | {ours.busy:.2f} s | {ours.megabytes:.0f} MB | |")
    for name, run in rivals(files, install=install):
        if run is None:
            print(f"| {name} | not installed | | | |")
            continue
        ratio = run.wall / ours.wall
        print(f"| {name} | {run.wall:.2f} s | {run.busy:.2f} s | {run.megabytes:.0f} MB | {ratio:.0f} × |")
        if ratio < LEAST_RATIO:
            yield f"{name} took {ratio:.1f} times as long, less than {LEAST_RATIO}"


def alone(files: Sequence[Path]) -> Iterator[str]:
    """The template of middle size, and the largest."""
    by_size = sorted(files, key=lambda path: path.stat().st_size)
    print("\n| one template, with start-up | size | wall | peak memory |\n|---|---:|---:|---:|")
    for word, path in (("of middle size", by_size[len(by_size) // 2]), ("the largest", by_size[-1])):
        run = best(lambda path=path: poolproof(path), 7)  # type: ignore[misc]
        print(f"| {word} | {path.stat().st_size / 1e3:.0f} kB | {run.wall:.3f} s | {run.megabytes:.0f} MB |")
        if run.wall > MOST_SECONDS_ALONE:
            yield f"{word}: {run.wall:.2f} s, more than {MOST_SECONDS_ALONE} s"
        if run.megabytes > MOST_MEGABYTES_ALONE:
            yield f"{word}: {run.megabytes:.0f} MB, more than {MOST_MEGABYTES_ALONE} MB"


def fleets(files: Sequence[Path], sizes: Sequence[int], rounds: int) -> Iterator[str]:
    """Copies in the folder's mix, read and judged as one fleet."""
    print(
        "\n| templates, one fleet | size | wall | processor | per template | peak memory |\n|---:|---:|---:|---:|---:|---:|"
    )
    for count in sizes:
        with tempfile.TemporaryDirectory() as made:
            copies(files, count, Path(made))
            size = sum(path.stat().st_size for path in Path(made).iterdir())
            run = best(lambda folder=Path(made): poolproof(folder), rounds)  # type: ignore[misc]
        per = run.busy / count * 1e3
        print(
            f"| {count:,} | {size / 1e6:.0f} MB | {run.wall:.2f} s | {run.busy:.2f} s | {per:.2f} ms | {run.megabytes:.0f} MB |"
        )
        if count == FLEET and run.wall > MOST_SECONDS_FLEET:
            yield f"{count:,} templates took {run.wall:.1f} s, more than {MOST_SECONDS_FLEET:g} s"


def main() -> int:
    """Print the tables; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "tests" / "corpus")
    parser.add_argument("--rivals", action="store_true", help="install checkov into build/checkov if it is not there")
    parser.add_argument("--growth", action="store_true", help=f"the fleet in {len(GROWTH)} sizes")
    parser.add_argument("--rounds", type=int, default=3, help="runs of the fleet; the fastest counts")
    given = parser.parse_args()
    files = templates(given.folder)
    if not files:
        parser.error(f"no template is in {given.folder}")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    problems = [
        *compared(files, install=given.rivals),
        *alone(files),
        *fleets(files, GROWTH if given.growth else (FLEET,), given.rounds),
    ]
    print("\n" + ("\n".join(problems) or "every limit is kept"))
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
