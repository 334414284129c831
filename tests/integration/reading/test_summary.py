"""The figures of the live page: what is counted, worth what, seen or blind; and over time."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.reading.conftest import Story
from tests.story import DAY, HOUR, MINUTE, placed, said

SUMMARY, SERIES = "/api/v1/summary", "/api/v1/series"


async def a_morning(story: Story) -> None:
    """One order of each kind: waiting, overdue, failed, successful, refunded."""
    story.clock.set(60)
    await story.tell(
        placed(0, order="waits", channel="app", amount="10.00"),
        said("commerce_engine", "ACCEPTED", 5, order="waits"),
        placed(-2 * HOUR, order="late", channel="app", amount="20.50"),
        said("commerce_engine", "ACCEPTED", -2 * HOUR + 5, order="late"),
        placed(0, order="failed", channel="website", amount="30.00"),
        said("commerce_engine", "REJECTED", 5, order="failed"),
        placed(0, order="done", channel="website", amount="40.0050"),
        said("phoenix_oms", "COMPLETE", 30, order="done"),
        placed(0, order="refunded", amount="5.00"),
        said("phoenix_oms", "COMPLETE", 20, order="refunded"),
        said(
            "checkout",
            "REFUNDED",
            30,
            order="refunded",
            amount={"value": "5.00", "currency": "THB", "kind": "refunded"},
        ),
        said("phoenix_oms", "CLOSED", 40, order="refunded"),
    )


async def asked(story: Story, path: str = SUMMARY, **query: str) -> dict[str, Any]:
    answer = await story.get(path, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_delayed_is_shown_split_and_money_beside_every_count(story: Story) -> None:
    await a_morning(story)
    summary = await asked(story)
    counts = {name: summary[name] for name in ("total", "success", "failed", "delayed")}
    assert counts == {"total": 5, "success": 2, "failed": 1, "delayed": 2}
    assert (summary["waiting"], summary["overdue"], summary["refunded"]) == (1, 1, 1)
    assert summary["success_rate"] == pytest.approx(2 / 3)
    assert summary["value"] == {
        "currency": "THB",
        "total": "105.505",
        "success": "45.005",
        "failed": "30.00",
        "delayed": "30.50",
        "waiting": "10.00",
        "overdue": "20.50",
        "refunded": "5.00",
    }


async def test_every_system_and_channel_has_its_own_figures(story: Story) -> None:
    await a_morning(story)
    summary = await asked(story)
    engine = next(one for one in summary["by_system"] if one["system"] == "commerce_engine")
    assert (engine["title"], engine["success"], engine["failed"]) == ("Commerce Engine", 2, 1)
    assert len(summary["by_system"]) == 8
    channels = {one["channel"]: one["total"] for one in summary["by_channel"]}
    assert channels == {"website": 2, "app": 2, None: 1}
    engine_alone = await asked(story, system="commerce_engine")
    assert engine_alone["total"] == engine["total"]
    assert [one["system"] for one in engine_alone["by_system"]] == ["commerce_engine"]
    app = await asked(story, channel="app")
    assert (app["total"], app["waiting"], app["overdue"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("window", "total"),
    [
        ({}, 5),
        ({"from": "2026-03-02T09:00:00Z"}, 4),
        ({"to": "2026-03-02T09:00:00Z"}, 1),
        ({"from": "2026-03-02T16:00:00+07:00", "to": "2026-03-02T09:01:00Z"}, 4),
        ({"from": "2026-03-02T07:00:00Z", "to": "2026-03-02T09:00:00Z"}, 1),
        ({"from": "2026-03-02T09:00:59Z", "to": "2026-03-02T09:01:00Z"}, 4),
        ({"from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z"}, 5),
        ({"from": "2027-01-01T00:00:00Z"}, 0),
    ],
)
async def test_the_window_bounds_when_orders_were_placed(
    story: Story, window: dict[str, str], total: int
) -> None:
    await a_morning(story)
    summary = await asked(story, **window)
    assert summary["total"] == total
    if not total:
        assert summary["success_rate"] is None


async def test_counts_over_any_window_are_those_of_the_orders_in_it(story: Story) -> None:
    """Minutes, hours and days are summed apart; together they must be what the orders are."""
    story.clock.set(0)
    times = [n * 1_237 * MINUTE - 40 * DAY for n in range(47)]
    await story.tell(*[placed(at, order=f"o-{n}") for n, at in enumerate(times)])
    await story.tell(*[said("phoenix_oms", "COMPLETE", 0, order=f"o-{n}") for n in range(0, 47, 3)])
    for first in (0, 7, 20):
        for last in (8, 21, 46):
            starts = (await asked(story, f"/api/v1/orders/o-{first}"))["placed_at"]
            ends = (await asked(story, f"/api/v1/orders/o-{last}"))["placed_at"]
            if first >= last:
                continue
            summary = await asked(story, **{"from": starts, "to": ends})
            assert summary["total"] == last - first
            assert summary["success"] == sum(n % 3 == 0 for n in range(first, last))


async def test_an_order_counts_once_however_often_it_moves(story: Story) -> None:
    for minute, word in enumerate(("PENDING", "PROCESSING", "HOLDED", "PROCESSING", "COMPLETE")):
        story.clock.set(minute * 60)
        await story.tell(said("phoenix_oms", word, minute * 60, order="ada", amount="7.00"))
        summary = await asked(story)
        assert summary["total"] == 1
        assert summary["value"]["total"] == "7.00"


async def test_a_system_is_blind_when_it_is_silent_and_something_waits_for_it(
    story: Story,
) -> None:
    await story.tell(
        placed(0, order="ada"),
        said("commerce_engine", "RECEIVED", 1, order="ada"),
        said("stock", "RESERVED", 2, order="ada"),
    )
    story.clock.set(9 * MINUTE)
    assert (await asked(story))["blind"] == []
    story.clock.set(11 * MINUTE)
    summary = await asked(story)
    assert summary["blind"] == [
        {"system": "phoenix_oms", "since": "2026-03-02T09:00:00Z"},
        {"system": "commerce_engine", "since": "2026-03-02T09:00:00Z"},
    ]
    views = {one["system"]: one for one in summary["systems"]}
    assert views["stock"]["silent_since"] == "2026-03-02T09:00:00Z"
    assert views["stock"]["blind_since"] is None
    assert views["invoice"]["last_received_at"] is None
    assert (await asked(story, "/api/v1/systems"))["items"] == summary["systems"]


async def test_a_series_fills_every_step(story: Story) -> None:
    await a_morning(story)
    story.clock.set(4 * MINUTE)
    series = await asked(
        story, SERIES, metric="orders_placed", step="1m", **{"from": "2026-03-02T08:58:00Z"}
    )
    assert series["step_s"] == 60
    assert series["points"] == [
        ["2026-03-02T08:58:00Z", 0],
        ["2026-03-02T08:59:00Z", 0],
        ["2026-03-02T09:00:00Z", 4],
        ["2026-03-02T09:01:00Z", 0],
        ["2026-03-02T09:02:00Z", 0],
        ["2026-03-02T09:03:00Z", 0],
    ]


@pytest.mark.parametrize(
    ("metric", "query", "values"),
    [
        ("success", {}, [0, 0, 2]),
        ("failed", {}, [0, 0, 1]),
        ("delayed", {}, [1, 0, 1]),
        ("overdue", {}, [1, 0, 0]),
        ("waiting", {}, [0, 0, 1]),
        ("refunded", {}, [0, 0, 1]),
        ("success_rate", {}, [None, None, pytest.approx(2 / 3)]),
        ("orders_placed", {"channel": "app"}, [1, 0, 1]),
        ("failed", {"system": "commerce_engine"}, [0, 0, 1]),
        ("success", {"system": "commerce_engine", "channel": "app"}, [1, 0, 1]),
    ],
)
async def test_each_metric_hour_by_hour(
    story: Story, metric: str, query: dict[str, str], values: list[Any]
) -> None:
    await a_morning(story)
    window = {"from": "2026-03-02T07:00:00Z", "to": "2026-03-02T10:00:00Z"}
    series = await asked(story, SERIES, metric=metric, step="1h", **window, **query)
    assert [value for _, value in series["points"]] == values


async def test_days_begin_where_the_reader_says(story: Story) -> None:
    story.clock.set(0)
    await story.tell(placed(-DAY, order="a"), placed(-10 * HOUR, order="b"), placed(0, order="c"))
    window = {"from": "2026-03-01T00:00:00+07:00", "to": "2026-03-03T00:00:00+07:00"}
    series = await asked(story, SERIES, metric="orders_placed", step="1d", **window)
    assert series["points"] == [["2026-02-28T17:00:00Z", 1], ["2026-03-01T17:00:00Z", 2]]


@pytest.mark.parametrize(
    ("query", "field", "remedy"),
    [
        ({}, "metric", "must be given, one of orders_placed"),
        ({"metric": "sucess"}, "metric", "did you mean success?"),
        ({"metric": "success", "step": "90s"}, "step", "whole minutes"),
        ({"metric": "success", "step": "0m"}, "step", "whole minutes"),
        ({"metric": "success", "step": "fast"}, "step", "1m, 15m, 1h or 1d"),
        (
            {"metric": "success", "step": "1m", "from": "2026-01-01T00:00:00Z"},
            "step",
            "take 1h or longer",
        ),
        ({"metric": "success", "steps": "1m"}, "steps", "did you mean step?"),
    ],
)
async def test_a_wrong_series_is_refused_with_the_remedy(
    story: Story, query: dict[str, str], field: str, remedy: str
) -> None:
    answer = await story.get(SERIES, **query)
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert remedy in error["message"]


async def test_a_wrong_window_is_refused(story: Story) -> None:
    answer = await story.get(SUMMARY, **{"from": "2026-03-02", "to": "soon", "class": "failed"})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["class", "from", "to"]


async def test_bob_counts_none_of_alices_orders(story: Story) -> None:
    await a_morning(story)
    summary = (await story.get_as(story.bob, SUMMARY)).json()
    assert summary["total"] == 0
    assert all(one["last_received_at"] is None for one in summary["systems"])
    series = (await story.get_as(story.bob, SERIES, metric="orders_placed")).json()
    assert sum(value for _, value in series["points"]) == 0
