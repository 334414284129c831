"""What a filter names is exported whole, in the memory of one page, whatever comes meanwhile."""

from __future__ import annotations

import csv
import tracemalloc
from io import StringIO
from typing import Any

from tests.integration.reading.conftest import Story
from tests.integration.reading.many_orders import tell_many_orders
from tests.story import T0, lotus, placed, said

from orderwatch.adapters.postgres.reading import PostgresReading
from orderwatch.app.export_orders import Export, export_orders
from orderwatch.app.read_orders import PageSpan
from orderwatch.core.model import Class
from orderwatch.core.people.masking import Masking
from orderwatch.core.reading.csv_text import BYTE_ORDER_MARK
from orderwatch.core.reading.wanted import OrderFilter, Place

MANY = 20_000
MEGABYTE = 1024 * 1024


async def rows_of(story: Story, wanted: OrderFilter, **how: Any) -> list[dict[str, str]]:
    export = Export(wanted, how.pop("zone", "UTC"), how.pop("masking", None), **how)
    pages = export_orders(PostgresReading(story.database), story.alice, lotus(), export, T0)
    text = "".join([page async for page in pages])
    return list(csv.DictReader(StringIO(text, newline="")))


async def test_twenty_thousand_orders_are_exported_in_the_memory_of_a_page(
    story: Story, module_database_url: str
) -> None:
    await tell_many_orders(story, module_database_url, MANY)
    reading = PostgresReading(story.database)
    export = Export(OrderFilter(), "UTC", Masking())
    lines, ids = 0, set()
    pages = export_orders(reading, story.alice, lotus(), export, T0)
    lines += (await anext(pages)).count("\r\n")
    tracemalloc.start()
    async for page in pages:
        lines += page.count("\r\n")
        ids.add(page.partition(",")[0])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == 1 + 6 + MANY  # the header, the orders that were told, their copies
    assert len(ids) > 30, "page by page"
    assert most < 16 * MEGABYTE


async def test_an_order_that_comes_while_it_runs_moves_no_other(story: Story) -> None:
    story.clock.set(0)
    for start in range(0, 1200, 300):
        numbers = range(start, start + 300)
        await story.tell(*[placed(-5, order=f"o-{n:04}") for n in numbers])
    reading = PostgresReading(story.database)
    pages = export_orders(reading, story.alice, lotus(), Export(OrderFilter(), "UTC", None), T0)
    text = await anext(pages)
    await story.tell(placed(-1, order="newer"), placed(-5, order="o-9999"))
    text += "".join([page async for page in pages])
    ids = [row["order_id"] for row in csv.DictReader(StringIO(text, newline=""))]
    assert ids == [f"o-{n:04}" for n in reversed(range(1200))]


async def test_the_file_has_what_the_filter_names_and_nobody_elses(story: Story) -> None:
    story.clock.set(60)
    reason = {"code": "PRICE"}
    await story.tell(
        placed(0, order="ok", channel="app", amount="10.50", location="=cmd()"),
        placed(1, order="bad", channel="app", refs={"customer_phone": "+66", "awb": "@A"}),
        said("commerce_engine", "REJECTED", 2, order="bad", reason=reason),
    )
    await story.tell(placed(0, order="bobs", channel="app"), to=story.bob)
    assert [row["order_id"] for row in await rows_of(story, OrderFilter())] == ["bad", "ok"]
    (bad,) = await rows_of(story, OrderFilter(class_=Class.FAILED), masking=Masking())
    assert bad["commerce_engine"] == "failed"
    assert bad["why"] == "Failed: commerce_engine said REJECTED (PRICE) at 09:00"
    assert bad["references"] == "customer_phone=•••; awb=@A"
    (good,) = await rows_of(story, OrderFilter(channel="app", location="=cmd()"))
    assert good["location"] == "'=cmd()"
    assert good["amount"] == "10.50"


async def test_times_are_in_the_zone_that_was_asked_for_and_the_mark_comes_first(
    story: Story,
) -> None:
    story.clock.set(0)
    await story.tell(placed(0, order="o-1"))
    (row,) = await rows_of(story, OrderFilter(), zone="America/New_York", byte_order_mark=True)
    assert row[f"{BYTE_ORDER_MARK}order_id"] == "o-1"
    assert row["placed (America/New_York)"] == "2026-03-02 04:00:00"


async def test_pages_can_be_turned_back_as_well_as_on(story: Story) -> None:
    story.clock.set(0)
    await story.tell(*[placed(0, order=f"o-{n:02}", refs={"r": "same"}) for n in range(20)])
    reading = PostgresReading(story.database)
    for text in (None, "same", "o-"):
        wanted = OrderFilter(text=text)
        second = (await reading.find(story.alice, wanted, PageSpan(10))).states[7:]
        at = second[0].placed_at
        assert at is not None
        before = Place(at, second[0].order_id)
        back = (await reading.find(story.alice, wanted, PageSpan(5, before=before))).states
        assert [state.order_id for state in back] == [f"o-{n:02}" for n in (17, 16, 15, 14, 13)]
