"""Faults that befall messages: each changes an order's messages and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.model import Event
from orderwatch.core.simulation.breakage import broken
from orderwatch.core.simulation.chance import Chance
from orderwatch.core.simulation.faults import DAY, FaultRule
from orderwatch.core.simulation.order import Placed, money
from orderwatch.core.simulation.plan import Plan
from orderwatch.core.simulation.story import Told
from orderwatch.core.simulation.truth import Fault


class Scene(Struct, frozen=True):
    """The order whose messages are damaged, the rule that does it, and its chance."""

    plan: Plan
    placed: Placed
    rule: FaultRule
    rng: Chance


Damage = Callable[[Scene, list[Told]], list[Fault]]


def _fault(scene: Scene, event: Event, **more: object) -> Fault:
    said = event.data
    return Fault(
        kind=scene.rule.kind,
        system=said.system,
        at=event.time,
        status=said.status,
        event=event.id,
        **more,  # type: ignore[arg-type]
    )


def _pick(scene: Scene, among: Sequence[Told]) -> Told | None:
    return among[int(scene.rng.random() * len(among))] if among else None


def _one(scene: Scene, messages: Sequence[Told]) -> Told | None:
    """One message the rule is about: not the placing, unless the rule names its status."""
    rule = scene.rule
    return _pick(
        scene,
        [
            each
            for each in messages
            if each.broken is None
            and rule.concerns(each.event.data.system, each.event.data.status)
            and (each.happened > 0 or rule.status is not None)
        ],
    )


def _wrong_total(scene: Scene, messages: list[Told]) -> list[Fault]:
    """Off by a cent, by ten, or by an item's worth."""
    oms = scene.plan.meaning.oms
    stating = [
        each for each in messages if each.event.data.amount and each.event.data.system != oms
    ]
    target = _one(scene, stating)
    if target is None or target.event.data.amount is None:
        return []
    amount = target.event.data.amount
    owed = int(amount.value.replace(".", ""))
    wrong = owed + (1, -1, 10, -10, 4900, -4900)[int(scene.rng.random() * 6)]
    stated = replace(amount, value=money(max(wrong, 1)))
    target.event = replace(target.event, data=replace(target.event.data, amount=stated))
    return [_fault(scene, target.event, stated=stated.value, owed=amount.value)]


def _clock_skew(scene: Scene, messages: list[Told]) -> list[Fault]:
    """All of one system's times are off; they are sent when they always were."""
    target = _pick(scene, [m for m in messages if scene.rule.concerns(m.event.data.system, "")])
    if target is None:
        return []
    system, offset = target.event.data.system, scene.rule.offset
    if offset is None:
        offset = (120 + int(scene.rng.random() * 480)) * (1.0 if scene.rng.random() < 0.5 else -1.0)
    done = []
    for each in messages:
        if each.event.data.system == system:
            each.event = replace(each.event, time=each.event.time + timedelta(seconds=offset))
            done.append(_fault(scene, each.event, offset_s=offset))
    return done[:1]


def _regression(scene: Scene, messages: list[Told]) -> list[Fault]:
    """Between a step forward and the next word, the OMS says again what it said before."""
    meaning = scene.plan.meaning
    spoken = [each for each in messages if each.event.data.system == meaning.oms]
    spoken.sort(key=lambda each: each.happened)
    places = [
        (before, after, following)
        for before, after, following in zip(spoken, spoken[1:], spoken[2:], strict=False)
        if meaning.ranks.get(before.event.data.status, 99)
        < meaning.ranks.get(after.event.data.status, 0)
    ]
    if not places:
        return []
    before, after, following = places[int(scene.rng.random() * len(places))]
    later = (following.happened - after.happened) / 2
    event = replace(
        before.event,
        id=f"{before.event.id}-r{len(messages)}",
        time=after.event.time + (following.event.time - after.event.time) / 2,
    )
    messages.append(Told(event=event, happened=after.happened + later, sent=after.sent + later))
    return [_fault(scene, event)]


def _lost(scene: Scene, messages: list[Told]) -> list[Fault]:
    target = _one(scene, messages)
    if target is None:
        return []
    messages.remove(target)
    return [_fault(scene, target.event)]


def _malformed(scene: Scene, messages: list[Told]) -> list[Fault]:
    target = _one(scene, messages)
    if target is None:
        return []
    way, target.broken = broken(target.event, scene.rng)
    return [_fault(scene, target.event, how=way)]


def _duplicate(scene: Scene, messages: list[Told]) -> list[Fault]:
    """The same bytes again, seconds to minutes later: a sender that missed the answer."""
    target = _pick(scene, [m for m in messages if scene.rule.concerns(m.event.data.system, "")])
    if target is None or target.broken is not None:
        return []
    copies = scene.rule.copies
    target.copies += tuple(
        target.sent + 2 ** (number + 1) * (1 + scene.rng.random()) for number in range(copies)
    )
    return [_fault(scene, target.event, copies=copies)]


def _shuffled(scene: Scene, messages: list[Told]) -> list[Fault]:
    """Every message is late by up to the spread, each by its own time."""
    for each in messages:
        each.sent += scene.rng.random() * scene.rule.spread
    first = min(messages, key=lambda each: each.happened, default=None)
    return [] if first is None else [_fault(scene, first.event, delay_s=scene.rule.spread)]


def _silent(scene: Scene, messages: list[Told]) -> list[Fault]:
    """What the system would have sent in the hours of silence waits for their end, or is lost."""
    rule, second = scene.rule, scene.placed.second
    unheard = [
        each
        for each in messages
        if each.event.data.system == rule.system and rule.covers(second + each.sent)
    ]
    done = []
    for each in unheard:
        wait = rule.until_over((second + each.sent) % DAY) + scene.rng.random() * 60
        if rule.backlog == "lost":
            messages.remove(each)
            done.append(_fault(scene, each.event, how="lost"))
        else:
            each.sent += wait
            done.append(_fault(scene, each.event, how="sent", delay_s=round(wait, 3)))
    return done


DAMAGES: Final[dict[str, Damage]] = {
    "wrong_total": _wrong_total,
    "clock_skew": _clock_skew,
    "regression": _regression,
    "lost": _lost,
    "malformed": _malformed,
    "duplicate": _duplicate,
    "shuffled": _shuffled,
    "silent": _silent,
}
