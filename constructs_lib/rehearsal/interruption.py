"""Servers must not outlive the program that started them, however it ends.

SIGINT already unwinds a Python program; SIGTERM does not, so while servers run it is turned into SystemExit. While a
server is being stopped both are held back until the stop is complete.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def _raise_exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into SystemExit; a handler the program installed itself is left alone. Nests."""
    installed = _in_main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if installed:
        signal.signal(signal.SIGTERM, _raise_exit)
    try:
        yield
    finally:
        if installed and _in_main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Delay SIGINT and SIGTERM until the block has ended (threads other than the main one never get them)."""
    if not _in_main_thread():
        yield
        return
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)
