"""Orders per minute, stacked."""

from __future__ import annotations

from datetime import timedelta

from tests.story import T0

from orderwatch.core.tracking.passing import TOOK_BOUNDS_S
from orderwatch.entrypoints.console.chart import MINUTES, draw
from orderwatch.entrypoints.console.latency_chart import draw as draw_latency
from orderwatch.entrypoints.console.plots import of_latency, of_orders

MINUTE = timedelta(minutes=1)
NOW = T0 + timedelta(seconds=42)


def test_now_is_at_the_right_and_empty_minutes_are_columns_too() -> None:
    chart = draw({T0: {"success": 2}}, NOW)
    assert len(chart.columns) == MINUTES
    assert chart.columns[-1].at == T0
    assert chart.columns[-1].total == 2
    assert chart.columns[0].counts == {}


def test_trouble_comes_first_and_says_what_it_is() -> None:
    chart = draw({T0: {"success": 5, "overdue": 1, "failed": 2}}, NOW, {T0: 3})
    plot = of_orders(chart)
    assert list(plot.rows) == ["failed", "overdue", "waiting", "success"]
    assert [row[-1] for row in plot.rows.values()] == [2, 1, 0, 5]
    assert plot.marks[-1] == 3
    assert plot.said[-1] == "8 orders, 2 failed, 1 overdue, 5 success; 3 deadlines passed"
    assert plot.t[-1] == T0.timestamp()
    assert plot.empty == ""


def test_an_hour_without_orders_says_so() -> None:
    assert of_orders(draw({}, NOW)).empty == "no order was placed in this time"


def test_what_is_allowed_is_drawn_only_where_it_is_near() -> None:
    took = [0] * len(TOOK_BOUNDS_S) + [0]
    took[4] = 10
    near, far = (draw_latency({T0: took}, [T0], MINUTE, MINUTE * n) for n in (0, 10_000))
    assert of_latency(near).allowed == 0
    assert of_latency(far).allowed is None
    assert of_latency(near).said[0].startswith("10 ended, half within")
    assert of_latency(draw_latency({}, [T0], MINUTE, MINUTE)).empty == "nothing ended in this time"


def test_the_pace_now_leaves_out_the_minute_that_is_not_over() -> None:
    minutes = {T0: {"waiting": 1}} | {T0 - n * MINUTE: {"success": 10} for n in range(1, 6)}
    assert draw(minutes, NOW).now_per_minute == 10
