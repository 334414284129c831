"""Verdicts in a sentence a shift leader would say (D6), in whatever tongue is handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.model import Class, Leg, Order, System, Why
from orderwatch.core.saying import Say, in_english


class Tongue(Struct, frozen=True):
    """How a sentence is put: its words, times of the clock, lengths of time, names of systems."""

    say: Say
    clock: Callable[[datetime], str]
    length: Callable[[timedelta], str]
    name: Callable[[System], str]


def english(at: datetime, zone: tzinfo) -> Tongue:
    """The tongue of the API: times as seen at `at` in this zone, systems by their names."""
    return Tongue(in_english, lambda when: clock_time(when, at, zone), spoken, str)


def spoken(duration: timedelta, say: Say = in_english) -> str:
    """A duration in the unit a person would use: "0.4 s", "12 min", "1 h 30 min", "3 d"."""
    seconds = abs(duration.total_seconds())
    if seconds < 60:
        return say("%(n)s s", n=f"{seconds:.{1 if seconds < 10 else 0}f}")
    minutes = round(seconds / 60)
    if seconds < 3600:
        return say("%(n)s min", n=minutes)
    if seconds < 86400:
        hours, rest = divmod(minutes, 60)
        return say("%(n)s h %(rest)s min", n=hours, rest=rest) if rest else say("%(n)s h", n=hours)
    days, rest = minutes // 1440, minutes % 1440 // 60
    return say("%(n)s d %(rest)s h", n=days, rest=rest) if rest else say("%(n)s d", n=days)


def clock_time(at: datetime, now: datetime, zone: tzinfo) -> str:
    """ "10:02" for today in the reader's zone, with the date for any other day."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%d %b %H:%M}" if local.year == today.year else f"{local:%d %b %Y %H:%M}"


def explain(order: Order, at: datetime, zone: tzinfo) -> Order:
    """The order with an English sentence in every `why`."""
    tongue = english(at, zone)
    return replace(
        order,
        why=replace(order.why, sentence=order_sentence(order, at, tongue)),
        legs=tuple(
            replace(leg, why=replace(leg.why, sentence=leg_sentence(leg, at, tongue)))
            for leg in order.legs
        ),
    )


def order_sentence(order: Order, at: datetime, tongue: Tongue) -> str:
    """Class and reason, e.g. "Delayed: in PROCESSING since 10:02, allowed 30 min"."""
    return f"{order.class_.title()}: {order_reason(order, at, tongue)}"


def leg_sentence(leg: Leg, at: datetime, tongue: Tongue) -> str:
    """The same for a leg."""
    clause = f"{leg.class_.title()}: {leg_reason(leg, at, tongue)}"
    if leg.blind_since is None:
        return clause
    since = tongue.clock(leg.blind_since)
    return tongue.say("%(clause)s; blind since %(since)s", clause=clause, since=since)


def order_reason(order: Order, at: datetime, tongue: Tongue, *, brief: bool = False) -> str:
    """Why the order has its class. `brief`: of what is overdue only by how much."""
    if order.why.rule.startswith("leg."):
        system = order.why.rule.removeprefix("leg.").rpartition(".")[0]
        leg = next(leg for leg in order.legs if leg.system == system)
        return leg_reason(leg, at, tongue, brief=brief)
    said = {"status": order.status, "since": tongue.clock(order.status_since)}
    if order.class_ is Class.DELAYED or order.why.rule.endswith("when_overdue"):
        doing = tongue.say("in %(status)s since %(since)s", **said)
        return _with_time_left(doing, order.why, at, tongue, brief)
    if order.refunded:
        return tongue.say("%(status)s since %(since)s, refunded", **said)
    return tongue.say("%(status)s since %(since)s", **said)


def leg_reason(leg: Leg, at: datetime, tongue: Tongue, *, brief: bool = False) -> str:
    """Why the leg has its class."""
    said = {"system": tongue.name(leg.system), "status": leg.status}
    if leg.ended_at is not None:
        return _ending(leg, said | {"time": tongue.clock(leg.ended_at)}, tongue.say)
    if leg.started_at is None:
        doing = _doing(leg, said, tongue.say)
    else:
        doing = _doing_since(leg, said | {"since": tongue.clock(leg.started_at)}, tongue.say)
    return _with_time_left(doing, leg.why, at, tongue, brief)


def _ending(leg: Leg, said: dict[str, str | None], say: Say) -> str:
    reason = leg.reason and (leg.reason.code or leg.reason.text)
    if not reason:
        return say("%(system)s said %(status)s at %(time)s", **said)
    return say("%(system)s said %(status)s (%(reason)s) at %(time)s", reason=reason, **said)


def _doing(leg: Leg, said: dict[str, str | None], say: Say) -> str:
    if leg.status:
        return say("%(system)s in %(status)s", **said)
    return say("%(system)s has not answered", **said)


def _doing_since(leg: Leg, said: dict[str, str | None], say: Say) -> str:
    if leg.status:
        return say("%(system)s in %(status)s since %(since)s", **said)
    return say("%(system)s has not answered since %(since)s", **said)


def _with_time_left(doing: str, why: Why, at: datetime, tongue: Tongue, brief: bool) -> str:
    if why.deadline is None:
        return doing
    late = None if at < why.deadline else tongue.length(at - why.deadline)
    if late is not None and brief:
        return tongue.say("%(doing)s, overdue by %(late)s", doing=doing, late=late)
    if why.threshold_s is None:
        doing = tongue.say(
            "%(doing)s, promised by %(time)s", doing=doing, time=tongue.clock(why.deadline)
        )
    else:
        allowed = tongue.length(timedelta(seconds=why.threshold_s))
        doing = tongue.say("%(doing)s, allowed %(time)s", doing=doing, time=allowed)
    return (
        doing
        if late is None
        else tongue.say("%(doing)s, overdue by %(late)s", doing=doing, late=late)
    )
