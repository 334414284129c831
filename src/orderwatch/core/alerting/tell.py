"""Who has to be told in this round: of what fired, grew, ended, or was left alone too long."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from orderwatch.core.alerting.book import Look, Rule
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.incident import EntryKind, Incident
from orderwatch.core.alerting.join import decide, watches
from orderwatch.core.alerting.notice import NoticeKind
from orderwatch.core.alerting.route import PARENT, Routed, route, why_quiet
from orderwatch.core.alerting.situation import Round, Telling
from orderwatch.core.flow.durations import in_words

GROWN: Final = 2
"""How many times as many orders as people were told of make an incident worth telling anew: 47
after 46 is nothing to act on, and 10,000 failures are some ten updates.
"""


def group_by_cause(round_: Round) -> None:
    """Overdue legs at a silent system are one thing to be told of: that it is silent."""
    silent = {
        str(one.about.get("system")): one
        for one in round_.firing
        if one.about.get("look") == Look.SILENCE.value and one.about.get("system")
    }
    for incident in round_.firing:
        if incident.about.get("look") != Look.DEADLINE.value:
            continue
        parent = silent.get(_all_at(incident))
        if parent is not None and incident.parent is None:
            incident.parent = parent.id
            round_.parents[id(incident)] = parent
            text = f"Grouped under its cause: {parent.title}"
            round_.note(incident, EntryKind.GROUPED, text)
        elif parent is None and incident.parent is not None:
            incident.parent = None
            round_.touch(incident)
    for parent in silent.values():
        _gather(round_, parent)


def _gather(round_: Round, parent: Incident) -> None:
    """A cause has touched what the incidents grouped under it have."""
    children = [
        one
        for one in round_.firing
        if one.parent is not None
        and (round_.parents.get(id(one)) is parent or (parent.id and one.parent == parent.id))
    ]
    orders = sum(one.orders for one in children)
    if orders != parent.orders:
        parent.orders = max(parent.orders, orders)
        parent.still_open = sum(one.still_open for one in children)
        parent.money = max(parent.money, sum((one.money for one in children), Decimal(0)))
        parent.last_joined_at = round_.now
        round_.touch(parent)


def tell(round_: Round) -> None:
    """Decide for each incident that moved or goes on whether anybody hears of it now."""
    for incident in round_.firing:
        _hush(round_, incident)
        if not incident.quiet:
            _tell_of(round_, incident)
    for incident in round_.resolved:
        if incident.told_at is not None and not why_quiet(
            round_.at.book, incident, round_.at.silences, round_.now
        ):
            _send(round_, incident, NoticeKind.RESOLVED, _routed(round_, incident).to)
        _summarise(round_, incident)
    _tell_reports(round_)


def _all_at(incident: Incident) -> str:
    """The system at which all of the incident's orders wait."""
    if system := str(incident.about.get("system", "")):
        return system
    systems = incident.tally.get("system", {})
    return next(iter(systems)) if len(systems) == 1 else ""


def _hush(round_: Round, incident: Incident) -> None:
    book, now = round_.at.book, round_.now
    quiet = why_quiet(book, incident, round_.at.silences, now)
    if quiet != incident.quiet:
        incident.quiet = quiet
        if quiet and quiet != PARENT:
            round_.note(incident, EntryKind.QUIET, f"Nobody is told: {quiet}")
        else:
            round_.touch(incident)


def _tell_of(round_: Round, incident: Incident) -> None:
    rule = round_.at.book.rules.get(incident.rule)
    if rule is None:
        return
    if incident.told_at is None:
        _send(round_, incident, NoticeKind.FIRING, _routed(round_, incident).to)
    elif _has_grown(incident, rule, round_.now):
        more = incident.orders - incident.told_orders
        round_.note(incident, EntryKind.GREW, f"{more} more orders since people were told")
        _send(round_, incident, NoticeKind.UPDATE, _routed(round_, incident).to)
    if incident.acknowledged_at is None and incident.escalated_at is None:
        _escalate(round_, incident, _routed(round_, incident))


def _escalate(round_: Round, incident: Incident, routed: Routed) -> None:
    if _is_left_alone(incident, routed, round_.now):
        incident.escalated_at = round_.now
        after = in_words(routed.escalate_after) if routed.escalate_after else ""
        text = f"Nobody acknowledged within {after}: {', '.join(routed.escalate_to)} told"
        round_.note(incident, EntryKind.ESCALATED, text)
        round_.told.append(Telling(incident, NoticeKind.ESCALATION, routed.escalate_to))


def _has_grown(incident: Incident, rule: Rule, now: datetime) -> bool:
    """Whether it is so much larger than people know that it is worth saying again."""
    return (
        incident.orders > incident.told_orders
        and incident.orders >= GROWN * incident.told_orders
        and incident.told_at is not None
        and now - incident.told_at >= rule.update_every
    )


def _is_left_alone(incident: Incident, routed: Routed, now: datetime) -> bool:
    return (
        routed.escalate_after is not None
        and bool(routed.escalate_to)
        and now - incident.fired_at >= routed.escalate_after
    )


def _routed(round_: Round, incident: Incident) -> Routed:
    return route(round_.at.book, incident, round_.now)


def _send(round_: Round, incident: Incident, kind: NoticeKind, channels: tuple[str, ...]) -> None:
    incident.told_at = round_.now
    incident.told_orders = incident.orders
    round_.touch(incident)
    if channels:
        round_.told.append(Telling(incident, kind, channels))


def _summarise(round_: Round, incident: Incident) -> None:
    """What a resolved incident is worth telling to those who were not in it."""
    assert incident.resolved_at is not None
    facts: Facts = {
        "rule": incident.rule,
        "state": str(incident.state),
        "priority": str(incident.priority),
        "team": incident.team,
        "orders": float(incident.orders),
        "money": float(incident.money),
        "lasted_s": (incident.resolved_at - incident.fired_at).total_seconds(),
    }
    for rule, watch in watches(round_.at.book, Look.INCIDENT):
        if decide(round_, rule, watch, facts):
            to = route(round_.at.book, incident, round_.now, rule.team).to
            round_.told.append(Telling(incident, NoticeKind.SUMMARY, to, rule))


def _tell_reports(round_: Round) -> None:
    for telling in round_.told:
        if telling.kind is NoticeKind.REPORT:
            telling.channels = _routed(round_, telling.incident).to
