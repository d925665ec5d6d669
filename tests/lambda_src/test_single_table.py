"""The single table on a DynamoDB of the local cloud: conditions, versions, transactions, batches, pages and expiry."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from datastores.errors import (
    AlreadyExistsError,
    ConfigurationError,
    ConflictError,
    KeyPartError,
    NotFoundError,
    UnavailableError,
    VersionConflictError,
)
from datastores.keys import Key, fingerprint, join, part, shard, tenant_partition
from datastores.retry import RetryPolicy
from datastores.single_table import Create, Lookup, Require, SingleTable
from hypothesis import given
from hypothesis import strategies as st

QUICK = RetryPolicy(first_pause_seconds=0.001, longest_pause_seconds=0.002)


@dataclass(frozen=True)
class NoteKey:
    """An entity of the tests."""

    tenant: str
    number: int

    @property
    def key(self) -> Key:
        return Key(tenant_partition(self.tenant), join("NOTE", f"{self.number:06}"))


@pytest.fixture
def table(single_table: str) -> SingleTable:
    return SingleTable(single_table, policy=QUICK)


@pytest.mark.local_cloud
def test_an_item_is_created_once(table: SingleTable, tenant: str) -> None:
    note = NoteKey(tenant, 1)
    made = table.create(note, {"text": "first", "missing": None})
    assert made["version"] == 1
    with pytest.raises(AlreadyExistsError) as caught:
        table.create(note, {"text": "second"})
    assert caught.value.key == note
    found = table.get(note, consistent=True)
    assert found == {"PK": f"TENANT#{tenant}", "SK": "NOTE#000001", "version": 1, "text": "first"}
    assert table.get(NoteKey(tenant, 2)) is None


@pytest.mark.local_cloud
def test_an_update_wants_the_version_that_was_read(table: SingleTable, tenant: str) -> None:
    note = NoteKey(tenant, 1)
    with pytest.raises(NotFoundError):
        table.update(note, {"text": "x"}, version=1)
    table.create(note, {"text": "first", "tags": ["a"], "count": 3})
    assert table.update(note, {"text": "second"}, version=1)["version"] == 2
    with pytest.raises(VersionConflictError):
        table.update(note, {"text": "lost"}, version=1)
    found = table.get(note, consistent=True)
    assert found is not None
    assert (found["text"], found["tags"], found["count"], found["version"]) == ("second", ["a"], 3, 2)


@pytest.mark.local_cloud
def test_a_transaction_is_all_or_nothing_and_says_which_write_was_refused(table: SingleTable, tenant: str) -> None:
    one, two, missing = NoteKey(tenant, 1), NoteKey(tenant, 2), NoteKey(tenant, 9)
    with pytest.raises(NotFoundError) as absent:
        table.transact([Create(one, {}), Require(missing)])
    assert absent.value.key == missing
    assert table.get(one, consistent=True) is None
    table.transact([Create(one, {}), Create(two, {})])
    with pytest.raises(AlreadyExistsError) as present:
        table.transact([Create(NoteKey(tenant, 3), {}), Create(two, {})])
    assert present.value.key == two
    assert table.get(NoteKey(tenant, 3), consistent=True) is None


@pytest.mark.local_cloud
def test_batches_of_any_size(table: SingleTable, tenant: str) -> None:
    keys = [NoteKey(tenant, number) for number in range(130)]
    table.put_all([{"PK": note.key.partition, "SK": note.key.sort, "number": note.number} for note in keys])
    found = table.get_all([*keys, keys[0], NoteKey(tenant, 500)])
    assert sorted(item["number"] for item in found) == list(range(130))


@pytest.mark.local_cloud
@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_show_every_item_once_and_end(table: SingleTable, tenant: str, newest_first: bool) -> None:
    table.put_all(
        [{"PK": NoteKey(tenant, n).key.partition, "SK": NoteKey(tenant, n).key.sort, "n": n} for n in range(10)]
    )
    table.put_all([{"PK": tenant_partition(tenant), "SK": "OTHER#1"}])
    lookup = Lookup(tenant_partition(tenant), "NOTE#", newest_first=newest_first)
    seen, position, pages = [], None, 0
    while True:
        page = table.query(lookup, limit=5, position=position)
        seen += [item["n"] for item in page.items]
        pages, position = pages + 1, page.position
        if position is None:
            break
    assert pages == 2
    assert seen == sorted(range(10), reverse=newest_first)


@pytest.mark.local_cloud
def test_an_index_lists_in_its_own_order(table: SingleTable, tenant: str) -> None:
    for number in range(6):
        attributes = {"GSI1PK": tenant_partition(tenant), "GSI1SK": join("NOTE", str(9 - number)), "n": number}
        table.create(NoteKey(tenant, number), attributes)
    lookup = Lookup(tenant_partition(tenant), "NOTE#", index="GSI1")
    first = table.query(lookup, limit=4)
    rest = table.query(lookup, limit=4, position=first.position)
    assert [item["n"] for item in (*first.items, *rest.items)] == [5, 4, 3, 2, 1, 0]
    assert rest.position is None


@pytest.mark.local_cloud
def test_what_has_expired_is_not_shown_though_it_is_still_there(table: SingleTable, tenant: str) -> None:
    now = int(time.time())
    for number in range(20):
        table.create(NoteKey(tenant, number), {"n": number, "expires_at": now + (1000 if number % 4 == 3 else -1)})
    assert table.get(NoteKey(tenant, 0)) is None
    assert table.get(NoteKey(tenant, 3)) is not None
    page = table.query(Lookup(tenant_partition(tenant), "NOTE#"), limit=3)
    assert [item["n"] for item in page.items] == [3, 7, 11]
    rest = table.query(Lookup(tenant_partition(tenant), "NOTE#"), limit=3, position=page.position)
    assert ([item["n"] for item in rest.items], rest.position) == ([15, 19], None)
    assert len(table.get_all([NoteKey(tenant, number) for number in range(20)])) == 5


@pytest.mark.local_cloud
def test_a_table_that_is_not_there_is_a_configuration_error(single_table: str) -> None:
    with pytest.raises(ConfigurationError, match="ResourceNotFoundException"):
        SingleTable(f"not-{single_table}").get(NoteKey("t", 1))


class Stubborn:
    """A client that refuses in one way before it gives in."""

    def __init__(self, *failures: Any) -> None:
        self.failures = list(failures)
        self.calls: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append(request)
            failure = self.failures.pop(0) if self.failures else {}
            if isinstance(failure, Exception):
                raise failure
            return failure

        return call


def refused(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, **more}, "Operation")  # type: ignore[typeddict-item]


def test_unprocessed_keys_and_items_are_sent_again() -> None:
    rest = {"table": {"Keys": [{"PK": {"S": "b"}, "SK": {"S": "b"}}]}}
    item = {"PK": {"S": "b"}, "SK": {"S": "b"}}
    client = Stubborn({"Responses": {}, "UnprocessedKeys": rest}, {"Responses": {"table": [item]}})
    assert SingleTable("table", client, policy=QUICK).get_all([NoteKey("t", 1)]) == [{"PK": "b", "SK": "b"}]
    assert client.calls[1]["RequestItems"] == rest
    left = {"table": [{"PutRequest": {"Item": item}}]}
    client = Stubborn({"UnprocessedItems": left}, {})
    SingleTable("table", client, policy=QUICK).put_all([{"PK": "a", "SK": "a"}, {"PK": "b", "SK": "b"}])
    assert client.calls[1]["RequestItems"] == left


def test_what_stays_unprocessed_is_said() -> None:
    client = Stubborn(*[{"UnprocessedItems": {"table": [{}]}}] * 10)
    with pytest.raises(UnavailableError, match="written"):
        SingleTable("table", client, policy=QUICK).put_all([{"PK": "a", "SK": "a"}])
    assert len(client.calls) == 4


def test_conflicting_transactions_are_repeated_with_one_token() -> None:
    conflict = refused("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])
    client = Stubborn(conflict, conflict)
    SingleTable("table", client, policy=QUICK).transact([Create(NoteKey("t", 1), {})])
    assert len(client.calls) == 3
    assert len({call["ClientRequestToken"] for call in client.calls}) == 1
    with pytest.raises(ConflictError):
        SingleTable("table", Stubborn(*[conflict] * 9), policy=QUICK).transact([Create(NoteKey("t", 1), {})])


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (refused("ProvisionedThroughputExceededException"), UnavailableError),
        (refused("ThrottlingException"), UnavailableError),
        (EndpointConnectionError(endpoint_url="http://x"), UnavailableError),
        (refused("AccessDeniedException"), ConfigurationError),
        (refused("ValidationException"), ClientError),
    ],
)
def test_failures_mean_what_they_are(failure: Exception, kind: type[Exception]) -> None:
    for use in (
        lambda table: table.get(NoteKey("t", 1)),
        lambda table: table.create(NoteKey("t", 1), {}),
        lambda table: table.update(NoteKey("t", 1), {"a": 1}, version=1),
        lambda table: table.query(Lookup("p"), limit=1),
        lambda table: table.transact([Require(NoteKey("t", 1))]),
    ):
        with pytest.raises(kind):
            use(SingleTable("table", Stubborn(failure), policy=QUICK))


@given(st.text())
def test_no_value_reaches_over_a_separator(value: str) -> None:
    try:
        taken = part(value, "value")
    except KeyPartError:
        return
    assert taken == value
    assert "#" not in value
    assert 1 <= len(value) <= 128


@given(st.text(), st.integers(1, 99))
def test_shards_are_stable_and_in_range(text: str, shards: int) -> None:
    assert shard(text, shards) == shard(text, shards)
    assert 0 <= int(shard(text, shards)) < shards


def test_fingerprints_fold_what_people_call_the_same() -> None:
    assert fingerprint("  Straße  1 ") == fingerprint("STRASSE 1")
    assert fingerprint("a") != fingerprint("b")
