"""Whatever happens, a person gets a message and a script gets an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from constructs_lib._version import __version__
from constructs_lib.cli import program
from constructs_lib.cli.program import run
from constructs_lib.errors import InputError, PoolproofError, Problem

POOLPROOF = [sys.executable, "-m", "constructs_lib.cli"]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("POOLPROOF_DEBUG", raising=False)
    return monkeypatch


def fail_with(failing: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def command() -> None:
        raise error

    failing.setattr(program.Commands, "get_command", lambda *_: command)


def test_help_lists_what_exists_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:")[1]
    assert [line.split()[0] for line in listed.strip().splitlines()] == list(program.Commands.NAMES)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"poolproof, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["chek"], ["check"], ["check", "--format", "xml", "x"], ["check", "--nonsense"], ["explain", "a", "b"]],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Usage: poolproof" in capsys.readouterr().err


def test_errors_of_ours_are_shown_as_they_are(failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fail_with(failing, InputError([Problem("no TOML", "a.toml", 3), Problem("unknown key", "a.toml", 4)]))
    assert run(["check"]) == 2
    assert capsys.readouterr().err == "poolproof: a.toml:3: no TOML\npoolproof: a.toml:4: unknown key\n"
    fail_with(failing, PoolproofError("cannot write"))
    assert run(["check"]) == 2


@pytest.mark.parametrize("error", [ValueError("boom"), RecursionError("deep"), MemoryError(), AssertionError()])
def test_a_bug_is_told_without_a_traceback(
    error: Exception, failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(failing, error)
    assert run(["check"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert f"poolproof {__version__} on Python" in message
    assert f"failed with {type(error).__name__}: {error} (test_program.py:" in message
    assert "please report it" in message
    assert "Traceback" not in message


def test_a_bug_shows_its_traceback_to_who_asks(failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing.setenv("POOLPROOF_DEBUG", "1")
    fail_with(failing, ValueError("boom"))
    assert run(["check"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_is_no_bug(
    error: BaseException, failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(failing, error)
    assert run(["check"]) == 130
    assert capsys.readouterr().err.strip().endswith("poolproof: interrupted")


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [*POOLPROOF, "explain"], stdout=closed, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*POOLPROOF, "explain"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 2
    assert done.stderr == "poolproof: cannot write to standard output: No space left on device\n"


def test_a_stream_that_knows_no_unicode_gets_question_marks() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*POOLPROOF, "explain", "PP101"], capture_output=True, env=environment, check=False, timeout=60
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"environments ? connections" in done.stdout


def test_starting_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from constructs_lib.cli.program import run\n"
        "code = run(['--help'])\n"
        "heavy = {'yaml', 'boto3', 'aws_cdk', 'jsii', 'constructs_lib.rules', 'constructs_lib.check', 'constructs_lib.readers'}\n"
        "sys.exit(f'loaded {sorted(heavy & set(sys.modules))}' if heavy & set(sys.modules) else code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
