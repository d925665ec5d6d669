"""Cursors: what comes back is what left, or it is refused."""

from __future__ import annotations

import pytest
from datastores.cursor import CursorSigner
from datastores.errors import ConfigurationError, CursorError, SettingsError
from hypothesis import given
from hypothesis import strategies as st

KEY, OTHER_KEY = "k" * 64, "o" * 64
POSITIONS = st.dictionaries(st.sampled_from(["PK", "SK", "GSI1PK", "GSI1SK"]), st.text(), max_size=4)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@given(st.text(), st.text(), POSITIONS)
def test_a_cursor_opens_for_its_own_listing(tenant: str, listing: str, position: dict[str, str]) -> None:
    signer = CursorSigner(lambda: KEY)
    assert signer.open(signer.sign(tenant, listing, position), tenant, listing) == position


@given(st.text(), st.text(), st.text(), st.text(), POSITIONS)
def test_a_cursor_opens_for_nobody_else(
    tenant: str, listing: str, other: str, other_listing: str, position: dict[str, str]
) -> None:
    signer = CursorSigner(lambda: KEY)
    cursor = signer.sign(tenant, listing, position)
    if (tenant, listing) != (other, other_listing):
        with pytest.raises(CursorError, match="start over"):
            signer.open(cursor, other, other_listing)


@given(st.data(), POSITIONS)
def test_an_altered_cursor_is_refused(data: st.DataObject, position: dict[str, str]) -> None:
    signer = CursorSigner(lambda: KEY)
    cursor = signer.sign("t", "l", position)
    place = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_=! \x00é"))
    altered = cursor[:place] + letter + cursor[place + 1 :]
    try:
        opened = signer.open(altered, "t", "l")
    except CursorError:
        return
    # The last letter of base64 may carry bits that nobody reads: then nothing was altered.
    assert opened == position


@given(st.text())
def test_no_made_up_cursor_opens(cursor: str) -> None:
    with pytest.raises(CursorError):
        CursorSigner(lambda: KEY).open(cursor, "t", "l")


def test_a_cursor_expires() -> None:
    clock = Clock()
    signer = CursorSigner(lambda: KEY, lifetime_seconds=60, clock=clock)
    cursor = signer.sign("t", "l", {"PK": "p"})
    clock.now += 59
    assert signer.open(cursor, "t", "l") == {"PK": "p"}
    clock.now += 1
    with pytest.raises(CursorError, match="expired"):
        signer.open(cursor, "t", "l")


def test_a_cursor_signed_with_a_newer_key_makes_an_old_environment_look_once_a_minute() -> None:
    clock, keys = Clock(), [KEY]
    asked = []

    def fetch() -> str:
        asked.append(clock.now)
        return keys[-1]

    old = CursorSigner(fetch, clock=clock)
    before = old.sign("t", "l", {"PK": "p"})
    keys.append(OTHER_KEY)
    cursor = CursorSigner(lambda: OTHER_KEY, clock=clock).sign("t", "l", {"PK": "p"})
    with pytest.raises(CursorError):
        old.open(cursor, "t", "l")
    assert len(asked) == 1
    clock.now += 61
    assert old.open(cursor, "t", "l") == {"PK": "p"}
    with pytest.raises(CursorError):
        old.open(before, "t", "l")
    assert len(asked) == 2


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(ConfigurationError, match="5 bytes: allowed are 32 or more"):
        CursorSigner(lambda: "short").sign("t", "l", {})


def test_a_function_without_pagination_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POOLPROOF_TABLE_NAME", raising=False)
    monkeypatch.delenv("POOLPROOF_CURSOR_SECRET_ARN", raising=False)
    with pytest.raises(SettingsError, match="POOLPROOF_TABLE_NAME is missing"):
        CursorSigner.from_environment().sign("t", "l", {})
    monkeypatch.setenv("POOLPROOF_TABLE_NAME", "table")
    with pytest.raises(ConfigurationError, match="pagination=True"):
        CursorSigner.from_environment().sign("t", "l", {})
