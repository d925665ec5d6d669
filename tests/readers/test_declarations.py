"""What a template declares beside its resources: presets, values nobody may write, the same thing said twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.cli.configuration import load
from constructs_lib.errors import InputError
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import Quantity, Refused
from constructs_lib.readers.sources import read


def fleet(folder: Path, text: str) -> Fleet:
    template = folder / "template.yaml"
    template.write_text(text + "\nResources: {Topic: {Type: AWS::SNS::Topic}}\n", encoding="utf-8")
    reading = read([template])
    assert not reading.unread
    return reading.fleet


def test_a_pool_takes_what_its_preset_publishes_unless_it_says_otherwise(tmp_path: Path) -> None:
    declared = """
Metadata:
  "poolproof:pools":
    - {id: Bouncer, store: Orders, preset: pgbouncer, borrow_timeout_seconds: 5}
    - {id: Supa, store: Orders, preset: "supabase-pooler:nano", connections: 15}
    - {id: Odd, store: Orders, preset: nonsense}"""
    bouncer, supa, odd = fleet(tmp_path, declared).pools

    assert bouncer.connections == Quantity.exact(20)
    assert bouncer.maximum_clients == Quantity.exact(100)
    assert bouncer.borrow_timeout_seconds == Quantity.exact(5)
    assert (supa.connections, supa.maximum_clients) == (Quantity.exact(15), Quantity.exact(200))
    assert odd.connections is not None
    assert "there is no preset 'nonsense'" in odd.connections.reason


def test_a_store_keeps_the_name_of_its_preset(tmp_path: Path) -> None:
    (store,) = fleet(tmp_path, 'Metadata: {"poolproof:stores": [{id: Neon, preset: "neon:1cu"}]}').stores

    assert (store.preset, store.max_connections) == ("neon:1cu", None)


def test_the_same_store_declared_twice_is_one_store_and_a_contradiction(tmp_path: Path) -> None:
    declared = '"poolproof:stores": [{id: Neon, max_connections: 10}, {id: Neon, max_connections: 20}, {id: Neon}]'
    found = fleet(tmp_path, f"Metadata: {{{declared}}}")

    assert [store.max_connections for store in found.stores] == [Quantity.exact(10)]
    (said,) = found.contradictions
    assert (said.subject, said.what, said.counts, said.passed_over) == (
        "Neon", "max_connections", "'10', declared first", "'20'",
    )  # fmt: skip


def test_a_declaration_never_replaces_a_resource(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        'Metadata: {"poolproof:stores": [{id: Orders, max_connections: 10}]}\n'
        "Resources: {Orders: {Type: AWS::RDS::DBInstance, Properties: {Engine: postgres, DBInstanceClass: db.t4g.micro}}}\n",
        encoding="utf-8",
    )
    found = read([template]).fleet

    assert [store.kind for store in found.stores] == ["rds-instance"]
    assert [said.passed_over for said in found.contradictions] == ["an entry of poolproof:stores"]


def test_a_negative_number_is_refused_not_guessed(tmp_path: Path) -> None:
    (store,) = fleet(tmp_path, 'Metadata: {"poolproof:stores": [{id: Neon, max_connections: -4}]}').stores

    assert store.max_connections is not None
    assert store.max_connections.is_unknown
    assert isinstance(store.max_connections.reasons[0], Refused)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"neon:0.26cu"', "did you mean 'neon:0.25cu'?"),
        ("5", "must be the name of a preset, got 5"),
    ],
)
def test_settings_refuse_a_preset_that_is_none(value: str, said: str, tmp_path: Path) -> None:
    settings = tmp_path / ".poolproof.toml"
    settings.write_text(f"[stores.Neon]\npreset = {value}\n", encoding="utf-8")

    with pytest.raises(InputError) as problem:
        load(str(settings))

    assert f"{settings}:2: stores.Neon.preset" in str(problem.value)
    assert said in str(problem.value)


def test_settings_declare_a_preset(tmp_path: Path) -> None:
    settings = tmp_path / ".poolproof.toml"
    settings.write_text('[stores.Neon]\npreset = "neon:1cu"\n', encoding="utf-8")

    assert load(str(settings)).declared_presets == {"Neon": "neon:1cu"}
