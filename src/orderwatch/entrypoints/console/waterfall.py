"""An order's legs on a time line: where each bar lies, in percent of the width.

One lane for the order's own statuses, one for every leg. What should have happened and did not is
a ghost; past its deadline a bar or ghost is overdue. All is decided here; the template only draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from msgspec import Struct

from orderwatch.app.read_orders import HistoryItem
from orderwatch.core.model import Class, Leg, Order, System
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.words import length, state_of

_STEPS_S: Final = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
    *(86400, 172800, 432000, 864000, 2592000, 7776000, 31536000),
)
_MOST_TICKS: Final = 6
_LABEL_FITS: Final = 11.0
_SECOND: Final = timedelta(seconds=1)


class Bar(Struct, frozen=True):
    """A stretch of time: `look` is a state, `step` for a past status, or `ghost` with a state."""

    x: float
    width: float
    look: str
    label: str = ""


class Lane(Struct, frozen=True):
    """One row: who, what was last said, the bars, the deadline's place, and how long in words."""

    title: str
    said: str | None
    state: str
    bars: tuple[Bar, ...]
    note: str
    deadline: datetime | None = None
    deadline_x: float | None = None
    end_x: float | None = None
    blind_since: datetime | None = None
    of_order: bool = False


class Tick(Struct, frozen=True):
    """A place on the axis. `how` says how its time is written, `anchor` on which side of it."""

    x: float
    at: datetime
    how: str
    anchor: str


class Waterfall(Struct, frozen=True):
    """The whole picture; `now_x` is None when the order is settled and nothing moves any more."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    now_x: float | None

    @property
    def has_ghost(self) -> bool:
        """Whether something is missing."""
        return any("ghost" in bar.look for lane in self.lanes for bar in lane.bars)


class Span(Struct, frozen=True):
    """The time from the left edge to the right, and how to place an instant on it."""

    start: datetime
    end: datetime
    now: datetime

    def x(self, at: datetime) -> float:
        """The place of an instant in percent, held within the edges."""
        percent = 100 * ((at - self.start) / (self.end - self.start))
        return round(min(100.0, max(0.0, percent)), 3)

    def place(self, at: datetime | None) -> float | None:
        """The place of an instant, if it lies within the edges."""
        return self.x(at) if at is not None and self.start <= at <= self.end else None

    def bar(self, start: datetime, end: datetime, look: str, label: str = "") -> Bar:
        """The bar between two instants."""
        left = self.x(start)
        width = round(max(0.0, self.x(end) - left), 3)
        return Bar(left, width, look, label if width >= _LABEL_FITS else "")


def draw(
    order: Order,
    history: Sequence[HistoryItem],
    oms: System,
    titles: Mapping[System, str],
    now: datetime,
) -> Waterfall:
    """The time line of an order as it stands now; `history` in event time, oldest first."""
    spoken_by_oms = [it for it in history if it.system == oms]
    span = _span(order, now)
    lanes = [_order_lane(order, spoken_by_oms, titles.get(oms, oms), span)]
    lanes += [_leg_lane(leg, titles.get(leg.system, leg.system), order, span) for leg in order.legs]
    return Waterfall(
        lanes=tuple(lanes),
        ticks=_ticks(span),
        now_x=span.x(now) if _is_moving(order) else None,
    )


def _is_moving(order: Order) -> bool:
    """Whether time still matters to the order."""
    return _oms_is_open(order) or any(_is_open(leg, order) for leg in order.legs)


def _is_open(leg: Leg, order: Order) -> bool:
    """Whether anybody still waits for this leg: once the OMS has settled the order nobody does."""
    return leg.overdue or (leg.class_ is Class.DELAYED and order.next_deadline is not None)


def _span(order: Order, now: datetime) -> Span:
    """From the placing to now, or to the end of a settled order, with some air on the right."""
    starts = [leg.started_at for leg in order.legs if leg.started_at is not None]
    start = min([order.placed_at, *starts])
    ends = [leg.ended_at for leg in order.legs if leg.ended_at is not None]
    last = max([order.status_since, start + _SECOND, *ends])
    if not _is_moving(order):
        return Span(start, last + (last - start) * 0.03, now)
    last = max(last, now)
    coming = order.next_deadline
    air = (last - start) * 0.06
    if coming is not None and last < coming <= last + (last - start):
        air = (coming - last) * 1.06
    return Span(start, last + air, now)


def _order_lane(order: Order, words: Sequence[HistoryItem], title: str, span: Span) -> Lane:
    changes = _changes(words, order)
    bars = [span.bar(at, until, "step", word) for (at, word), (until, __) in pairwise(changes)]
    since, status = changes[-1]
    open_ = _oms_is_open(order)
    if open_:
        bars += _past_deadline(since, order.deadline, WAITING, status, span)
    passed = span.now - since if open_ else since - order.placed_at
    return Lane(
        title=title,
        said=order.status,
        state=_oms_state(order, span.now),
        bars=tuple(bars),
        note=_("for %(time)s", time=length(passed))
        if open_
        else _("after %(time)s", time=length(passed)),
        deadline=order.deadline,
        deadline_x=span.place(order.deadline),
        end_x=None if open_ else span.x(since),
        of_order=True,
    )


def _oms_is_open(order: Order) -> bool:
    """Whether the OMS's own status is a Delayed one; a failed leg may have decided the verdict."""
    return order.deadline is not None or order.class_ is Class.DELAYED


