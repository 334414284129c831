"""The script of one kind of order: the plan's steps it will take, compiled once and kept."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.simulation.plan import Plan, Promise, Step

CANCEL = "setback.canceled"


class Line(Struct, frozen=True):
    """One step of a script: which lines it waits for, whether it outlives the script's end."""

    step: Step
    source: str
    after: tuple[int, ...]
    promise: Promise | None
    says_why: bool
    follows_end: bool


class Change(Struct, frozen=True):
    """How a script departs from the plan: a setback (does the OMS cancel?), or a dead stop."""

    setback: str | None = None
    cancels: bool = False
    stuck_at: str | None = None


AS_PLANNED = Change()


class Scripts:
    """All scripts of a plan; asked for by the order's traits and what goes wrong."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.of = lru_cache(maxsize=4096)(self._compiled)

    def steps(self, traits: frozenset[str]) -> tuple[Step, ...]:
        """The steps such an order takes when nothing goes wrong."""
        return tuple(line.step for line in self.of(traits, AS_PLANNED))

    def _compiled(self, traits: frozenset[str], change: Change) -> tuple[Line, ...]:
        steps = _taken(self._plan, traits)
        unlucky = None
        if change.setback is not None:
            steps, unlucky = _set_back(self._plan, steps, change)
        if change.stuck_at is not None:
            stuck = {change.stuck_at}
            steps = [step for step in _without_followers(steps, stuck) if step.name not in stuck]
        return _lines(self._plan, steps, traits, unlucky)


def _taken(plan: Plan, traits: frozenset[str]) -> list[Step]:
    """The plan's steps for an order of these traits, in topological order."""
    taken: dict[str, Step] = {}
    for step in plan.steps:
        fits = traits.issuperset(step.when) and traits.isdisjoint(step.unless)
        if fits and (not step.after or any(name in taken for name in step.after)):
            taken[step.name] = step
    return list(taken.values())


def _set_back(plan: Plan, steps: list[Step], change: Change) -> tuple[list[Step], str | None]:
    setback = plan.setbacks[change.setback or ""]
    unlucky = next((step for step in steps if step.name in setback.steps), None)
    if unlucky is None:
        return steps, None
    kept = [
        replace(step, status=setback.status, amount=None) if step is unlucky else step
        for step in _without_followers(steps, {unlucky.name})
    ]
    if change.cancels:
        kept.append(
            Step(
                CANCEL,
                plan.meaning.oms,
                plan.cancel,
                after=(unlucky.name,),
                takes=setback.cancel_takes,
                amount="order_total",
                ends=True,
            )
        )
    return kept, unlucky.name


def _without_followers(steps: list[Step], roots: set[str]) -> list[Step]:
    """The steps that do not depend on the roots; the roots themselves stay."""
    gone = set(roots)
    kept = []
    for step in steps:
        if step.name in roots or gone.isdisjoint(step.after):
            kept.append(step)
        else:
            gone.add(step.name)
    return kept


def _lines(
    plan: Plan, steps: list[Step], traits: frozenset[str], unlucky: str | None
) -> tuple[Line, ...]:
    number = {step.name: position for position, step in enumerate(steps)}
    lines: list[Line] = []
    for step in steps:
        after = tuple(number[name] for name in step.after if name in number)
        lines.append(
            Line(
                step=step,
                source="/" + step.system.replace("_", "-"),
                after=after,
                promise=_promise(plan, step, traits),
                says_why=step.name == unlucky,
                follows_end=any(lines[at].step.ends or lines[at].follows_end for at in after),
            )
        )
    return tuple(lines)


def _promise(plan: Plan, step: Step, traits: frozenset[str]) -> Promise | None:
    for promise in plan.promises:
        if step.name in promise.steps and traits.issuperset(promise.when):
            return promise
    return None
