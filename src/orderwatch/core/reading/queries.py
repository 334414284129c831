"""The queries of the reading calls, each from its parameters and the tenant's flow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, cast, get_args

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Class, DeviationKind, System
from orderwatch.core.reading.cursor import read_cursor
from orderwatch.core.reading.parameters import Faults, Pairs, Parameters
from orderwatch.core.reading.wanted import (
    ANY_DEVIATION,
    DEFAULT_LIMIT,
    MOST_ORDERS,
    MOST_POINTS,
    CountFilter,
    Metric,
    OrderFilter,
    OrderQuery,
    SeriesQuery,
)
from orderwatch.core.spans import ceiling, floor

ORDER_PARAMETERS: Final = (
    "class", "overdue", "status", "channel", "system", "from", "to", "location", "amount_from",
    "amount_to", "deviation", "q", "limit", "cursor",
)  # fmt: skip
SUMMARY_PARAMETERS: Final = ("from", "to", "channel", "system")
SERIES_PARAMETERS: Final = ("metric", "step", "from", "to", "channel", "system")

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_STEPS: Final = (
    ("1m", _MINUTE),
    ("5m", 5 * _MINUTE),
    ("15m", 15 * _MINUTE),
    ("1h", 60 * _MINUTE),
    ("6h", 360 * _MINUTE),
    ("1d", _DAY),
    ("7d", 7 * _DAY),
    ("30d", 30 * _DAY),
    ("365d", 365 * _DAY),
)
_POINTS_BY_DEFAULT: Final = 300


def order_query(pairs: Pairs, template: Template) -> OrderQuery | Faults:
    """The parameters of `GET /api/v1/orders`."""
    asked = Parameters(pairs, ORDER_PARAMETERS)
    wanted = _order_filter(asked, template)
    limit = asked.number("limit", 1, MOST_ORDERS)
    cursor = asked.text("cursor", 1000)
    after = None
    if cursor is not None and not asked.faults:
        after = read_cursor(wanted, cursor)
        if after is None:
            asked.fault(
                "cursor", "must be the `next` of the page before, with the same filter; start anew"
            )
    if asked.faults:
        return tuple(asked.faults)
    return OrderQuery(wanted, limit or DEFAULT_LIMIT, after)


def _order_filter(asked: Parameters, template: Template) -> OrderFilter:
    class_ = asked.one_of("class", [one.value for one in Class])
    starts, ends = asked.window()
    least, most = asked.amounts()
    return OrderFilter(
        class_=Class(class_) if class_ is not None else None,
        overdue=asked.flag("overdue"),
        status=_status(asked, template),
        channel=asked.text("channel", 60),
        system=_system(asked, template),
        placed_from=starts,
        placed_to=ends,
        text=asked.text("q"),
        location=asked.text("location", 100),
        amount_from=least,
        amount_to=most,
        deviation=asked.one_of("deviation", [ANY_DEVIATION, *(one.value for one in DeviationKind)]),
    )


def count_filter(pairs: Pairs, template: Template) -> CountFilter | Faults:
    """The parameters of `GET /api/v1/summary`; the window is widened to whole minutes."""
    asked = Parameters(pairs, SUMMARY_PARAMETERS)
    starts, ends = asked.window()
    wanted = CountFilter(
        placed_from=starts and floor(starts, _MINUTE),
        placed_to=ends and ceiling(ends, _MINUTE),
        channel=asked.text("channel", 60),
        system=_system(asked, template),
    )
    return tuple(asked.faults) if asked.faults else wanted


def series_query(pairs: Pairs, template: Template, at: datetime) -> SeriesQuery | Faults:
    """The parameters of `GET /api/v1/series`; the last 24 hours when no window is named."""
    asked = Parameters(pairs, SERIES_PARAMETERS)
    metric = asked.one_of("metric", get_args(Metric))
    if metric is None and not any(fault.field == "metric" for fault in asked.faults):
        asked.fault("metric", f"must be given, one of {', '.join(get_args(Metric))}")
    starts, ends, step = _steps(asked, at)
    channel, system = asked.text("channel", 60), _system(asked, template)
    if asked.faults:
        return tuple(asked.faults)
    return SeriesQuery(cast("Metric", metric), step, starts, ends, channel, system)


def _steps(asked: Parameters, at: datetime) -> tuple[datetime, datetime, timedelta]:
    """The window in whole minutes, and a step that makes neither too many points nor too few."""
    given_from, given_to = asked.window()
    ends = ceiling(given_to or max(at, given_from or at), _MINUTE)
    starts = floor(given_from or ends - _DAY, _MINUTE)
    if ends <= starts:
        ends = starts + _MINUTE
    step = asked.step("step")
    if step is None:
        step = _least_step(ends - starts, _POINTS_BY_DEFAULT)[1]
    points = -((starts - ends) // step)
    if points > MOST_POINTS:
        least = _least_step(ends - starts, MOST_POINTS)[0]
        asked.fault(
            "step",
            f"makes {points} points of this window, of at most {MOST_POINTS}; "
            f"take {least} or longer, or a shorter window",
        )
    if given_from is None:
        starts = floor(starts, step)
    return starts, ends, step


def _least_step(window: timedelta, points: int) -> tuple[str, timedelta]:
    for name, step in _STEPS:
        if window / step <= points:
            return name, step
    return _STEPS[-1]


def _status(asked: Parameters, template: Template) -> str | None:
    """Any word; one the flow knows, in whatever spelling, as orders carry it."""
    word = asked.text("status", 80)
    known = template.status_words.get(word.upper()) if word is not None else None
    return known.name if known is not None else word


def _system(asked: Parameters, template: Template) -> System | None:
    """A system of the flow; the OMS is in every order, so it filters nothing."""
    system = asked.one_of("system", [template.oms, *template.legs])
    return None if system == template.oms else system
