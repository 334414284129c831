"""`orderwatch bench`: one command per figure, each beside its limit."""

from __future__ import annotations

from typing import Annotated

import typer

from orderwatch.entrypoints.cli.bench.ground import Ground
from orderwatch.entrypoints.cli.bench.ingest import Sizes, bench_ingest
from orderwatch.entrypoints.cli.bench.report import report
from orderwatch.entrypoints.cli.output import JsonOption, complaints

bench_app = typer.Typer(
    help="Measures the product beside its limits on this machine, both in one run.",
    no_args_is_help=True,
)

RoundsOption = Annotated[int, typer.Option(min=1, help="Rounds; the median counts.")]
ServeOption = Annotated[
    str, typer.Option("--serve", help="Further words for `orderwatch serve`, e.g. --processes 2.")
]


@bench_app.command("ingest")
def ingest(
    events: Annotated[int, typer.Option(min=100, help="Events per round.")] = 100_000,
    rounds: RoundsOption = 3,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Events per request.")] = 500,
    connections: Annotated[int, typer.Option(min=1, max=1000)] = 8,
    per_day: Annotated[
        float, typer.Option(min=1, help="Orders a day of the simulated company.")
    ] = 20_000,
    serve: ServeOption = "",
    as_json: JsonOption = False,
) -> None:
    """From HTTP to durable, folded state, beside COPY of the same events."""
    with complaints(), Ground() as ground:
        sizes = Sizes(events, rounds, batch, connections, per_day, serve.split())
        report(bench_ingest(ground, sizes), ground.postgresql, as_json=as_json)
