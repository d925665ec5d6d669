"""Many clients on one event loop, none of whom outlives the moment everybody is called off."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")
_ASKED_AGAIN_SECONDS = 0.2


async def together(clients: Iterable[Coroutine[Any, Any, T]], seconds: float) -> list[T]:
    """Run all of them at once and return their results in order.

    Raises asyncio.TimeoutError after `seconds`, and the first client's exception if one failed; whoever is still at work
    then, or when the caller is cancelled, is cancelled and waited for.
    """
    tasks = [asyncio.ensure_future(client) for client in clients]
    if not tasks:
        return []
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        failed = [task for task in tasks if task not in late and task.exception() is not None]
        if late and not failed:
            raise asyncio.TimeoutError
        return [task.result() for task in failed or tasks]
    finally:
        await _call_off(tasks)


async def _call_off(tasks: list[asyncio.Task[T]]) -> None:
    """Cancel until everybody is gone: before Python 3.12 ``asyncio.wait_for`` may take a cancellation for its result and go on."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_ASKED_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
