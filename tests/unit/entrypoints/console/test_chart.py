"""Orders per minute, stacked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.story import T0

from orderwatch.entrypoints.console.chart import HEIGHT, MINUTES, draw

MINUTE = timedelta(minutes=1)
NOW = T0 + timedelta(seconds=42)


def test_now_is_at_the_right_and_empty_minutes_are_columns_too() -> None:
    chart = draw({T0: {"success": 2}}, NOW)
    assert len(chart.columns) == MINUTES
    assert chart.columns[-1].at == T0
    assert chart.columns[-1].total == 2
    assert chart.columns[0].blocks == ()


def test_trouble_stands_on_the_ground_and_blocks_do_not_overlap() -> None:
    chart = draw({T0: {"success": 5, "overdue": 1, "waiting": 3, "failed": 2}}, NOW)
    blocks = chart.columns[-1].blocks
    assert [block.state for block in blocks] == ["failed", "overdue", "waiting", "success"]
    edge = float(HEIGHT)
    for block in blocks:
        assert block.y + block.height == pytest.approx(edge, abs=0.02)
        edge = block.y


@pytest.mark.parametrize("most", [1, 3, 7, 12, 99, 667, 40_000])
def test_the_lines_are_few_round_and_above_the_highest_column(most: int) -> None:
    lines = draw({T0: {"waiting": most}}, NOW).lines
    assert 1 <= len(lines) <= 5
    assert lines[-1][0] >= most
    assert all(
        str(number).rstrip("0") in {"1", "2", "3", "4", "5", "6", "8", "15"} for number, _ in lines
    )


def test_the_pace_now_leaves_out_the_minute_that_is_not_over() -> None:
    minutes = {T0: {"waiting": 1}} | {T0 - n * MINUTE: {"success": 10} for n in range(1, 6)}
    assert draw(minutes, NOW).now_per_minute == 10
