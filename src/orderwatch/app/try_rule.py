"""Try a rule on the recorded past as a job: that of a draft, or that in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.app.backtest_rules import CannotBacktest, Past, Trial, backtest_rule
from orderwatch.app.change_rules import RuleDesk, check_book, read_book_in_force
from orderwatch.app.run_jobs import Job, Jobs
from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.parse import BookError
from orderwatch.core.saying import sentence

MAKES_ROOM_WITHIN: Final = timedelta(seconds=5)
_OVERTAKEN: Final = sentence("Somebody else tries a rule this very moment. Look what it finds.")


class TrialDesk(Struct, frozen=True):
    """A person who tries rules. `now` is an aware clock."""

    rules: RuleDesk
    past: Past
    jobs: Jobs
    now: Callable[[], datetime]


class Tried(Struct, frozen=True):
    """What a job tries: a rule, how far back, and the text of the draft, if it is one."""

    rule: str
    title: str
    back: timedelta
    source: str | None


async def begin_backtest(
    desk: TrialDesk, rule: str, back: timedelta, source: str | None
) -> Job | tuple[BookError, ...]:
    """Begin to try a rule; of a text with mistakes, these. CannotBacktest: there is no such rule,
    or somebody else was faster.

    An earlier trial of this tenant makes room. What is found is a Backtest.
    """
    active = (await read_book_in_force(desk.rules)).known.book
    read = active if source is None else await check_book(desk.rules, source)
    if not isinstance(read, Book):
        return read
    if rule not in read.rules:
        raise CannotBacktest(sentence("There is no rule %(rule)s.", rule=rule))
    until = desk.now()
    flow = await desk.rules.flows.of(desk.rules.tenant)
    trial = Trial(rule, read, active, flow, until - back, until)
    tenant = desk.rules.tenant
    await desk.jobs.make_room(tenant, "backtest", MAKES_ROOM_WITHIN)
    about = Tried(rule, read.rules[rule].title, back, source)
    job = desk.jobs.begin(
        tenant, "backtest", about, desk.rules.actor.name, lambda job: _replay(desk, trial, job)
    )
    if job is None:
        raise CannotBacktest(_OVERTAKEN)
    return job


async def _replay(desk: TrialDesk, trial: Trial, job: Job) -> None:
    tenant = desk.rules.tenant
    job.total = await desk.past.count(tenant, trial.since, trial.until)

    def reached(done: int) -> None:
        job.done = done

    job.found = await backtest_rule(desk.past, tenant, trial, reached)
