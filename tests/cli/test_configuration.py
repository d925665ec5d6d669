"""Settings files: found, read whole, and every problem named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.cli.configuration import load, unmatched_stores
from constructs_lib.cli.toml_lines import Key, line_of
from constructs_lib.errors import InputError
from constructs_lib.model.fleet import Fleet, Store
from constructs_lib.model.settings import Ignore, Settings

WHOLE = """
account_concurrency = 500
operator_reserve = 10
connections_per_vcpu = 4
deploy_overlap = 1

[stores."Orders/Database"]
max_connections = 200
other_connections = { reports = 20, replication = 3 }

[[ignore]]
rule = "max-connections-not-pinned"
subject = "Orders/Database"
reason = "pinned with the next class change"

[[ignore]]
rule = "PP101"
reason = ""
"""
SETTINGS = Settings(
    account_concurrency=500,
    account_concurrency_declared=True,
    operator_reserve=10,
    connections_per_vcpu=4,
    deploy_overlap=1,
    declared_max_connections={"Orders/Database": 200},
    declared_consumers={"Orders/Database": (("reports", 20), ("replication", 3))},
    ignores=(
        Ignore("PP105", "pinned with the next class change", "Orders/Database"),
        Ignore("PP101", ""),
    ),
)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own below the test's: what a test writes beside the repository must not lie above other tests."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def problems(text: str, name: str = ".poolproof.toml") -> list[str]:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(name)
    return str(caught.value).splitlines()


def test_everything_can_be_declared(repository: Path) -> None:
    (repository / ".poolproof.toml").write_text(WHOLE, encoding="utf-8")
    assert load() == SETTINGS


def test_a_pyproject_holds_the_same_under_its_own_table(repository: Path) -> None:
    text = "[project]\nname = 'x'\n[tool.poolproof]\n" + WHOLE.replace("[stores", "[tool.poolproof.stores").replace(
        "[[ignore", "[[tool.poolproof.ignore"
    )
    (repository / "pyproject.toml").write_text(text, encoding="utf-8")
    assert load() == SETTINGS
    assert load("pyproject.toml") == SETTINGS


def test_without_a_file_the_defaults_apply() -> None:
    assert load() == Settings()


def test_the_nearest_file_wins_and_the_search_ends_at_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository.parent / ".poolproof.toml").write_text("operator_reserve = 1", encoding="utf-8")
    inner = repository / "service" / "infra"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert load() == Settings()
    (repository / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    assert load() == Settings()
    (repository / ".poolproof.toml").write_text("operator_reserve = 2", encoding="utf-8")
    assert load().operator_reserve == 2
    (inner.parent / "pyproject.toml").write_text("[tool.poolproof]\noperator_reserve = 3", encoding="utf-8")
    assert load().operator_reserve == 3


def test_every_problem_of_a_file_comes_at_once_with_its_line() -> None:
    text = """acount_concurrency = 500
operator_reserve = -1
connections_per_vcpu = true
deploy_overlap = 99999999999999999999

[stores."Orders"]
max_connections = "200"
other_connections = ["reports"]
max_conections = 3

[stores.Ledger.other_connections]
reports = 2.5

[[ignore]]
subject = 7
[[ignore]]
rule = "PP101"
resaon = "typo"
"""
    assert problems(text) == [
        (
            ".poolproof.toml:1: unknown key 'acount_concurrency'; did you mean 'account_concurrency'? allowed: "
            "account_concurrency, operator_reserve, connections_per_vcpu, deploy_overlap, stores, ignore"
        ),
        ".poolproof.toml:2: operator_reserve must be a whole number from 0 to 10,000,000, got -1",
        ".poolproof.toml:3: connections_per_vcpu must be a whole number from 1 to 10,000,000, got True",
        ".poolproof.toml:4: deploy_overlap must be a whole number from 1 to 10,000,000, got one far beyond that",
        ".poolproof.toml:7: stores.Orders.max_connections must be a whole number from 1 to 10,000,000, got '200'",
        ".poolproof.toml:8: stores.Orders.other_connections must be a table of client = connections, got ['reports']",
        (
            ".poolproof.toml:9: unknown key 'stores.Orders.max_conections'; did you mean 'max_connections'? "
            "allowed: max_connections, other_connections, preset"
        ),
        ".poolproof.toml:12: stores.Ledger.other_connections.reports must be a whole number from 0 to 10,000,000, got 2.5",
        '.poolproof.toml:14: an ignore needs the code or name of its rule, such as rule = "PP105"',
        ".poolproof.toml:15: subject of an ignore must be text, got 7",
        ".poolproof.toml:18: unknown key 'ignore.1.resaon'; did you mean 'reason'? allowed: rule, subject, reason",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = [", "settings.toml: no TOML: "),
        ("a = 1\na = 2\n", "settings.toml:2: no TOML"),
        ("stores = 3", 'settings.toml:1: stores must hold tables such as [stores."Orders"], got 3'),
        ("stores.Orders = 3", "settings.toml:1: stores.Orders must be a table, got 3"),
        ("ignore = ['PP101']", "settings.toml:1: ignore must be an array of tables [[ignore]], got ['PP101']"),
        ("deploy_overlap = 0x" + "f" * 9000, "settings.toml:1: deploy_overlap must be a whole number"),
        ("a = " + "[" * 5000, "settings.toml"),
    ],
)
def test_what_is_no_settings_file_is_said_in_a_line(text: str, problem: str) -> None:
    (first, *_) = problems(text, "settings.toml")
    assert first.startswith(problem)
    assert len(first) < 300


def test_a_pyproject_whose_table_is_none() -> None:
    assert problems("[tool]\npoolproof = 1\n", "pyproject.toml") == [
        "pyproject.toml:2: tool.poolproof must be a table, got 1"
    ]
    assert problems("[tool.other]\n", "pyproject.toml") == ["pyproject.toml: has no table [tool.poolproof]"]


def test_a_file_that_cannot_be_read(repository: Path) -> None:
    (repository / "latin.toml").write_bytes(b"a = '\xff'")
    for name, reason in (
        ("gone.toml", "No such file"),
        (".git", "Is a directory"),
        ("latin.toml", "utf-8"),
        ("a\0b", "null byte"),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            load(name)
        assert str(caught.value).startswith(f"{name}: cannot read the settings: ")


def test_a_store_that_was_not_read_is_named() -> None:
    fleet = Fleet((Store("Orders", "rds-instance", "postgres"),))
    settings = Settings(declared_max_connections={"Ordres": 5, "Orders": 6}, declared_consumers={"Ordres": ()})
    assert unmatched_stores(settings, fleet) == [
        "settings declare the store 'Ordres', which is not among what was read; there is: Orders"
    ]
    assert unmatched_stores(settings, Fleet())[1].endswith("there is: no store at all")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("a",), 1),
        (("b", "c"), 3),
        (("b", "c", "deep"), 3),
        (("b", "d e", "f"), 5),
        (("g", 0, "h"), 7),
        (("g", 1, "h"), 9),
        (("g", 1), 8),
        (("nowhere",), None),
    ],
)
def test_lines_of_keys(key: Key, line: int | None) -> None:
    text = "a = 1\n[b]\nc = { deep = 2 }\n[b.'d e']\nf = 1\n[[g]]\nh = 1\n[[g]]\n\"h\" = 2\n"
    assert line_of(text, key) == line
