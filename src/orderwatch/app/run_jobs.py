"""Work that takes longer than a request: it goes on by itself, and anybody may look how far it is.

Jobs live in this process; one that was stopped with it can be started again without harm. There is
at most one of a kind for a tenant, and the last one is remembered until somebody has seen it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from msgspec import Struct

from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import TenantId
from orderwatch.core.saying import sentence

Kind = Literal["letters", "draft", "rebuild", "audit", "backtest"]

REMEMBERED: Final = timedelta(hours=12)
_AWAY: Final = sentence(
    "It was stopped by a fault on our side, which was recorded. Start it again."
)


class Job(Struct, kw_only=True, eq=False):
    """One piece of work: what it is `about`, who began it, how far it is, what came of it so far.

    `total` is how many there are to do, as far as that is known.
    """

    id: str
    kind: Kind
    about: Any
    by: str
    started_at: datetime
    total: int | None = None
    done: int = 0
    found: Any = None
    ended_at: datetime | None = None
    failed: str | None = None
    stopped: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    @property
    def percent(self) -> float:
        """How far it is; a job that does not know how much there is says nothing."""
        return min(100.0, 100 * self.done / self.total) if self.total else 0.0


Work = Callable[[Job], Awaitable[None]]


class Jobs:
    """The jobs of this process, by tenant and kind. Good for one event loop."""

    def __init__(
        self,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        record: Callable[[Exception], None],
    ) -> None:
        """`record` is told of faults of ours."""
        self._now = now
        self._new_id = new_id
        self._record = record
        self._jobs: dict[tuple[TenantId, Kind], Job] = {}

    def begin(self, tenant: TenantId, kind: Kind, about: Any, by: str, work: Work) -> Job | None:
        """Start; None when one of this kind is at work for this tenant."""
        known = self._jobs.get((tenant, kind))
        if known is not None and known.running:
            return None
        job = Job(id=self._new_id(), kind=kind, about=about, by=by, started_at=self._now())
        self._jobs[tenant, kind] = job
        job.task = asyncio.create_task(self._run(job, work), name=f"job {kind}")
        return job

    def of(self, tenant: TenantId, kind: Kind) -> Job | None:
        """The job of this kind that is at work, or the last one."""
        job = self._jobs.get((tenant, kind))
        if job is not None and job.ended_at and self._now() - job.ended_at > REMEMBERED:
            del self._jobs[tenant, kind]
            return None
        return job

    def named(self, tenant: TenantId, kind: Kind, id_: str) -> Job | None:
        """That job, if it is still the last one of its kind."""
        job = self.of(tenant, kind)
        return job if job is not None and job.id == id_ else None

    def dismiss(self, tenant: TenantId, kind: Kind, id_: str) -> None:
        """Stop it if it goes on; forget it if it has ended."""
        job = self.named(tenant, kind, id_)
        if job is None:
            return
        if job.running and job.task is not None:
            job.task.cancel()
        else:
            del self._jobs[tenant, kind]

    async def wait(self, job: Job, at_most: timedelta) -> None:
        """Give a short job the time to end, so that nobody has to look twice."""
        if job.task is not None:
            await asyncio.wait([job.task], timeout=at_most.total_seconds())

    async def make_room(self, tenant: TenantId, kind: Kind, at_most: timedelta) -> None:
        """End the job of this kind that is at work, since a new one takes its place."""
        before = self.of(tenant, kind)
        if before is not None and before.running and before.task is not None:
            before.task.cancel()
            await self.wait(before, at_most)

    async def stop(self) -> None:
        """End all jobs, before what they need goes away."""
        tasks = [job.task for job in self._jobs.values() if job.task and not job.task.done()]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self, job: Job, work: Work) -> None:
        try:
            await work(job)
        except asyncio.CancelledError:
            job.stopped = True
        except OrderwatchError as error:
            job.failed = error.said
        except Exception as error:  # noqa: BLE001 - a job's outermost line: whoever looks is told
            self._record(error)
            job.failed = _AWAY
        finally:
            job.ended_at = self._now()
