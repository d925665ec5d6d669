"""The collector of cyclic garbage is as it was after a pause, and what was made in one is not looked through at once."""

from __future__ import annotations

import gc

import pytest

from constructs_lib.collector import paused


def test_nothing_is_collected_in_a_pause_nor_at_its_end() -> None:
    collections: list[str] = []
    with paused():
        gc.callbacks.append(lambda phase, _info: collections.append(phase))
        kept = [[number] for number in range(100_000)]
    try:
        more = [[number] for number in range(100)]
        assert collections == []
        assert gc.isenabled()
    finally:
        gc.callbacks.pop()
    assert len(kept) > len(more)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was_found_after_an_error_too(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(KeyError), paused():
            raise KeyError
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_what_the_program_froze_stays_frozen() -> None:
    gc.freeze()
    try:
        with paused():
            pass
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
