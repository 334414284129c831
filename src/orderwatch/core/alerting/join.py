"""Orders join incidents, and leave them: what each cause of the ledger means to each rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from orderwatch.core.alerting.book import Book, Look, Rule, Scope, Watch
from orderwatch.core.alerting.condition import ConditionFailed
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.incident import (
    DIMENSIONS,
    GROUP_SEPARATOR,
    MOST_VALUES,
    OTHER,
    EntryKind,
    Incident,
    IncidentId,
    Member,
)
from orderwatch.core.alerting.order_facts import facts_of
from orderwatch.core.alerting.situation import Broken, FailedNotice, Round, open_incident
from orderwatch.core.tracking.causes import Cause

MOST_GROUPS = 20
"""Incidents of one rule at a time; what would be one more joins the group of all others."""


def join_causes(round_: Round) -> None:
    """Let every cause find its incidents, in the order in which they were noted."""
    for cause in round_.at.causes:
        facts = facts_of(cause, round_.now)
        wanted: set[int] = set()
        for rule, watch in _concerned(round_.at.book, cause, round_):
            decided = decide(round_, rule, watch, facts)
            if decided:
                incident = _incident_for(round_, rule, watch, cause, facts)
                _join(round_, incident, cause)
                wanted.add(id(incident))
            elif decided is None:
                wanted |= _places(round_, cause, rule)
        _leave(round_, cause, wanted)


def _places(round_: Round, cause: Cause, rule: Rule) -> set[int]:
    """The incidents of a rule that the order is part of already."""
    members = round_.members_of(cause.order_id)
    return {token for token in members if round_.incidents[token].rule == rule.id}


def join_failed_notices(round_: Round) -> None:
    """A notice that could not be delivered is itself an incident, of its channel."""
    for failed in round_.at.failed_notices:
        facts: Facts = {
            "channel": failed.channel,
            "kind": failed.kind,
            "attempts": float(failed.attempts),
        }
        for rule, watch in watches(round_.at.book, Look.NOTICE):
            if decide(round_, rule, watch, facts):
                _note_failure(round_, rule, failed, facts)


def watches(book: Book, *looks: Look) -> Iterator[tuple[Rule, Watch]]:
    """Each watch of an enabled rule that looks at one of these."""
    for rule in book.rules.values():
        if rule.enabled:
            yield from ((rule, watch) for watch in rule.watches if watch.look in looks)


def decide(round_: Round, rule: Rule, watch: Watch, facts: Facts) -> bool | None:
    """Whether the condition is true. None: it cannot be decided, which is noted and stops no other
    rule; whatever was concluded before stays as it is.
    """
    try:
        return watch.when.holds(facts)
    except ConditionFailed as error:
        known = round_.broken.get(rule.id)
        why, times = (known.why, known.times) if known else (str(error), 0)
        round_.broken[rule.id] = Broken(rule.id, why, times + 1)
        return None


def in_scope(scope: Scope, facts: Mapping[str, object]) -> bool:
    """Whether a rule speaks of these."""
    return (
        (not scope.channels or facts.get("channel") in scope.channels)
        and (not scope.systems or facts.get("system") in scope.systems)
        and (not scope.locations or facts.get("location") in scope.locations)
    )


def _concerned(book: Book, cause: Cause, round_: Round) -> Iterator[tuple[Rule, Watch]]:
    """The rules that look at such a cause. What is only well again concerns nobody anew."""
    if not cause.is_trouble:
        return
    looks = (Look.ORDER, Look.DEADLINE) if cause.overdue else (Look.ORDER,)
    about = {"channel": cause.channel, "system": cause.system, "location": cause.location}
    for rule, watch in watches(book, *looks):
        young = round_.now - cause.at <= rule.ignore_older_than
        if young and in_scope(rule.scope, about):
            yield rule, watch


def _incident_for(round_: Round, rule: Rule, watch: Watch, cause: Cause, facts: Facts) -> Incident:
    about = {name: facts.get(name, "") for name in rule.group_by}
    group = group_of(about)
    known = round_.by_group.get((rule.id, group))
    if known is not None and known.is_firing:
        return known
    if sum(1 for one in round_.firing if one.rule == rule.id) >= MOST_GROUPS:
        about, group = dict.fromkeys(rule.group_by, OTHER), OTHER
        known = round_.by_group.get((rule.id, group))
        if known is not None and known.is_firing:
            return known
    return open_incident(
        round_,
        new_incident(round_, rule, group, about | {"look": watch.look.value}, cause.at),
    )


def group_of(about: Mapping[str, object]) -> str:
    """The group's name among those of its rule."""
    return GROUP_SEPARATOR.join(str(value) for value in about.values())