def _oms_state(order: Order, now: datetime) -> str:
    if not _oms_is_open(order):
        return state_of(order)
    return OVERDUE if order.deadline is not None and now >= order.deadline else WAITING


def _changes(words: Sequence[HistoryItem], order: Order) -> list[tuple[datetime, str]]:
    """When the order entered which status, as the OMS told it; the last as it was understood."""
    changes: list[tuple[datetime, str]] = []
    for told in words:
        status = told.status
        believable = order.placed_at <= told.time < order.status_since
        if believable and (not changes or changes[-1][1] != status):
            changes.append((told.time, status))
    return [*changes, (order.status_since, order.status)]


def _past_deadline(
    start: datetime, deadline: datetime | None, look: str, label: str, span: Span
) -> list[Bar]:
    """A bar up to now; the part past the deadline is overdue."""
    ghost = "ghost " if look.startswith("ghost") else ""
    if deadline is None or span.now <= deadline:
        return [span.bar(start, span.now, look, label)]
    late_from = max(start, deadline)
    return [
        span.bar(start, late_from, look, label),
        span.bar(late_from, span.now, ghost + OVERDUE),
    ]


def _leg_lane(leg: Leg, title: str, order: Order, span: Span) -> Lane:
    start = leg.started_at or order.placed_at
    if leg.ended_at is not None:
        bars = [span.bar(start, leg.ended_at, state_of(leg))]
    elif not _is_open(leg, order):
        bars = [span.bar(start, order.status_since, "step")]
    else:
        look = WAITING if leg.status is not None else f"ghost {WAITING}"
        bars = _past_deadline(start, leg.deadline, look, "", span)
    return Lane(
        title=title,
        said=leg.status,
        state=state_of(leg),
        bars=tuple(bars),
        note=_note(leg, start, order, span.now),
        deadline=leg.deadline,
        deadline_x=span.place(leg.deadline),
        end_x=span.x(leg.ended_at) if leg.ended_at is not None else None,
        blind_since=leg.blind_since,
    )


def _note(leg: Leg, start: datetime, order: Order, now: datetime) -> str:
    if leg.ended_at is not None:
        took = length(leg.ended_at - start)
        tries = _("%(time)s, %(n)s attempts", time=took, n=leg.attempts)
        return tries if leg.attempts > 1 else took
    if not _is_open(leg, order):
        return _("never finished") if leg.status else _("never heard")
    if leg.deadline is None or (leg.deadline <= now and not leg.overdue):
        return _("for %(time)s", time=length(now - start))
    left = length(leg.deadline - now)
    if not leg.overdue:
        return _("due in %(time)s", time=left)
    return (
        _("overdue by %(time)s", time=left) if leg.status else _("missing for %(time)s", time=left)
    )


def _ticks(span: Span) -> tuple[Tick, ...]:
    """At most _MOST_TICKS round times; the zones people live in differ by quarters of an hour."""
    width = (span.end - span.start) / _SECOND
    step = next((s for s in _STEPS_S if width / s <= _MOST_TICKS), _STEPS_S[-1])
    how = "second" if step < 60 else "clock" if step < 86400 else "day"
    first = -(-span.start.timestamp() // step) * step
    places = [first + number * step for number in range(_MOST_TICKS + 1)]
    return tuple(
        Tick(x, at, how, "start" if x < 4 else "end" if x > 96 else "middle")
        for place in places
        if (at := datetime.fromtimestamp(place, span.start.tzinfo)) <= span.end
        and 0 <= (x := span.x(at)) <= 100
    )
