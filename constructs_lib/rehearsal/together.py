"""Many clients on one event loop, none of whom outlives the moment everybody is called off."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


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
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
