"""Prometheus is told what the ledger holds, the same by every process, in bounded labels."""

from __future__ import annotations

import time

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.reading.conftest import LotusForAll, Story
from tests.story import HOUR, T0, lotus, placed, said

from orderwatch.adapters.metrics.exposition import Exposition
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.metrics import PostgresMetrics
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.record_events import record_events
from orderwatch.core.ingest.batch import Batch, Refused
from orderwatch.core.model import FieldError
from orderwatch.entrypoints.api.metrics import Scraping, metrics_handler


async def page(story: Story) -> str:
    async with story.client(None) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


async def samples(story: Story) -> dict[tuple[str, ...], float]:
    """Alice's samples: (name, label values but the tenant's, in the order of their names)."""
    found = {}
    for family in text_string_to_metric_families(await page(story)):
        for sample in family.samples:
            labels = dict(sample.labels)
            if labels.pop("tenant", None) == story.alices_name:
                found[sample.name, *(labels[name] for name in sorted(labels))] = sample.value
    return found


async def a_morning(story: Story) -> None:
    story.clock.set(60)
    await story.tell(
        placed(0, order="ada", channel="app"),
        said("commerce_engine", "ACCEPTED", 0.3, order="ada"),
        said("stock", "RESERVED", 50, order="ghost"),
        placed(-2 * HOUR, order="bea", channel="a made-up \"channel\"\n"),
        said("phoenix_oms", "A MADE-UP STATUS", -2 * HOUR + 1, order="bea"),
        placed(0, order="cleo"),
        said("phoenix_oms", "COMPLETE", 45, order="cleo"),
    )  # fmt: skip


async def test_counters_and_gauges_are_those_of_the_ledger(story: Story) -> None:
    await a_morning(story)
    found = await samples(story)
    assert found["orderwatch_events_total", "accepted", "phoenix_oms"] == 5
    assert found["orderwatch_events_total", "parked", "stock"] == 1
    assert found["orderwatch_orders_placed_total", "app"] == 1
    assert found["orderwatch_orders_placed_total", "none"] == 1
    assert found["orderwatch_orders_total", "none", "success"] == 1
    assert found["orderwatch_orders_open", "app", "PENDING"] == 1
    assert found["orderwatch_transmissions_total", "app", "success", "commerce_engine"] == 1
    assert found["orderwatch_parked_events", "stock"] == 1
    assert found["orderwatch_parked_events", "invoice"] == 0
    assert found["orderwatch_dead_letters_open", "invoice"] == 0
    spoke = found["orderwatch_system_last_event_timestamp_seconds", "phoenix_oms"]
    assert spoke == T0.timestamp() + 45


async def test_what_a_sender_makes_up_never_becomes_a_label(story: Story) -> None:
    await a_morning(story)
    assert (await samples(story))["orderwatch_orders_open", "other", "other"] == 1
    text = await page(story)
    assert "made-up" not in text.lower()
    assert "ada" not in text.split()


async def test_histograms_are_cumulated(story: Story) -> None:
    await a_morning(story)
    found = await samples(story)
    name = "orderwatch_transmission_duration_seconds"
    by_bound = {key[2]: n for key, n in found.items() if key[0] == f"{name}_bucket"}
    assert by_bound["0.25"] == 0
    assert by_bound["0.5"] == by_bound["+Inf"] == 1
    assert found[f"{name}_count", "app", "commerce_engine"] == 1
    assert found[f"{name}_sum", "app", "commerce_engine"] == pytest.approx(0.3)
    order = "orderwatch_order_duration_seconds"
    assert found[f"{order}_bucket", "none", "success", "60.0"] == 1
    lag = "orderwatch_ingest_lag_seconds"
    bounds = [n for key, n in found.items() if key[0] == f"{lag}_bucket" and "phoenix_oms" in key]
    assert bounds == sorted(bounds)
    assert bounds[-1] == 5


async def test_a_repeat_and_a_bad_event_are_counted_as_such(story: Story) -> None:
    await story.tell(placed(0, order="ada"))
    await story.tell(placed(0, order="ada"))
    refused = Refused(
        index=0, code="invalid", errors=(FieldError("time", "is missing"),), payload=b"{}"
    )
    await record_events(
        PostgresLedger(story.database), story.alice, lotus(), [Batch([], [refused])], T0
    )
    found = await samples(story)
    assert found["orderwatch_events_total", "duplicate", "phoenix_oms"] == 1
    assert found["orderwatch_events_total", "rejected", "other"] == 1
    assert found["orderwatch_dead_letters_open", "other"] == 1
    assert found["orderwatch_orders_placed_total", "none"] == 1


async def test_this_process_is_measured_too(story: Story) -> None:
    assert "process_cpu_seconds_total " in await page(story)


async def test_every_family_says_what_it_is(story: Story) -> None:
    text = await page(story)
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE orderwatch_")]
    assert len(names) == len(set(names)) >= 13
    assert all(f"# HELP {name} " in text for name in names)


async def test_with_a_token_only_its_holder_may_scrape(story: Story) -> None:
    scraping = Scraping(
        PostgresMetrics(story.database),
        KnownTemplates(LotusForAll(), time.monotonic),
        Exposition().render,
        token="sesame",
    )
    async with AsyncTestClient(Litestar([metrics_handler(scraping)])) as client:
        assert (await client.get("/metrics")).status_code == 401
        wrong = await client.get("/metrics", headers={"authorization": "Bearer open"})
        assert wrong.status_code == 401
        assert wrong.headers["content-type"] == "application/problem+json"
        right = await client.get("/metrics", headers={"authorization": "Bearer sesame"})
        assert right.status_code == 200
