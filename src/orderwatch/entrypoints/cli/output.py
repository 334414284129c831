"""What every command says: results on standard output, messages and progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from orderwatch.core.errors import OrderwatchError

messages = Console(stderr=True, highlight=False)
"""For people: progress, remarks, complaints."""

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on one line.")]


def say_json(document: Any) -> None:
    """The machine's answer: one line, last on standard output."""
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    sys.stdout.flush()


def say_table(columns: Iterable[str], rows: Iterable[Iterable[object]], empty: str) -> None:
    """The reader's answer: a plain table, or the sentence for when there is nothing."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    filled = False
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
        filled = True
    Console(highlight=False).print(table if filled else empty)


@contextmanager
def complaints() -> Iterator[None]:
    """Turn a failure that says what to do into its message and exit code 1."""
    try:
        yield
    except OrderwatchError as error:
        messages.print(
            f"[red]{type(error).__doc__}[/red]" if not str(error) else f"[red]{error}[/red]"
        )
        raise typer.Exit(1) from error