def new_incident(
    round_: Round, rule: Rule, group: str, about: Facts, cause_at: datetime
) -> Incident:
    """An incident of a rule that fires now. Its title is written when it is told."""
    return Incident(
        id=IncidentId(0),
        rule=rule.id,
        group=group,
        priority=rule.priority,
        team=rule.team,
        title=rule.title,
        cause_at=cause_at,
        fired_at=round_.now,
        about=about,
        labels=dict(rule.labels),
        runbook=rule.runbook,
        currency=round_.at.template.currency,
    )


def _join(round_: Round, incident: Incident, cause: Cause) -> None:
    known = round_.members_of(cause.order_id).get(id(incident))
    marks = () if cause.final else (cause.mark,)
    if known is None:
        member = _member(round_, incident, cause, marks)
        incident.orders += 1
        incident.money += member.amount
        _count(incident, member)
    else:
        kept = tuple(mark for mark in known.marks if mark != cause.mark)
        member = replace(known, marks=kept + marks, recovered_at=None)
    _set_member(round_, incident, member, known)
    if known is None or not known.marks:
        incident.last_joined_at = round_.now
        incident.cause_at = min(incident.cause_at, cause.at)
    incident.well_since = None


def _member(round_: Round, incident: Incident, cause: Cause, marks: tuple[str, ...]) -> Member:
    return Member(
        incident=incident.id,
        order_id=cause.order_id,
        joined_at=round_.now,
        cause_at=cause.at,
        system=cause.system,
        reason=cause.reason,
        status=cause.status,
        channel=cause.channel,
        location=cause.location,
        payment=cause.payment,
        customer=cause.customer,
        amount=Decimal(cause.amount),
        marks=marks,
    )


def _count(incident: Incident, member: Member) -> None:
    """Tally what the order is like, for what the incident's orders have in common."""
    for dimension in DIMENSIONS:
        value = str(getattr(member, dimension))
        if not value:
            continue
        counts = incident.tally.setdefault(dimension, {})
        name = value if value in counts or len(counts) < MOST_VALUES else OTHER
        counts[name] = counts.get(name, 0) + 1


def _set_member(round_: Round, incident: Incident, member: Member, before: Member | None) -> None:
    was_open = before is not None and bool(before.marks)
    incident.still_open += bool(member.marks) - was_open
    round_.members_of(member.order_id)[id(incident)] = member
    round_.joined[id(incident), member.order_id] = (incident, member)
    round_.touch(incident)


def _leave(round_: Round, cause: Cause, wanted: set[int]) -> None:
    """The order is no longer in trouble of this kind: it leaves the incidents that thought so."""
    for token, member in list(round_.members_of(cause.order_id).items()):
        if cause.mark not in member.marks or token in wanted:
            continue
        incident = round_.incidents[token]
        marks = tuple(mark for mark in member.marks if mark != cause.mark)
        recovered = round_.now if not marks and not cause.is_trouble else None
        _set_member(round_, incident, replace(member, marks=marks, recovered_at=recovered), member)


def _note_failure(round_: Round, rule: Rule, failed: FailedNotice, facts: Facts) -> None:
    group = f"channel{GROUP_SEPARATOR}{failed.channel}"
    known = round_.by_group.get((rule.id, group))
    if known is None or not known.is_firing:
        about = facts | {"look": Look.NOTICE.value}
        known = open_incident(round_, new_incident(round_, rule, group, about, round_.now))
    known.last_joined_at = round_.now
    tried = f"given up after {failed.attempts} tries" if failed.attempts > 1 else "refused"
    round_.note(known, EntryKind.NOT_TOLD, f"{failed.channel}: {tried}: {failed.title}")
