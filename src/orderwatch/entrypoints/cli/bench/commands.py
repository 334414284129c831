"""`orderwatch bench`: one command per figure, each beside its limit."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from orderwatch.entrypoints.cli.bench.alerts import AlertSizes, bench_alerts, show
from orderwatch.entrypoints.cli.bench.detect import MOST_SAMPLES, DetectSizes, bench_detect
from orderwatch.entrypoints.cli.bench.ground import Ground
from orderwatch.entrypoints.cli.bench.ingest import Sizes, bench_ingest
from orderwatch.entrypoints.cli.bench.query import QuerySizes, bench_query
from orderwatch.entrypoints.cli.bench.rebuild import RebuildSizes, bench_rebuild
from orderwatch.entrypoints.cli.bench.report import report
from orderwatch.entrypoints.cli.bench.single import SingleSizes, bench_single
from orderwatch.entrypoints.cli.bench.start import bench_start
from orderwatch.entrypoints.cli.output import JsonOption, complaints, messages

bench_app = typer.Typer(
    help="Measures the product beside its limits on this machine, both in one run.",
    no_args_is_help=True,
)

RoundsOption = Annotated[int, typer.Option(min=1, help="Rounds; the median counts.")]
ServeOption = Annotated[
    str, typer.Option("--serve", help="Further words for `orderwatch serve`, e.g. --processes 2.")
]


PerDayOption = Annotated[float, typer.Option(min=1, help="Orders a day of the simulated company.")]


@bench_app.command("ingest")
def ingest(  # noqa: PLR0913, PLR0917 - each is an option
    single: Annotated[bool, typer.Option("--single", help="One event per POST.")] = False,
    events: Annotated[
        int | None,
        typer.Option(min=100, help="Events per round.  [default: 100000; single: 20000]"),
    ] = None,
    rounds: RoundsOption = 3,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Events per request.")] = 500,
    connections: Annotated[
        int | None, typer.Option(min=1, max=1000, help="At once.  [default: 8; single: 64]")
    ] = None,
    per_day: PerDayOption = 20_000,
    serve: ServeOption = "",
    as_json: JsonOption = False,
) -> None:
    """From HTTP to durable, folded state, beside COPY of the same events, or an empty POST."""
    with complaints(), Ground() as ground:
        if single:
            few = SingleSizes(events or 20_000, rounds, connections or 64, per_day, serve.split())
            result = bench_single(ground, few)
        else:
            many = Sizes(events or 100_000, rounds, batch, connections or 8, per_day, serve.split())
            result = bench_ingest(ground, many)
        report(result, ground.postgresql, as_json=as_json)


@bench_app.command("rebuild")
def rebuild(
    events: Annotated[int, typer.Option(min=100, help="Events to fold again.")] = 200_000,
    rounds: RoundsOption = 3,
    per_day: PerDayOption = 20_000,
    as_json: JsonOption = False,
) -> None:
    """All state folded again from the events, beside reading those events once."""
    with complaints(), Ground() as ground:
        result = bench_rebuild(ground, RebuildSizes(events, rounds, per_day))
        report(result, ground.postgresql, as_json=as_json)


@bench_app.command("detect")
def detect(
    samples: Annotated[
        int, typer.Option(min=1, max=MOST_SAMPLES, help="Failures, and deadlines, of a round.")
    ] = MOST_SAMPLES,
    rounds: RoundsOption = 3,
    as_json: JsonOption = False,
) -> None:
    """From a cause to the received notice, beside Prometheus with Alertmanager."""
    with complaints(), Ground() as ground:
        result = bench_detect(ground, DetectSizes(samples, rounds))
        report(result, ground.postgresql, as_json=as_json)


@bench_app.command("alerts")
def alerts(
    orders: Annotated[int, typer.Option(min=100, help="Orders of the simulated day.")] = 3000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same day.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """What the default rules raise of a day with faults of every kind, beside the truth."""
    with complaints():
        result, found = bench_alerts(AlertSizes(orders, seed))
        show(found, messages if as_json else Console(highlight=False))
        report(result, "", as_json=as_json)


@bench_app.command("start")
def start(rounds: RoundsOption = 3, as_json: JsonOption = False) -> None:
    """From `demo` to the first live order, beside a bare start of the database server."""
    with complaints(), Ground() as ground:
        report(bench_start(rounds), ground.postgresql, as_json=as_json)


@bench_app.command("query")
def query(  # noqa: PLR0913, PLR0917 - each is an option
    orders: Annotated[int, typer.Option(min=100, help="Orders of the large ledger.")] = 250_000,
    full: Annotated[
        bool, typer.Option("--full", help="2.5 million orders: 10 minutes and 20 GB of disk.")
    ] = False,
    small: Annotated[int, typer.Option(min=100, help="Orders of the small ledger.")] = 100_000,
    base: Annotated[int, typer.Option(min=100, help="Orders folded for real.")] = 10_000,
    rounds: RoundsOption = 3,
    calls: Annotated[int, typer.Option(min=1, help="How often each call is made a round.")] = 40,
    as_json: JsonOption = False,
) -> None:
    """Every call and page on a large ledger while events come in, beside a small ledger."""
    wanted = 2_500_000 if full else orders
    with complaints(), Ground() as ground:
        sizes = QuerySizes(wanted, 4 * wanted, small, base, rounds, calls, live_rate=200)
        report(bench_query(ground, sizes), ground.postgresql, as_json=as_json)
