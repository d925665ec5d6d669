"""Real templates that a person labelled: every connection is found, none is invented, and reviewers' findings are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpus import Case, cases

CORPUS = Path(__file__).parents[1] / "corpus"


@pytest.mark.parametrize("case", list(cases(CORPUS)), ids=lambda case: case.name)
def test_connections_and_findings_of_a_real_template(case: Case) -> None:
    assert (case.missed, case.invented, case.unsaid) == (set(), set(), set())


def test_every_case_names_its_licence_and_source() -> None:
    folders = [labels.parent for labels in CORPUS.glob("*/expected.json")]
    assert len(folders) >= 15
    for folder in folders:
        text = (folder / "source.json").read_text(encoding="utf-8")
        assert '"licence"' in text
        assert '"commit"' in text
