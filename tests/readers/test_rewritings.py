"""A template written otherwise reads the same: what CloudFormation makes of it decides, not how it is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Certainty
from constructs_lib.readers.cloudformation.document import parse
from constructs_lib.readers.reading import UnreadableError
from constructs_lib.readers.sources import read
from tests.readers.rewritings import NAMELESS, SAME
from tests.readers.splittings import APART
from tests.readers.template_parts import Body, Files, Rewriting

CORPUS = Path(__file__).parents[1] / "corpus"
Edge = tuple[str, str, str]


def _templates() -> Iterator[tuple[str, Body]]:
    for path in sorted(CORPUS.glob("*/*")):
        if path.suffix in (".json", ".yaml", ".yml") and path.name not in (
            "expected.json",
            "source.json",
            "manifest.json",
        ):
            try:
                body = parse(path.read_bytes()).value
            except UnreadableError:
                continue
            if isinstance(body.get("Resources"), dict):
                yield path.parent.name, json.loads(json.dumps(body, default=str))


TEMPLATES = list(_templates())


def _edges(files: Files, folder: Path) -> dict[Edge, Certainty]:
    folder.mkdir()
    for name, body in files.items():
        (folder / f"{name}.json").write_text(json.dumps(body, indent=1), encoding="utf-8")
    reading = read([folder])
    assert reading.unread == ()
    return {(_last(c.consumer), _last(c.store), c.via): c.certainty for c in reading.fleet.connections}


def _last(identifier: str) -> str:
    return identifier if identifier.startswith("external") else identifier.rpartition("/")[2]


def _sure(edges: dict[Edge, Certainty]) -> set[Edge]:
    return {edge for edge, certainty in edges.items() if certainty != "possible"}


@pytest.fixture(scope="module")
def as_found(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Body, dict[Edge, Certainty]]]:
    folder = tmp_path_factory.mktemp("found")
    return [
        (name, body, _edges({"template": body}, folder / str(number))) for number, (name, body) in enumerate(TEMPLATES)
    ]


@pytest.mark.parametrize("rewriting", [*SAME, *APART], ids=lambda rewriting: rewriting.__name__)
def test_what_says_the_same_reads_the_same(rewriting: Rewriting, as_found: Any, tmp_path: Path) -> None:
    rewritten = 0
    for number, (name, body, edges) in enumerate(as_found):
        files = rewriting(body)
        if files is not None:
            rewritten += 1
            assert _sure(_edges(files, tmp_path / str(number))) == _sure(edges), name
    assert rewritten >= 3


@pytest.mark.parametrize("rewriting", NAMELESS, ids=lambda rewriting: rewriting.__name__)
def test_what_is_certain_does_not_hang_on_names(rewriting: Any, as_found: Any, tmp_path: Path) -> None:
    rewritten = 0
    for number, (name, body, edges) in enumerate(as_found):
        found = rewriting(body)
        if found is not None:
            rewritten += 1
            other, names = found
            certain = {
                (names.get(consumer, consumer), names.get(store, store), via)
                for (consumer, store, via), certainty in edges.items()
                if certainty == "certain"
            }
            assert certain <= _sure(_edges(other, tmp_path / str(number))), name
    assert rewritten >= 3
