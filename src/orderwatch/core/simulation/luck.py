"""Luck: which fault rules hit an order, how its script departs from the plan, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from orderwatch.core.simulation.chance import DETAILS, FAULTS, chance_of
from orderwatch.core.simulation.damage import DAMAGES, Scene
from orderwatch.core.simulation.faults import FaultPlan, FaultRule
from orderwatch.core.simulation.order import Placed
from orderwatch.core.simulation.plan import Plan
from orderwatch.core.simulation.script import AS_PLANNED, Change, Line, Scripts
from orderwatch.core.simulation.story import NEVER, Delay, Told
from orderwatch.core.simulation.truth import Fault


class Luck:
    """Which rules hit one order, and what they do to it."""

    def __init__(self, plan: Plan, placed: Placed, faults: FaultPlan) -> None:
        self._plan, self._placed = plan, placed
        self._hits: list[tuple[int, FaultRule]] = []
        self._change = AS_PLANNED
        self.traits = placed.traits
        self.natural: str | None = placed.course
        if faults:
            chance = chance_of(placed.seed, placed.number, FAULTS)
            self._hits = [
                (number, rule)
                for number, rule in enumerate(faults)
                if chance.random() < rule.rate
                and (rule.kind in ("slow", "silent") or rule.covers(placed.second))
            ]

    def rules(self, kind: str) -> Sequence[FaultRule]:
        """The hits of one kind."""
        return [rule for _, rule in self._hits if rule.kind == kind]

    def change(self, scripts: Scripts) -> Change:
        """The first setback or dead stop that can happen to the order; it replaces its course."""
        plain = self.traits.difference(self._plan.courses[self._placed.course].traits)
        for number, rule in self._hits:
            if rule.kind in self._plan.setbacks:
                change = self._setback(number, rule, scripts, plain)
            elif rule.kind == "stuck":
                change = self._stuck(number, rule, scripts, plain)
            else:
                continue
            if change is not AS_PLANNED:
                self.traits, self._change, self.natural = plain, change, None
                break
        return self._change

    def _setback(
        self, number: int, rule: FaultRule, scripts: Scripts, traits: frozenset[str]
    ) -> Change:
        setback = self._plan.setbacks[rule.kind]
        if not any(step.name in setback.steps for step in scripts.steps(traits)):
            return AS_PLANNED
        chance = chance_of(self._placed.seed, self._placed.number, DETAILS + number)
        return Change(setback=rule.kind, cancels=chance.random() < setback.cancels)

    def _stuck(
        self, number: int, rule: FaultRule, scripts: Scripts, traits: frozenset[str]
    ) -> Change:
        chance = chance_of(self._placed.seed, self._placed.number, DETAILS + number)
        steps = [
            step
            for step in scripts.steps(traits)
            if step.after and rule.concerns(step.system, step.status)
        ]
        if not steps:
            return AS_PLANNED
        return Change(stuck_at=steps[int(chance.random() * len(steps))].name)

    def befall(
        self,
        script: Sequence[Line],
        times: Sequence[float],
        delays: Sequence[Delay],
        messages: list[Told],
    ) -> list[Fault]:
        """Damages the messages; everything that was done to the order."""
        if not self._hits:
            return []
        done = self._setbacks_done(script, messages)
        done += self._delays_done(script, times, delays)
        for number, rule in self._hits:
            if rule.kind in DAMAGES:
                chance = chance_of(self._placed.seed, self._placed.number, DETAILS + number)
                done += DAMAGES[rule.kind](Scene(self._plan, self._placed, rule, chance), messages)
        return done

    def _setbacks_done(self, script: Sequence[Line], messages: Sequence[Told]) -> list[Fault]:
        if self._change.stuck_at is not None:
            step = next(step for step in self._plan.steps if step.name == self._change.stuck_at)
            last = max((each.event.time for each in messages), default=self._placed.at)
            return [Fault(kind="stuck", system=step.system, at=last, status=step.status)]
        if self._change.setback is None:
            return []
        why = next(line for line in script if line.says_why).step
        return [
            Fault(
                kind=self._change.setback,
                system=said.system,
                at=each.event.time,
                status=said.status,
                event=each.event.id,
                reason=said.reason.code if said.reason else None,
            )
            for each in messages
            if (said := each.event.data).system == why.system and said.status == why.status
        ]

    def _delays_done(
        self, script: Sequence[Line], times: Sequence[float], delays: Sequence[Delay]
    ) -> list[Fault]:
        return [
            Fault(
                kind="slow",
                system=script[delay.line].step.system,
                at=self._placed.at + timedelta(seconds=times[delay.line]),
                status=script[delay.line].step.status,
                delay_s=round(delay.seconds, 3),
            )
            for delay in delays
            if times[delay.line] != NEVER
        ]
