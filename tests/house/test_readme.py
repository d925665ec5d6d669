"""Every block of the README is run, and its tables are what the code says. UPDATE_SNAPSHOTS=1 writes outputs and tables anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from constructs_lib.rules import all_rules
from constructs_lib.rules._page import page_of

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
RULES = re.compile(r"(?<=<!-- rules -->\n).*?(?=<!-- /rules -->)", re.DOTALL)
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    file: str | None

    @property
    def title(self) -> str:
        return self.file or self.code.strip().splitlines()[0][:60]


def blocks() -> list[Block]:
    return [Block(m["language"], m["code"], m["file"]) for m in BLOCK.finditer(README.read_text(encoding="utf-8"))]


def of(language: str) -> list[Block]:
    return [block for block in blocks() if block.language == language]


@dataclass(frozen=True)
class Step:
    command: str
    shown: str


def steps(block: Block) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield Step(command, shown)


def test_the_first_block_is_the_minimal_use() -> None:
    first = blocks()[0]
    assert first.language == "python"
    assert ".connect(" in first.code


def test_no_block_is_of_a_kind_that_nobody_runs() -> None:
    assert {block.language for block in blocks()} == {"python", "console", "yaml", "toml"}
    assert all(block.file for block in blocks() if block.language in ("yaml", "toml"))


@pytest.mark.cdk
@pytest.mark.parametrize("block", of("python"), ids=lambda block: block.title)
def test_python_runs(block: Block, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(block.code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env={**os.environ, "CDK_OUTDIR": str(tmp_path / "cdk.out"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cdk.out" / "RUNBOOK.md").is_file()
    assert (tmp_path / "cdk.out" / "connection-budget.json").is_file()


@pytest.mark.servers
def test_commands_show_what_they_print(tmp_path: Path) -> None:
    """Blocks run in the order of the page, in one folder where its files appear as they are shown."""
    (tmp_path / ".git").mkdir()
    text = README.read_text(encoding="utf-8")
    shell = Shell(tmp_path)
    for block in blocks():
        if block.file:
            (tmp_path / block.file).write_text(block.code, encoding="utf-8")
        if block.language == "console":
            ran = "".join(f"$ {step.command}\n{shell.output(step)}" for step in steps(block))
            text = text.replace(block.code, ran) if UPDATE else text
            assert UPDATE or as_shown(ran) == as_shown(block.code)
    if UPDATE:
        README.write_text(text, encoding="utf-8")


def as_shown(text: str) -> str:
    """Figures that a rehearsal measured differ from run to run; everything else must not."""
    if "poolproof rehearse" not in text:
        return text
    return re.sub(
        r" +", " ", re.sub(r"(?<=[ (])[\d.,]+(?= at most| served| gave up| connections\n| s\n|\n)", "#", text)
    )


class Shell:
    """Runs the commands of the page; those that need a network or are this very test are checked, not run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exit_code = 0

    def output(self, step: Step) -> str:
        words = step.command.split()
        if step.command == "echo $?":
            return f"{self.exit_code}\n"
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            return step.shown
        if step.command == "pip install poolproof":
            assert 'name = "poolproof"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
            return step.shown
        assert words[0] == "poolproof"
        done = subprocess.run(
            [sys.executable, "-m", "constructs_lib.cli", *words[1:]],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.exit_code = done.returncode
        return done.stdout + done.stderr


def rules_table() -> str:
    rows = [f"| {rule.code} | {rule.name} | {rule.severity.value} | {page_of(rule).summary} |" for rule in all_rules()]
    return "\n".join(["| code | name | severity | finds |", "|---|---|---|---|", *rows]) + "\n"


def test_the_table_of_rules_is_the_catalogue() -> None:
    text = README.read_text(encoding="utf-8")
    if UPDATE:
        README.write_text(RULES.sub(lambda _: rules_table(), text), encoding="utf-8")
    assert UPDATE or RULES.findall(text) == [rules_table()]


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_explain_finds_every_rule_the_page_names() -> None:
    named = set(re.findall(r"\bPP\d{3}\b", README.read_text(encoding="utf-8")))
    assert named <= {rule.code for rule in all_rules()}
