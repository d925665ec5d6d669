"""How the demo talks: steps, what is going on, tables, and promises kept or broken."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from demo.ledger import Ledger, Promise

_LOG_WIDTH = 120


def _console() -> Console:
    """Rich's own idea of a terminal; a log file is as wide as a wide terminal."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=_LOG_WIDTH)


@dataclass
class Stage:
    """The console, and the ledger that every promise goes into."""

    console: Console = field(default_factory=_console)
    ledger: Ledger = field(default_factory=Ledger)
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each step took, by its letter."""

    _step: str = ""

    @contextmanager
    def step(self, letter: str, title: str) -> Iterator[None]:
        """One step of the demo; its time is printed when it ends."""
        self._step = letter
        self.console.print(f"\n[bold cyan]{letter}[/]  [bold]{escape(title)}[/]")
        started = time.monotonic()
        yield
        self.seconds[letter] = time.monotonic() - started
        self.console.print(f"   [dim]{self.seconds[letter]:.1f} s[/]")

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Something that takes a while: a spinner at a terminal, a line elsewhere."""
        if not self.console.is_terminal:
            self.say(f"{what} …")
            yield
            return
        with self.console.status(f"{escape(what)} …", spinner="dots"):
            yield

    def say(self, text: str) -> None:
        """A line of plain explanation."""
        self.console.print(f"   {escape(text)}")

    def quote(self, text: str, *, style: str = "dim") -> None:
        """Somebody else's words, line by line behind a bar."""
        for line in text.splitlines():
            self.console.print(f"   [{style}]│[/] {escape(line)}")

    def promise(self, text: str, kept: bool, evidence: str) -> None:
        """Record a promise and show it with its evidence."""
        promise = self.ledger.record(Promise(self._step, text, kept, evidence))
        mark = "[green]✓[/]" if promise.kept else "[bold red]✗[/]"
        self.console.print(f"   {mark} {escape(text)}: {escape(evidence)}")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table: columns of figures to the right, all others to the left."""
        table = Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1), show_edge=False, pad_edge=False)
        for number, column in enumerate(columns):
            figures = all(_is_figure(row[number]) for row in rows)
            table.add_column(column, justify="right" if figures and number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self.console.print(Padding(table, (0, 0, 1, 3)), soft_wrap=False)

    def figures(self, title: str, rows: Sequence[tuple[str, str, str] | list[str]]) -> None:
        """A sum: sign, figure and words of each line below each other."""
        self.console.print(f"   [bold]{escape(title)}[/]")
        table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
        for justify in ("right", "right", "left"):
            table.add_column(justify=justify)
        for sign, figure, words in rows:
            style = "bold" if sign == "=" else ""
            table.add_row(sign, figure, escape(words), style=style)
        self.console.print(Padding(table, (0, 0, 0, 3)), soft_wrap=False)


def _is_figure(text: str) -> bool:
    return bool(text) and (text[0].isdigit() or text == "none")
