from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib import FunctionProfiles, RelationalStore, Share, WhateverFits
from constructs_lib.errors import InputError
from tests.cdk.conftest import ISOLATED, function_of, make_app, make_function, make_vpc

pytestmark = pytest.mark.cdk

CONTRACT = """\
function_profiles:
  order-api:                {store: relational, concurrency_limit: 50}
  idempotency-check:        {store: key-value, access_pattern: single-key lookup}
  sales-dashboard-projector: {store: analytical, trigger: hourly-batch}
"""


def problems_of(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(InputError) as refusal:
        FunctionProfiles.from_text(text, "p.yaml")
    return [(problem.line, problem.message) for problem in refusal.value.problems]


def test_the_contracts_example_reads() -> None:
    profiles = FunctionProfiles.from_text(CONTRACT)
    assert [(p.name, p.store, p.line) for p in profiles] == [
        ("order-api", "relational", 2),
        ("idempotency-check", "key-value", 3),
        ("sales-dashboard-projector", "analytical", 4),
    ]
    assert profiles["order-api"].concurrency == 50
    assert profiles["idempotency-check"].access_pattern == "single-key lookup"
    assert profiles["sales-dashboard-projector"].trigger == "hourly-batch"
    assert profiles.advice == ()
    assert len(profiles) == 3
    assert [profile.name for profile in profiles.of_store("analytical")] == ["sales-dashboard-projector"]


def test_everything_needed_to_size_a_function_is_typed() -> None:
    text = """\
function_profiles:
  a:
    store: relational
    trigger: http-api
    access_pattern: transaction
    concurrency_limit: 25%
    peak_requests_per_second: 12.5
    duration: 300ms
    hold: 0.2
    transactions: 2
    timeout: 1 min
    memory: 1024
  b: {store: document, concurrency_limit: fits, duration: 1.5h}
"""
    first, second = FunctionProfiles.from_text(text)
    assert first.concurrency == Share(0.25)
    assert first.peak_requests_per_second == Fraction(25, 2)
    assert (first.duration_seconds, first.hold_seconds) == (Fraction(3, 10), Fraction(1, 5))
    assert (first.transactions, first.timeout_seconds, first.memory_mib) == (2, 60, 1024)
    assert (second.concurrency, second.duration_seconds) == (WhateverFits(), 5400)


def test_all_problems_of_a_file_at_once_with_lines_and_what_is_allowed() -> None:
    text = """\
function_profiles:
  orders: {store: relationl, trigger: hourly}
  checks: {store: key-value, concurrency_limit: -5}
  orders: {store: document}
  nothing: {trigger: schedule, colour: blue}
  seven: 7
  odd: {store: relational, transactions: 1.5, memory: 64, timeout: 20min, hold: soon, peak_requests_per_second: -1}
settings: {}
"""
    assert problems_of(text) == [
        (
            2,
            (
                "store of 'orders' must be one of relational, key-value, document, analytical (did you mean 'relational'?), "
                "got 'relationl'"
            ),
        ),
        (
            2,
            (
                "trigger of 'orders' must be one of http-api, rest-api, function-url, queue, stream, event, schedule, "
                "hourly-batch, daily-batch (did you mean 'hourly-batch'?), got 'hourly'"
            ),
        ),
        (3, "concurrency_limit of 'checks' must be a whole number from 1 up, a share such as 50%, or fits, got '-5'"),
        (4, "'orders' is defined twice in function_profiles, first in line 2; names must be unique"),
        (
            5,
            (
                "unknown key 'colour' of 'nothing'; allowed are store, access_pattern, trigger, concurrency_limit, "
                "peak_requests_per_second, duration, hold, average_hold, transactions, timeout, memory"
            ),
        ),
        (5, "'nothing' names no store; allowed are relational, key-value, document, analytical"),
        (6, "profile 'seven' must be a mapping of names to values, got '7'"),
        (7, "transactions of 'odd' must be a whole number from 1 to 1,000, got '1.5'"),
        (7, "memory of 'odd' must be a whole number from 128 to 10,240, got '64'"),
        (7, "timeout of 'odd' must be whole seconds from 1 to 900, got '20min'"),
        (7, "hold of 'odd' must be a duration above 0 such as 200ms, 2s, 5min or 1h, got 'soon'"),
        (7, "peak_requests_per_second of 'odd' must be a number above 0, got '-1'"),
        (8, "unknown key 'settings'; allowed are 'function_profiles' and 'stores'"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("function_profiles: {a: [\n", 2, "not valid YAML"),
        ("function_profiles:\n\tb: 1\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("", None, "the file is empty"),
        ("- a\n- b\n", 1, "the file must be a mapping of names to values, got a list"),
        ("profiles: {}\n", 1, "the key 'function_profiles' is missing"),
        ("function_profiles:\n", 1, "function_profiles must be a mapping of names to values, got nothing"),
        ("function_profiles:\n  a: {store: [relational]}\n", 2, "store of 'a' must be one of .* got a list"),
        ("function_profiles:\n  9a: {store: relational}\n", 2, "name '9a' must start with a letter"),
        ("function_profiles:\n  a: {store: relational, concurrency_limit: 0%}\n", 2, "a share such as 50%"),
        ("function_profiles:\n  a: {store: relational, peak_requests_per_second: .inf}\n", 2, "a number above 0"),
        ("function_profiles:\n  ? [x]\n  : {store: relational}\n", 2, "name 'a list' must start with a letter|a list"),
    ],
)
def test_broken_files_are_named_by_line(text: str, line: int | None, message: str) -> None:
    found = problems_of(text)
    with pytest.raises(InputError, match=message) as refusal:
        FunctionProfiles.from_text(text, "p.yaml")
    assert line in [found_line for found_line, _ in found]
    assert str(refusal.value).startswith("p.yaml")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none.yaml: profiles cannot be read: No such file"):
        FunctionProfiles.from_file(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="profiles cannot be read: Is a directory"):
        FunctionProfiles.from_file(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is no UTF-8 text"):
        FunctionProfiles.from_file(tmp_path / "bytes.yaml")
    (tmp_path / "good.yaml").write_text(CONTRACT)
    assert len(FunctionProfiles.from_file(str(tmp_path / "good.yaml"))) == 3


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="no profile named 'orders'; there are order-api, idempotency-check"):
        FunctionProfiles.from_text(CONTRACT)["orders"]


def advised(fields: str) -> list[str]:
    profiles = FunctionProfiles.from_text(f"function_profiles:\n  f: {{{fields}}}\n")
    return [advice.better for advice in profiles.advice]


@pytest.mark.parametrize(
    ("fields", "better"),
    [
        ("store: relational, access_pattern: single-key lookup", ["key-value"]),
        ("store: relational, access_pattern: report, trigger: http-api", ["analytical"]),
        ("store: relational, access_pattern: scan", ["analytical"]),
        ("store: relational, access_pattern: report, trigger: hourly-batch", []),
        ("store: relational, access_pattern: join, trigger: http-api", []),
        ("store: key-value, access_pattern: join", ["relational"]),
        ("store: key-value, access_pattern: report, trigger: daily-batch", ["analytical"]),
        ("store: key-value, access_pattern: single-key lookup", []),
        ("store: analytical, access_pattern: transaction", ["relational"]),
        ("store: analytical, access_pattern: report", []),
        ("store: document, access_pattern: join", ["relational"]),
    ],
)
def test_a_pattern_that_does_not_suit_its_store_gets_the_better_one(fields: str, better: list[str]) -> None:
    assert advised(fields) == better


def test_profiles_make_and_connect_functions_and_warn_at_synth() -> None:
    profiles = FunctionProfiles.from_text(
        "function_profiles:\n"
        "  api: {store: relational, concurrency_limit: 12, transactions: 3}\n"
        "  look: {store: relational, access_pattern: single-key lookup, concurrency_limit: fits}\n"
        "  file: {store: analytical}\n"
    )
    stack = cdk.Stack(make_app(), "Shop")
    vpc = make_vpc(stack)
    store = RelationalStore(stack, "Store", vpc=vpc, vpc_subnets=ISOLATED)
    profiles.connect("api", make_function(stack, "Api", vpc), store)
    profiles.connect("look", make_function(stack, "Look", vpc), store)
    with pytest.raises(InputError, match="'file' belongs to the analytical store"):
        profiles.connect("file", make_function(stack, "File", vpc), store)
    profiles.warn(stack)
    template = Template.from_stack(stack)
    assert function_of(template, "Api")["Properties"]["ReservedConcurrentExecutions"] == 12
    (declared,) = function_of(template, "Api")["Metadata"]["poolproof:connections"]
    assert declared["transactions_per_invocation"] == 3
    message = Match.string_like_regexp("'look' suits the key-value store better than the relational one")
    Annotations.from_stack(stack).has_warning("/Shop", message)
