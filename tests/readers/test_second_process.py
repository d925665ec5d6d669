"""Folders of many templates: what a second process parses is what one process reads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from constructs_lib.readers import second_process
from constructs_lib.readers.sources import Reading, read

TEMPLATE = """
Description: number {number}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties: {{ReservedConcurrentExecutions: {number}, Environment: {{Variables: &v {{A: x}}}}, Tags: *v}}
"""
BROKEN = {
    "a-indent.yaml": "Resources:\n  A: [1\n",
    "b-empty.yaml": "",
    "c-bytes.yaml": b"Resources: \xff",
    "d-twice.yaml": "Resources:\n  A: {Type: X}\n  A: {Type: Y}\n",
    "e-other.yaml": "hello: world\n",
    "f.json": '{"Resources": {"A": {"Type": "AWS::Lambda::Function"}}}',
    "g.json": '{"Resources": ',
    "h.template": '{"Resources": ',
    "i-long.yaml": f"Resources:\n  A: {{Type: X, Properties: {{Text: '{'x' * 300_000}'}}}}\n",
}


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(120):
        (tmp_path / f"s{number:03}.yaml").write_text(TEMPLATE.format(number=number))
    for name, content in BROKEN.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
    return tmp_path


def read_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Reading:
    with monkeypatch.context() as patched:
        patched.setattr(second_process, "WORTH_A_PROCESS", 1_000_000)
        return read([folder])


def test_a_folder_reads_the_same_with_a_second_process(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = read_alone(many, monkeypatch)
    started: list[int] = []
    real = second_process._started
    monkeypatch.setattr(second_process, "_started", lambda: started.append(1) or real())
    monkeypatch.setattr(second_process.os, "cpu_count", lambda: 2)
    assert read([many]) == alone
    assert started == [1]
    assert (len(alone.fleet.consumers), len(alone.unread)) == (121, 5)


@pytest.mark.parametrize("executable", ["/nowhere/python", "/bin/false", ""])
def test_without_a_second_process_everything_is_read_here(
    many: Path, monkeypatch: pytest.MonkeyPatch, executable: str
) -> None:
    alone = read_alone(many, monkeypatch)
    monkeypatch.setattr(second_process.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(sys, "executable", executable)
    assert read([many]) == alone


def test_the_other_process_answers_as_this_one_does(many: Path) -> None:
    with second_process._started() as process:
        texts = [path.read_bytes() for path in sorted(many.iterdir())]
        second_process._send(process.stdin, texts)
        answers = second_process._received(process.stdout)
    assert answers == [second_process._answer(second_process.outcome(text)) for text in texts]


def test_few_files_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_process, "_started", lambda: pytest.fail("a process was started"))
    for number in range(second_process.WORTH_A_PROCESS - 1):
        (tmp_path / f"{number}.yaml").write_text(TEMPLATE.format(number=number))
    assert len(read([tmp_path]).fleet.consumers) == second_process.WORTH_A_PROCESS - 1
