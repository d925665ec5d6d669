"""What every rule owes to the catalogue: a stable code, a name, a page in the house's shape, findings a person can act on."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import constructs_lib.rules
from constructs_lib.rules import Rule, all_rules, rule_named
from constructs_lib.rules._page import HEADINGS, LANGUAGES, page_of

each_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)

#: Public: codes stand in acknowledgements and pipelines. A change of a line here is a change of behaviour for every user.
PINNED = """
PP101 connections-over-budget error
PP102 unbounded-database-function error
PP103 pool-size-undeclared warning
PP104 pool-outgrows-cpu warning
PP105 max-connections-not-pinned warning
PP106 max-connections-over-memory warning
PP107 deploy-overlap-over-budget warning
PP108 consumer-outside-budget warning
PP109 managed-instances-unbounded error
PP110 tenant-isolation-multiplies warning
PP111 failover-target-too-small warning
PP112 serverless-capacity-too-small error
PP113 cursor-or-session-limit error
PP114 reserve-over-limit error
PP201 borrow-timeout-outlives-function error
PP202 borrow-wait-unbounded error
PP203 proxies-share-target-over-100 error
PP204 proxy-takes-reserved-slots error
PP205 proxy-percent-under-floor warning
PP206 idle-percent-inconsistent error
PP207 proxy-without-tls warning
PP208 pinning-filter-unsafe warning
PP209 multi-user-rotation-behind-proxy error
PP210 secret-not-in-proxy error
PP211 proxy-keeps-serverless-awake warning
PP212 bypasses-proxy warning
PP213 iam-auth-without-grant error
PP214 proxy-target-not-ready warning
PP215 proxy-debug-logging warning
PP216 borrow-timeout-out-of-range warning
PP217 session-setup-pins warning
PP301 function-outlives-trigger warning
PP302 statements-unbounded warning
PP303 idle-in-transaction-unbounded warning
PP304 idle-sessions-kept warning
PP305 database-closes-before-proxy error
PP306 default-timeout-on-database-function warning
PP401 account-concurrency-exceeded error
PP402 concurrency-zero error
PP403 provisioned-over-reserved error
PP404 api-throttle-missing warning
PP405 throttles-unwatched info
PP501 queue-outruns-function warning
PP502 throttle-eats-retries error
PP503 visibility-too-short warning
PP504 stream-fan-out-uncounted warning
PP505 stream-retries-forever warning
PP601 no-path-to-store error
PP602 isolated-without-endpoints error
PP603 single-subnet warning
PP604 subnet-too-small warning
PP605 password-in-environment error
PP606 instance-endpoint-of-cluster warning
PP607 shared-credentials info
PP701 scan-on-request-path warning
PP702 throughput-under-concurrency warning
PP703 hot-key-index info
PP704 stream-readers-over-two warning
PP705 idempotency-without-ttl warning
PP706 no-point-in-time-recovery error
PP801 projector-on-request-path warning
PP802 projector-overlaps-itself warning
PP803 schedule-without-failure-path warning
PP804 freshness-unwatched warning
PP805 export-window-broken error
PP806 analytical-scan-on-relational info
PP901 relation-not-decided info
PP902 unknown-capacity warning
PP903 contradictory-declaration warning
PP904 value-out-of-range error
PP905 pool-without-database error
"""


def test_codes_names_and_severities_are_the_pinned_ones() -> None:
    assert [f"{rule.code} {rule.name} {rule.severity.value}" for rule in all_rules()] == PINNED.strip().splitlines()


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in all_rules()}) == len({rule.name for rule in all_rules()}) == len(all_rules())


@each_rule
def test_a_code_can_be_acknowledged_in_cdk(rule: Rule) -> None:
    # CDK refuses ids with a second "::" or an ARN in them.
    assert re.fullmatch(r"PP\d{3}", rule.code)


@each_rule
def test_a_rule_is_found_by_code_and_by_name(rule: Rule) -> None:
    assert rule_named(rule.code.lower()) is rule
    assert rule_named(rule.name) is rule
    assert rule_named("no-such-rule") is None


def test_a_module_is_named_after_its_bad_pattern() -> None:
    names = [
        module.name for module in pkgutil.iter_modules(constructs_lib.rules.__path__) if module.name[0] not in {"_"}
    ]

    for name in names:
        assert importlib.import_module(f"constructs_lib.rules.{name}").RULE.name == name.replace("_", "-")


@each_rule
def test_a_page_has_the_headings_in_order_and_says_something_under_each(rule: Rule) -> None:
    page = page_of(rule)

    assert tuple(page.sections) == HEADINGS
    assert all(page.sections.values())
    assert page.summary.endswith(".")
    assert "\n" not in page.summary


@each_rule
def test_a_page_shows_bad_and_good_in_the_same_languages(rule: Rule) -> None:
    examples = page_of(rule).examples
    languages = {kind: [e.language for e in examples if e.kind == kind] for kind in ("bad", "good")}

    assert languages["bad"] == languages["good"]
    assert "cloudformation" in languages["bad"]
    assert set(languages["bad"]) <= set(LANGUAGES)


@each_rule
def test_every_fence_of_a_page_is_an_executed_example(rule: Rule) -> None:
    assert rule.page.count("```") == 2 * len(page_of(rule).examples)


@each_rule
def test_references_are_addresses_and_all_of_them_are_on_the_page(rule: Rule) -> None:
    listed = page_of(rule).sections["References"].splitlines()

    assert [f"- {address}" for address in rule.references] == listed
    assert len(set(rule.references)) == len(rule.references)


@each_rule
def test_a_page_mentions_other_rules_by_their_present_name(rule: Rule) -> None:
    for name, code in re.findall(r"`([a-z-]+)` \((PP\d{3})\)", rule.page):
        assert rule_named(code) is rule_named(name) is not None, (name, code)


@each_rule
def test_the_version_of_introduction_is_a_version(rule: Rule) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", rule.since)
