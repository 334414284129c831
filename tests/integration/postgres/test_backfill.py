"""Orders that were there before a migration are as the ledger would have written them after it."""

from __future__ import annotations

import re

import psycopg
from tests.integration.postgres.conftest import House
from tests.story import placed, said

from orderwatch.adapters.postgres.migrate import MIGRATIONS

ASKED = "select order_id, deviation_kinds, amount_units from orders order by order_id"


async def test_kinds_of_deviations_and_amounts_are_filled_in(house: House) -> None:
    await house.hear(
        placed(0, order="a", amount="12.3456"),
        said("phoenix_oms", "SHIPPING", 5, order="a"),
        said("phoenix_oms", "PROCESSING", 9, order="a"),
        placed(0, order="b"),
        placed(0, order="c", amount="-7.5"),
        now=10,
    )
    written = await house.rows(ASKED)
    assert written == [
        ("a", ["regression", "skipped_step"], 123_456),
        ("b", [], None),
        ("c", [], -75_000),
    ]
    text = (MIGRATIONS / "0004-orders-list.sql").read_text()
    (fill,) = re.findall(r"^update orders set .+?;", text, flags=re.DOTALL | re.MULTILINE)
    with psycopg.connect(house.url, autocommit=True) as owner:
        owner.execute("update orders set deviation_kinds = '{}', amount_units = null")
        owner.execute(fill)
    assert await house.rows(ASKED) == written
