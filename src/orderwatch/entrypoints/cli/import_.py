"""`orderwatch import`: tables (CSV, JSON lines, XML) to events, by a mapping file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec
import typer
from msgspec import Struct, structs
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from orderwatch.core.mapping.apply import Import
from orderwatch.core.mapping.parse import parse_mapping
from orderwatch.core.mapping.rows import LONGEST_LINE, RowProblem, TableFile
from orderwatch.core.mapping.rules import MappingRules
from orderwatch.core.mapping.tables import assign_files

_MOST_TOLD: Final = 100
_LOT: Final = 500


class Summary(Struct, kw_only=True):
    """What an import did; `problems` are the first hundred of `rejected`."""

    mapping: str
    rows: int = 0
    events: int = 0
    repeated: int = 0
    rejected: int = 0
    systems: dict[str, int] = {}
    output: str | None = None
    problems: list[RowProblem] = []


def import_tables(
    files: Annotated[
        list[str],
        typer.Argument(help="The tables' files; TABLE=FILE where the name is not enough."),
    ],
    mapping: Annotated[
        Path, typer.Option("--mapping", exists=True, dir_okay=False, help="The mapping, YAML.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where the events go; else to stdout.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With -o: the summary as one JSON document.")
    ] = False,
) -> None:
    """Turn tables into order events (NDJSON CloudEvents), by a mapping file."""
    if as_json and output is None:
        raise typer.BadParameter("needs -o: the events themselves go to standard output")
    rules = _rules(mapping)
    tables = _files_by_table(rules, files)
    summary = Summary(mapping=rules.name, output=str(output) if output else None)
    with _progress() as progress, _writer(output) as target:
        _run(rules, tables, _Run(summary, progress, target))
    _tell(summary)
    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
    if summary.rejected:
        raise typer.Exit(1)


class _Run(Struct):
    """Where one import reports and writes to."""

    summary: Summary
    progress: Progress
    target: BinaryIO


def _run(rules: MappingRules, paths: dict[str, list[Path]], run: _Run) -> None:
    task = run.progress.add_task("importing", total=None, events=0)
    files = {
        table: [TableFile(str(path), partial(_pieces, path, run.progress, task)) for path in found]
        for table, found in paths.items()
    }
    work = Import(rules, files)
    passes = work.passes()
    total = sum(
        path.stat().st_size * passes[table] for table, found in paths.items() for path in found
    )
    run.progress.update(task, total=total)
    lot: list[msgspec.Raw | bytes] = []
    for item in work.events():
        if isinstance(item, RowProblem):
            _reject(run, item)
            continue
        system = item.data.system
        run.summary.systems[system] = run.summary.systems.get(system, 0) + 1
        run.summary.events += 1
        lot.append(msgspec.json.encode(item))
        if len(lot) >= _LOT:
            run.target.write(b"\n".join(lot) + b"\n")
            run.progress.update(task, events=run.summary.events)
            lot.clear()
    if lot:
        run.target.write(b"\n".join(lot) + b"\n")
    run.progress.update(task, events=run.summary.events)
    run.summary.rows, run.summary.repeated = work.rows, work.repeated


def _reject(run: _Run, problem: RowProblem) -> None:
    """Tells the first hundred problems and counts them all."""
    run.summary.rejected += 1
    if run.summary.rejected > _MOST_TOLD:
        return
    run.summary.problems.append(problem)
    place = f"{problem.file}:{problem.line}:" if problem.line else f"{problem.file}:"
    field = f" {problem.field}:" if problem.field else ""
    run.progress.console.print(
        f"{place}{field} {problem.message}", markup=False, highlight=False, soft_wrap=True
    )


def _rules(file: Path) -> MappingRules:
    """The mapping; ends the program with every mistake in it."""
    try:
        read = parse_mapping(file.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        typer.echo(f"{file}: not UTF-8: save the file as UTF-8", err=True)
        raise typer.Exit(1) from None
    if isinstance(read, MappingRules):
        return read
    for problem in read:
        field = f" {problem.field}:" if problem.field else ""
        typer.echo(f"{file}:{problem.line}:{problem.column}:{field} {problem.message}", err=True)
    raise typer.Exit(1)


def _files_by_table(rules: MappingRules, names: Iterable[str]) -> dict[str, list[Path]]:
    """The files of each table; ends the program if that cannot be decided."""
    chosen = assign_files(rules, names)
    if isinstance(chosen, tuple):
        raise typer.BadParameter("; ".join(chosen))
    tables: dict[str, list[Path]] = {table: [] for table in rules.tables}
    for name, table in chosen.items():
        path = Path(name)
        if not path.is_file() or not os.access(path, os.R_OK):
            raise typer.BadParameter(f"{name} is not a file that can be read")
        tables[table].append(path)
    return tables


def _pieces(path: Path, progress: Progress, task: TaskID) -> Iterator[bytes]:
    """The file in lines, or pieces of lines that are far too long."""
    unseen = 0
    with path.open("rb") as file:
        for piece in iter(partial(file.readline, LONGEST_LINE), b""):
            unseen += len(piece)
            if unseen > LONGEST_LINE // 8:
                progress.advance(task, unseen)
                unseen = 0
            yield piece
    progress.advance(task, unseen)


@contextmanager
def _writer(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or the file, which is there under its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    special = output.exists() and not output.is_file()
    part = output if special else output.with_name(f".{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        if not special:
            part.replace(output)
    finally:
        if not special:
            part.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[events]} events"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress


def _tell(summary: Summary) -> None:
    more = summary.rejected - len(summary.problems)
    if more:
        typer.echo(f"and {more} more", err=True)
    counts = {
        name: count for name, count in structs.asdict(summary).items() if isinstance(count, int)
    }
    typer.echo(", ".join(f"{count} {name}" for name, count in counts.items()), err=True)
