"""Servers must not outlive the program that started them, however it ends.

SIGINT already unwinds a Python program; SIGTERM and the SIGHUP of a closed terminal do not, so while servers run they are
turned into SystemExit. While a server is being stopped all of them are held back until the stop is complete.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def _raise_exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def exit_on_termination() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit; what the program handles or ignores on purpose is left alone. Nests."""
    installed = [number for number in _ENDING if _in_main_thread() and signal.getsignal(number) is signal.SIG_DFL]
    for number in installed:
        signal.signal(number, _raise_exit)
    try:
        yield
    finally:
        for number in installed:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Delay SIGINT, SIGTERM and SIGHUP until the block has ended (threads other than the main one never get them)."""
    if not _in_main_thread():
        yield
        return
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, *_ENDING})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)
