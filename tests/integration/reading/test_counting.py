"""A page waits for a count no longer than it is worth."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from tests.integration.reading.conftest import Story
from tests.story import placed

from orderwatch.adapters.postgres.reading import PostgresReading
from orderwatch.core.reading.wanted import OrderFilter

APP = OrderFilter(channel="app")
SOON = timedelta(milliseconds=5)
IN_TIME = timedelta(minutes=1)


async def test_a_count_that_takes_too_long_is_given_up_and_the_next_one_is_not(
    story: Story, module_database_url: str
) -> None:
    reading = PostgresReading(story.database)
    await story.tell(placed(0, order="ada", channel="app"), placed(1, order="bea", channel="app"))
    with psycopg.connect(module_database_url) as somebody:
        somebody.execute("lock table orders in access exclusive mode")
        assert await reading.count_within(story.alice, APP, 10, SOON) is None
        somebody.rollback()
    assert await reading.count_within(story.alice, APP, 10, IN_TIME) == 2
    assert await reading.count_within(story.bob, APP, 10, IN_TIME) == 0
    assert await reading.count(story.alice, APP, 1) == 1
