"""Conditions of windows, silences and schedules begin and end incidents; calm ends those of orders.

inactive, pending (true, but not yet for the rule's `hold`), firing, resolved. An incident ends
because its condition was looked at again and is over for the rule's `calm`, never by a clock alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from orderwatch.core.alerting.book import Look, Rule
from orderwatch.core.alerting.figures import Finding
from orderwatch.core.alerting.incident import GROUP_SEPARATOR, Incident
from orderwatch.core.alerting.join import decide, new_incident
from orderwatch.core.alerting.notice import NoticeKind
from orderwatch.core.alerting.situation import (
    GroupKey,
    Round,
    Telling,
    open_incident,
    resolve,
)

EXTERNAL: Final = "external"
"""The look of incidents that another system raises and ends."""
_OF_ORDERS: Final = frozenset({Look.ORDER.value, Look.DEADLINE.value})


def conclude_findings(round_: Round) -> None:
    """Begin, keep and let go of incidents by what was found this round."""
    seen: set[GroupKey] = set()
    for finding in round_.at.findings:
        rule = round_.at.book.rules[finding.rule]
        key = _key(finding)
        seen.add(key)
        decided = decide(round_, rule, rule.watches[finding.watch], finding.facts)
        if decided:
            _found(round_, rule, finding, key)
        elif decided is not None:
            _not_found(round_, key)
    for key in list(_unseen(round_, seen)):
        _not_found(round_, key)


def resolve_what_is_over(round_: Round) -> None:
    """End every incident whose condition is over for long enough, or that nobody watches now."""
    for incident in round_.firing:
        rule = round_.at.book.rules.get(incident.rule)
        look = incident.about.get("look")
        if look == EXTERNAL:
            continue
        if rule is None or not rule.enabled:
            resolve(round_, incident, "Nobody watches this any more: its rule was switched off.")
        elif look in _OF_ORDERS:
            _resolve_orders(round_, rule, incident)
        elif look == Look.NOTICE.value:
            _resolve_notice(round_, incident)
        elif incident.well_since and round_.now - incident.well_since >= rule.calm:
            resolve(round_, incident, "Its condition is over.")


def _key(finding: Finding) -> GroupKey:
    """Each watch of a rule has incidents of its own: of yesterday, and of today."""
    place = f"{GROUP_SEPARATOR}{finding.watch}" if finding.watch else ""
    return finding.rule, finding.group + place


def _found(round_: Round, rule: Rule, finding: Finding, key: GroupKey) -> None:
    known = round_.by_group.get(key)
    look = rule.watches[finding.watch].look.value
    about = {**finding.about, **finding.facts, "look": look}
    if known is not None and known.is_firing:
        known.about = about
        known.well_since = None
        round_.touch(known)
        return
    since = round_.pending.setdefault(key, round_.now)
    if round_.now - since < rule.hold:
        return
    del round_.pending[key]
    incident = new_incident(round_, rule, key[1], about, finding.cause_at)
    if rule.once:
        round_.told.append(Telling(incident, NoticeKind.REPORT, ()))
    else:
        open_incident(round_, incident)


def _not_found(round_: Round, key: GroupKey) -> None:
    round_.pending.pop(key, None)
    known = round_.by_group.get(key)
    if known is not None and known.is_firing and known.well_since is None:
        known.well_since = round_.now
        round_.touch(known)


def _unseen(round_: Round, seen: set[GroupKey]) -> Iterator[GroupKey]:
    """What was looked at and found nothing about: shops are closed, too little to conclude from.

    A schedule says nothing between its times, so what it found stays until the next one.
    """
    looked = {look.value for look in round_.at.looked} - {Look.SCHEDULE.value}
    for key, incident in round_.by_group.items():
        if key not in seen and incident.is_firing and incident.about.get("look") in looked:
            yield key
    yield from (
        key for key in list(round_.pending) if key not in seen and _is_looked_at(round_, key)
    )


def _is_looked_at(round_: Round, key: GroupKey) -> bool:
    """Whether this round looked at what the rule of a pending condition looks at."""
    rule = round_.at.book.rules.get(key[0])
    return rule is None or any(watch.look in round_.at.looked for watch in rule.watches)


def _resolve_orders(round_: Round, rule: Rule, incident: Incident) -> None:
    joined = incident.last_joined_at or incident.fired_at
    if incident.still_open or round_.now - joined < rule.calm:
        return
    ended = "is in trouble any more" if incident.orders > 1 else "in trouble any more"
    none = "None of them " if incident.orders > 1 else "It is not "
    resolve(round_, incident, f"{none}{ended}, and no other came.")


def _resolve_notice(round_: Round, incident: Incident) -> None:
    failed_at: datetime = incident.last_joined_at or incident.fired_at
    delivered = round_.at.delivered.get(str(incident.about.get("channel", "")))
    if delivered is not None and delivered > failed_at:
        resolve(round_, incident, "The channel takes notices again.")
