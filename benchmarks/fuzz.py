"""Coverage-guided bytes at the readers (atheris): whatever comes in ends in a fleet or in a refusal with a reason.

Run: ``python benchmarks/fuzz.py -runs=200000 -max_len=20000 build/fuzz``
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["constructs_lib"]):
    from constructs_lib.check import check
    from constructs_lib.readers.cloudformation import Document, read_documents
    from constructs_lib.readers.cloudformation.document import parse
    from constructs_lib.readers.reading import UnreadableError
    from constructs_lib.readers.terraform import plan_document
    from constructs_lib.reporters import text

from benchmarks.robustness import seeds


def one(data: bytes) -> None:
    """Read bytes as a plan or as a template, whichever they look like, and report on them."""
    try:
        if b'"terraform_version"' in data[:4096]:
            document = plan_document("fuzz.json", data)
        else:
            parsed = parse(data)
            if not isinstance(parsed.value, dict):
                return
            document = Document("fuzz", "fuzz.yaml", parsed.value, parsed.lines, parsed.duplicates)
    except UnreadableError as problem:
        if not problem.reason:
            raise AssertionError("a refusal without a reason") from problem
        return
    reading = read_documents([document], {})
    text.render(check(reading.fleet), unread=reading.unread)


def main() -> None:
    """Fill the folder given last with seeds, then let the fuzzer run."""
    folder = Path(sys.argv[-1])
    folder.mkdir(parents=True, exist_ok=True)
    for index, seed in enumerate(seeds()):
        (folder / f"seed-{index}").write_bytes(seed.data)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
