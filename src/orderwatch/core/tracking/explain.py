"""Verdicts in a sentence a shift leader would say (D6)."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from msgspec.structs import replace

from orderwatch.core.model import Class, Leg, Order, Why

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def spoken(duration: timedelta) -> str:
    """A duration in the unit a person would use: "0.4 s", "12 min", "1 h 30 min", "3 d"."""
    seconds = abs(duration.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    for size, unit in _UNITS:
        if seconds >= size:
            whole, rest = divmod(round(seconds / 60), size // 60)
            if unit == "min" or not whole:
                return f"{round(seconds / 60)} min"
            smaller = {"d": (60, "h"), "h": (1, "min")}[unit]
            part = rest // smaller[0]
            return f"{whole} {unit} {part} {smaller[1]}" if part else f"{whole} {unit}"
    return f"{seconds:.0f} s"


def clock_time(at: datetime, now: datetime, zone: tzinfo) -> str:
    """ "10:02" for today in the reader's zone, with the date for any other day."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%d %b %H:%M}" if local.year == today.year else f"{local:%d %b %Y %H:%M}"


def explain(order: Order, at: datetime, zone: tzinfo) -> Order:
    """The order with a sentence in every `why`."""
    return replace(
        order,
        why=replace(order.why, sentence=order_sentence(order, at, zone)),
        legs=tuple(
            replace(leg, why=replace(leg.why, sentence=leg_sentence(leg, at, zone)))
            for leg in order.legs
        ),
    )


def order_sentence(order: Order, at: datetime, zone: tzinfo) -> str:
    """Why the order has its class, e.g. "Delayed: in PROCESSING since 10:02, allowed 30 min"."""
    since = clock_time(order.status_since, at, zone)
    if order.why.rule.startswith("leg."):
        system = order.why.rule.removeprefix("leg.").rpartition(".")[0]
        leg = next(leg for leg in order.legs if leg.system == system)
        return f"{order.class_.title()}: {_leg_clause(leg, at, zone)}"
    if order.class_ is Class.DELAYED:
        return f"Delayed: in {order.status} since {since}{_time_left(order.why, at, zone)}"
    if order.why.rule.endswith("when_overdue"):
        return f"Failed: in {order.status} since {since}{_time_left(order.why, at, zone)}"
    refund = ", refunded" if order.refunded else ""
    return f"{order.class_.title()}: {order.status} since {since}{refund}"


def leg_sentence(leg: Leg, at: datetime, zone: tzinfo) -> str:
    """Why the leg has its class."""
    clause = f"{leg.class_.title()}: {_leg_clause(leg, at, zone)}"
    if leg.blind_since is not None:
        return f"{clause}; blind since {clock_time(leg.blind_since, at, zone)}"
    return clause


def _leg_clause(leg: Leg, at: datetime, zone: tzinfo) -> str:
    if leg.ended_at is not None:
        reason = ""
        if leg.reason is not None and (leg.reason.code or leg.reason.text):
            reason = f" ({leg.reason.code or leg.reason.text})"
        return f"{leg.system} said {leg.status}{reason} at {clock_time(leg.ended_at, at, zone)}"
    begun = "" if leg.started_at is None else f" since {clock_time(leg.started_at, at, zone)}"
    doing = f"{leg.system} in {leg.status}" if leg.status else f"{leg.system} has not answered"
    return f"{doing}{begun}{_time_left(leg.why, at, zone)}"


def _time_left(why: Why, at: datetime, zone: tzinfo) -> str:
    if why.deadline is None:
        return ""
    allowed = (
        f", promised by {clock_time(why.deadline, at, zone)}"
        if why.threshold_s is None
        else f", allowed {spoken(timedelta(seconds=why.threshold_s))}"
    )
    if at >= why.deadline:
        return f"{allowed}, overdue by {spoken(at - why.deadline)}"
    return allowed
