"""Real orders through the example mappings, event by event beside an independent reading."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.oracle import ocel, olist
from typer import Typer
from typer.testing import CliRunner

from orderwatch.core.model import Event
from orderwatch.entrypoints.cli.import_ import import_tables

EXAMPLES = Path(__file__).parents[3] / "examples"
TABLES = ("orders.csv", "order_items.csv", "order_payments.csv")

app = Typer()
app.command("import")(import_tables)


def imported(mapping: str, output: Path, *files: Path) -> tuple[dict[str, Any], list[Event]]:
    """The command's summary and the events it wrote."""
    words = ["--mapping", str(EXAMPLES / mapping / "mapping.yaml"), "-o", str(output), "--json"]
    result = CliRunner().invoke(app, [*words, *map(str, files)])
    assert result.exit_code == 0, result.output
    with output.open("rb") as lines:
        events = [msgspec.json.decode(line, type=Event) for line in lines]
    return json.loads(result.stdout), events


def as_said(event: Event) -> olist.Said:
    data = event.data
    assert isinstance(event.sequence, str)
    return olist.Said(
        order_id=event.order_id,
        system=data.system,
        status=data.status,
        time=event.time,
        rank=int(event.sequence),
        amount=data.amount.decimal if data.amount else None,
        due_at=data.due_at,
        fulfilment=data.fulfilment,
        delivery=data.delivery,
        reason=data.reason.code if data.reason else None,
    )


@pytest.fixture(scope="module")
def olist_folder(real_data: Path) -> Path:
    return real_data / "olist"


@pytest.fixture(scope="module")
def olist_events(
    olist_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[Event]]:
    output = tmp_path_factory.mktemp("olist") / "events.ndjson"
    return imported("olist", output, *(olist_folder / name for name in TABLES))


def test_every_row_of_the_shop_becomes_exactly_the_events_it_means(
    olist_folder: Path, olist_events: tuple[dict[str, Any], list[Event]]
) -> None:
    summary, events = olist_events
    expected = olist.read_orders(olist_folder)
    assert summary["rows"] == len(expected)
    assert (summary["rejected"], summary["repeated"]) == (0, 0)
    said = Counter(as_said(event) for event in events)
    meant = Counter(one for order in expected.values() for one in order.said)
    assert said == meant
    assert summary["events"] == meant.total()


def test_an_event_of_the_shop_is_named_for_its_row(
    olist_events: tuple[dict[str, Any], list[Event]],
) -> None:
    _, events = olist_events
    assert len({event.id for event in events}) == len(events)
    assert {event.source for event in events} == {"/olist"}
    assert all(event.id.partition("/")[2] == event.order_id for event in events)
    amounts = [event.data.amount for event in events if event.data.amount]
    assert {amount.currency for amount in amounts} == {"BRL"}
    kinds = {event.data.status: event.data.amount.kind for event in events if event.data.amount}
    assert kinds == {"PENDING": "order_total", "CAPTURED": "captured"}


def test_the_shops_dirt_is_told_as_deviations_not_dropped(olist_folder: Path) -> None:
    """The dirty cases the data's README names are there, so the other tests are about them too."""
    orders = olist.read_orders(olist_folder).values()
    odd = Counter((oddity.kind, oddity.system) for order in orders for oddity in order.oddities)
    assert odd["regression", olist.OMS] > 0
    assert odd["skipped_step", olist.OMS] > 0
    assert odd["regression", "loginext"] > 0
    assert odd["unexpected_transition", olist.OMS] > 0
    assert any(order.amount is None and order.class_ == "failed" for order in orders)
    assert any(
        order.amount and order.captured and order.amount != order.captured for order in orders
    )


def test_importing_again_gives_the_same_events(
    olist_folder: Path, olist_events: tuple[dict[str, Any], list[Event]], tmp_path: Path
) -> None:
    files = [olist_folder / name for name in reversed(TABLES)]
    assert imported("olist", tmp_path / "again.ndjson", *files)[1] == olist_events[1]


@pytest.fixture(scope="module")
def ocel_log(real_data: Path) -> Path:
    return real_data / "ocel_order_simulated.csv"


@pytest.fixture(scope="module")
def ocel_events(ocel_log: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return imported("ocel", tmp_path_factory.mktemp("ocel") / "events.ndjson", ocel_log)[1]


def test_every_activity_of_the_log_reaches_every_order_it_is_about(
    ocel_log: Path, ocel_events: list[Event]
) -> None:
    said: dict[str, Counter[ocel.Saying]] = defaultdict(Counter)
    for event in ocel_events:
        data = event.data
        details = data.details if isinstance(data.details, dict) else {}
        about = details.get("item") or details.get("package")
        amount = data.amount.decimal if data.amount else None
        said[event.order_id][ocel.Saying(data.system, data.status, event.time, amount, about)] += 1
    expected = ocel.read_orders(ocel_log)
    assert len(expected) == 2000
    assert said.keys() == expected.keys()
    for order_id, order in expected.items():
        assert said[order_id] == Counter(order.sayings), order_id


def test_an_order_in_several_packages_is_complete_with_the_last(
    ocel_log: Path, ocel_events: list[Event]
) -> None:
    completed = {
        event.order_id: event.time for event in ocel_events if event.data.status == "COMPLETE"
    }
    split = [order for order in ocel.read_orders(ocel_log).values() if len(order.packages) > 1]
    assert split
    assert all(completed.get(order.order_id) == order.completed_at for order in split)


def test_the_logs_amounts_are_exact(ocel_log: Path, ocel_events: list[Event]) -> None:
    captured: dict[str, Decimal] = {
        event.order_id: event.data.amount.decimal
        for event in ocel_events
        if event.data.amount and event.data.amount.kind == "captured"
    }
    expected = ocel.read_orders(ocel_log)
    assert captured == {order_id: order.captured for order_id, order in expected.items()}
    assert len({event.id for event in ocel_events}) == len(ocel_events)
