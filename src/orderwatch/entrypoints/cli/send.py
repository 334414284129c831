"""`orderwatch send`: files of events, one CloudEvent a line, carried to a server."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from orderwatch.adapters.http.event_door import EventDoor, Seconds, events_url
from orderwatch.app.deliver import NotDelivered, Patience, Rejected, TurnedAway
from orderwatch.app.parcels import Line, Parcel
from orderwatch.app.send_events import Dispatch, Road, Tally, send_events

LONGEST_LINE: Final = 16 * 1024 * 1024
"""A longer line is no event; it travels cut off, for the server to reject."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def send(  # noqa: PLR0913, PLR0917 - a command has as many options as it needs
    files: Annotated[list[str], typer.Argument(help="NDJSON files of CloudEvents; - is stdin.")],
    url: Annotated[
        str, typer.Option(envvar="ORDERWATCH_URL", help="The server.")
    ] = "http://127.0.0.1:8080",
    key: Annotated[
        str | None, typer.Option(envvar="ORDERWATCH_KEY", help="The source key.")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(envvar="ORDERWATCH_KEY_FILE", help="A file that holds the key."),
    ] = None,
    rate: Annotated[str, typer.Option(help="Events a second, or max.")] = "max",
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Events a request.")] = 500,
    connections: Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")] = 4,
    retry_for: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a busy or absent server.")
    ] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="Counts as one JSON line.")] = False,
) -> None:
    """Send events to a server and count what became of them; 1 if any was rejected."""
    dispatch = Dispatch(batch=batch, connections=connections, rate=_rate(rate))
    trip = _Trip(_address(url), _key(key, key_file), dispatch, retry_for)
    _check_files(files)
    tally = Tally()
    begun = time.monotonic()
    with _progress() as progress:
        task = progress.add_task("sending", total=_total_bytes(files))

        def advance(parcel: Parcel) -> None:
            progress.advance(task, sum(line.size for line in parcel.lines))

        problem = asyncio.run(_carry(files, trip, tally, advance))
    _report(tally, time.monotonic() - begun, problem, as_json=as_json)
    if problem or tally.rejected:
        raise typer.Exit(1)


class _Trip(msgspec.Struct, frozen=True):
    """Where to, on whose behalf, how, and with how much patience (seconds)."""

    address: str
    key: str | None
    dispatch: Dispatch
    retry_for: float


async def _carry(
    files: Sequence[str], trip: _Trip, tally: Tally, advance: Callable[[Parcel], object]
) -> str | None:
    """Sends everything; what stopped it, if something did."""
    async with EventDoor(trip.address, trip.key, trip.dispatch.connections) as door:
        road = Road(door, Seconds(), Patience(trip.retry_for, random.random))
        try:
            await send_events(_lines(files), road, trip.dispatch, tally, advance)
        except (NotDelivered, TurnedAway) as error:
            return str(error)
        except OSError as error:
            return f"{error.filename or 'a file'} cannot be read: {error.strerror}"
    return None


def _lines(files: Sequence[str]) -> Iterator[Line]:
    """Every line with its place; blank ones are none. One file is open at a time."""
    for name in files:
        with ExitStack() as open_files:
            stream: BinaryIO = sys.stdin.buffer
            if name != "-":
                stream = open_files.enter_context(Path(name).open("rb"))
            for number, text in enumerate(_texts(stream), 1):
                event = text.strip()
                if number == 1:
                    event = event.removeprefix(BYTE_ORDER_MARK)
                if event:
                    yield Line(f"{'stdin' if name == '-' else name}:{number}", event, len(text))


def _texts(stream: BinaryIO) -> Iterator[bytes]:
    while text := stream.readline(LONGEST_LINE):
        if len(text) == LONGEST_LINE and not text.endswith(b"\n"):
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
        yield text


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise typer.BadParameter("write a number of events a second, or max", param_hint="--rate")
    return rate


def _address(url: str) -> str:
    try:
        return events_url(url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None


def _key(key: str | None, file: Path | None) -> str | None:
    if key is not None or file is None:
        secret = key
    else:
        try:
            secret = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"{file}: {error}", param_hint="--key-file") from None
    if secret and not (secret.isascii() and secret.isprintable()):
        raise typer.BadParameter("a key is plain ASCII on one line", param_hint="--key")
    return secret or None


def _check_files(files: Sequence[str]) -> None:
    for name in files:
        if name != "-" and not Path(name).exists():
            raise typer.BadParameter(f"{name} does not exist", param_hint="FILE")
        if name != "-" and Path(name).is_dir():
            raise typer.BadParameter(f"{name} is a folder", param_hint="FILE")


def _total_bytes(files: Sequence[str]) -> int | None:
    """How much there is to read; None for a pipe, of which nobody knows."""
    if not all(name != "-" and Path(name).is_file() for name in files):
        return None
    return sum(Path(name).stat().st_size for name in files)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _report(tally: Tally, seconds: float, problem: str | None, *, as_json: bool) -> None:
    for rejection in tally.rejections:
        typer.echo(f"rejected {_rejection(rejection)}", err=True)
    more = tally.rejected - len(tally.rejections)
    if more > 0:
        typer.echo(f"and {more:,} more were rejected", err=True)
    if problem:
        typer.echo(f"stopped: {problem}", err=True)
    if as_json:
        typer.echo(msgspec.json.encode(_document(tally, seconds, problem)).decode())
        return
    for name, count in _counts(tally).items():
        typer.echo(f"{name:<10}{count:>12,}")
    typer.echo(
        f"{tally.sent:,} events in {seconds:.1f} s ({tally.sent / seconds:,.0f}/s)", err=True
    )


def _rejection(rejection: Rejected) -> str:
    errors = "; ".join(
        f"{error.field}: {error.message}" if error.field else error.message
        for error in rejection.errors
    )
    return f"{rejection.where}: {f'{rejection.id}: ' if rejection.id else ''}{errors}"


def _counts(tally: Tally) -> dict[str, int]:
    return {
        "accepted": tally.accepted,
        "duplicate": tally.duplicates,
        "parked": tally.parked,
        "rejected": tally.rejected,
    }


def _document(tally: Tally, seconds: float, problem: str | None) -> dict[str, object]:
    return {
        **_counts(tally),
        # The same count under the name it has in the API.
        "duplicates": tally.duplicates,
        "sent": tally.sent,
        "retries": tally.retries,
        "seconds": round(seconds, 3),
        "rejections": tally.rejections,
        "problem": problem,
    }
