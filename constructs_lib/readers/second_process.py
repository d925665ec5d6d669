"""Many texts parsed in a second process while this one reads on. What comes back is what ``parse`` gives here, errors too.

The second process is a plain interpreter with this one's import path, never a fork and never a second run of the caller's program.
Where it cannot be started, or ends early, this process parses everything itself.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections import deque
from queue import SimpleQueue
from threading import Condition, Thread
from typing import IO, TYPE_CHECKING, Any

from constructs_lib.readers.cloudformation.document import Outcome, Parsed, outcome
from constructs_lib.readers.reading import UnreadableError

if TYPE_CHECKING:
    import subprocess

#: Fewer texts than this take less time than starting a process.
WORTH_A_PROCESS = 40
_BATCH = 8
_AHEAD = 2
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from constructs_lib.readers.second_process import serve; serve()"


class SecondProcess:
    """Takes texts; ``outcomes`` gives their parsed values in the order in which they were added."""

    def __init__(self) -> None:
        self._texts: list[bytes] = []
        self._outcomes: dict[int, Outcome] = {}
        self._waiting: deque[int] = deque()
        self._changed = Condition()
        self._complete = False
        self._feeder: Thread | None = None

    def add(self, data: bytes) -> int:
        """Take a text; the number is its place among the outcomes."""
        with self._changed:
            self._texts.append(data)
            self._waiting.append(len(self._texts) - 1)
            self._changed.notify()
        if len(self._texts) == WORTH_A_PROCESS and sys.executable and (os.cpu_count() or 1) > 1:
            self._feeder = Thread(target=self._feed, daemon=True)
            self._feeder.start()
        return len(self._texts) - 1

    def outcomes(self) -> list[Outcome]:
        """Everything parsed; this process takes the last texts while the other one takes the first."""
        with self._changed:
            self._complete = True
            self._changed.notify()
        self._parse_here()
        if self._feeder is not None:
            self._feeder.join()
            self._parse_here()  # what the other process gave back
        return [self._outcomes[number] for number in range(len(self._texts))]

    def _parse_here(self) -> None:
        while (taken := self._take(1, last=True)) is not None:
            self._outcomes[taken[0]] = outcome(self._texts[taken[0]])

    def _take(self, most: int, *, last: bool = False) -> list[int] | None:
        """Numbers of texts nobody has parsed; ``None`` when there are none left."""
        with self._changed:
            while not self._waiting:
                if self._complete:
                    return None
                self._changed.wait()
            count = min(most, len(self._waiting))
            return [self._waiting.pop() if last else self._waiting.popleft() for _ in range(count)]

    def _feed(self) -> None:
        """Keep the other process busy: it has one batch in hand and one more in its pipe."""
        sent: deque[list[int]] = deque()
        try:
            with _started() as process:
                while (batch := self._take(_BATCH)) is not None:
                    sent.append(batch)
                    _send(process.stdin, [self._texts[number] for number in batch])
                    if len(sent) == _AHEAD:
                        self._receive(process.stdout, sent)
                while sent:
                    self._receive(process.stdout, sent)
        except (OSError, EOFError):
            with self._changed:
                self._waiting.extend(number for batch in sent for number in batch)

    def _receive(self, source: IO[bytes] | None, sent: deque[list[int]]) -> None:
        for number, answer in zip(sent[0], _received(source), strict=True):
            self._outcomes[number] = Parsed(*answer[1:]) if answer[0] else UnreadableError(*answer[1:])
        sent.popleft()


def _started() -> subprocess.Popen[bytes]:
    import subprocess  # noqa: PLC0415 - only many texts need it

    # It hears nothing of the environment: where bytecode goes is said again.
    cache = ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
    options = ["-I", "-S", *(["-B"] if sys.dont_write_bytecode else []), *cache]
    command = [sys.executable, *options, "-c", _PROGRAM, *sys.path]
    return subprocess.Popen(  # noqa: S603 - this interpreter, with a program written above
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _send(target: IO[bytes] | None, message: list[Any]) -> None:
    if target is not None:
        data = marshal.dumps(message)
        target.write(len(data).to_bytes(8, "big") + data)
        target.flush()


def _received(source: IO[bytes] | None) -> Any:
    """The next message. Raises ``EOFError`` at the end of the stream."""
    head = source.read(8) if source is not None else b""
    size = int.from_bytes(head, "big")
    data = source.read(size) if source is not None and len(head) == 8 else b""
    if not data or len(data) < size:
        raise EOFError
    return marshal.loads(data)  # noqa: S302 - written by the process at the other end of a private pipe


def serve() -> None:
    """The second process: texts on standard input, what they parse to on standard output, until the input ends."""
    waiting: SimpleQueue[list[bytes] | None] = SimpleQueue()
    Thread(target=_drain, args=(waiting,), daemon=True).start()
    while (texts := waiting.get()) is not None:
        _send(sys.stdout.buffer, [_answer(outcome(text)) for text in texts])


def _drain(waiting: SimpleQueue[list[bytes] | None]) -> None:
    """Read at once what is sent: two processes that both write and do not read would wait for each other."""
    try:
        while True:
            waiting.put(_received(sys.stdin.buffer))
    except EOFError:
        waiting.put(None)


def _answer(found: Outcome) -> tuple[Any, ...]:
    if isinstance(found, UnreadableError):
        return False, found.reason, found.line
    return True, found.value, found.lines, found.duplicates
