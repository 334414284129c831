"""`orderwatch simulate`: a believable day of orders as a file of events, with faults."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timezone
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec
import typer
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from orderwatch.core.simulation.faults import FaultPlan
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O
from orderwatch.core.simulation.plan import Plan
from orderwatch.core.simulation.read_faults import read_faults
from orderwatch.core.simulation.simulate import SimulatedMessage
from orderwatch.core.simulation.simulate import simulate as messages_of
from orderwatch.core.simulation.truth import Truth

FIRST_DAY: Final = "2026-01-05"
"""A Monday. Fixed, so that the same seed gives the same file on any day."""
_CHUNK: Final = 1000

Target = Annotated[
    Path | None, typer.Option("-o", "--output", help="Where the events go; - is stdout.")
]


def simulate(  # noqa: PLR0913, PLR0917 - a command has as many options as it needs
    orders: Annotated[int, typer.Option(min=1, help="How many orders are placed.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same messages.")] = 1,
    faults: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A fault plan, YAML.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Where to write what was done to which order.")
    ] = None,
    output: Target = None,
    start: Annotated[
        str, typer.Option(help="When it begins: a date or time; local time if without offset.")
    ] = FIRST_DAY,
    rate: Annotated[
        float | None,
        typer.Option(help="Orders a minute, evenly. Without it they fill one day, with peaks."),
    ] = None,
    pace: Annotated[float, typer.Option(min=0.01, help="Divides the orders' durations.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Counts as one JSON line.")] = False,
) -> None:
    """Write the messages of simulated orders, one CloudEvent a line, in the order of sending."""
    if rate is not None and rate <= 0:
        raise typer.BadParameter("must be more than 0 orders a minute", param_hint="--rate")
    plan = replace(LOTUS_O2O, orders=orders, per_day=float(orders), per_minute=rate, pace=pace)
    begin = _start(start, plan)
    rules = _faults(faults, plan)
    counts = Counter({"orders": 0, "messages": 0})
    with ExitStack() as files:
        out = _open(output, files)
        notes = None if truth is None else _open(truth, files)
        noted = _Notes(notes, counts)
        with _progress() as progress:
            task = progress.add_task("simulating", total=orders)
            for chunk in _chunks(messages_of(plan, seed, begin, rules, noted.note)):
                out.write(b"".join([message.body + b"\n" for message in chunk]))
                counts["messages"] += len(chunk)
                progress.update(task, completed=counts["orders"])
        out.flush()
    _report(counts, noted.faults, as_json=as_json, to_stderr=_is_stdout(output))


class _Notes:
    """Writes each order's truth as it becomes known, and counts."""

    def __init__(self, out: BinaryIO | None, counts: Counter[str]) -> None:
        self._out, self._counts = out, counts
        self._encode = msgspec.json.Encoder().encode
        self.faults: Counter[str] = Counter()

    def note(self, truth: Truth) -> None:
        """One more order."""
        self._counts["orders"] += 1
        self.faults.update({fault.kind for fault in truth.faults})
        if self._out is not None:
            self._out.write(self._encode(truth) + b"\n")


def _chunks(messages: Iterator[SimulatedMessage]) -> Iterator[list[SimulatedMessage]]:
    chunk: list[SimulatedMessage] = []
    for message in messages:
        chunk.append(message)
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _start(text: str, plan: Plan) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text} is not a time: write 2026-01-05 or 2026-01-05T08:00:00+07:00",
            param_hint="--start",
        ) from None
    if start.tzinfo is None:
        start = start.replace(tzinfo=timezone(plan.utc_offset))
    return start.astimezone(UTC)


def _faults(file: Path | None, plan: Plan) -> FaultPlan:
    """The rules of a fault plan; every problem with its line, and exit 1."""
    if file is None:
        return ()
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} is not UTF-8", param_hint="--faults") from None
    rules, problems = read_faults(text, plan)
    for problem in problems:
        field = f" {problem.field}:" if problem.field else ""
        typer.echo(f"{file}:{problem.line}:{problem.column}:{field} {problem.message}", err=True)
    if problems:
        raise typer.Exit(1)
    return rules


def _is_stdout(path: Path | None) -> bool:
    return path is None or str(path) == "-"


def _open(path: Path | None, files: ExitStack) -> BinaryIO:
    if path is None or str(path) == "-":
        return sys.stdout.buffer
    try:
        return files.enter_context(path.open("wb"))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}") from None


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("orders"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _report(counts: Counter[str], faults: Counter[str], *, as_json: bool, to_stderr: bool) -> None:
    """The counts; beside the events if those went to standard output."""
    if as_json:
        document = {**counts, "faults": dict(sorted(faults.items()))}
        typer.echo(msgspec.json.encode(document).decode(), err=to_stderr)
        return
    said = ", ".join(f"{count:,} {kind}" for kind, count in sorted(faults.items()))
    typer.echo(f"{counts['orders']:,} orders, {counts['messages']:,} messages", err=True)
    if said:
        typer.echo(f"orders with faults: {said}", err=True)
