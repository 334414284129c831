"""Change a tenant's flow template: draft it, see what it would change, put it in force, rebuild."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec import Struct

from orderwatch.app.administer import Directory, NotPossible, TemplateVersion
from orderwatch.app.audit import AuditLog
from orderwatch.app.known_templates import NoTemplate, parse
from orderwatch.app.preview_template import (
    MOST_COUNTED,
    Preview,
    Previewer,
    Rules,
    count_open,
    preview_template,
)
from orderwatch.app.rebuild_state import RebuildStore, rebuild_state
from orderwatch.app.run_jobs import Job, Jobs
from orderwatch.core.flow.differences import Differences, differences
from orderwatch.core.flow.parse import TemplateError, parse_template
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.deeds import state_rebuilt
from orderwatch.core.reading.wanted import OrderFilter
from orderwatch.core.saying import sentence

_SAME: Final = sentence("This is what is in force already; nothing would change.")


class InForce(Struct, frozen=True):
    """The version in force: its text, and what it says."""

    version: TemplateVersion
    source: str
    template: Template


class Draft(Struct, frozen=True):
    """A template that is not in force yet, beside the one it was drafted from."""

    source: str
    template: Template
    base: InForce
    differences: Differences


class TemplateDesk(Struct, frozen=True):
    """A person at work on one tenant's template. `now` is an aware clock."""

    directory: Directory
    previewer: Previewer
    store: RebuildStore
    audit: AuditLog
    jobs: Jobs
    tenant: TenantId
    actor: Actor
    now: Callable[[], datetime]


async def read_in_force(directory: Directory, tenant: TenantId) -> InForce:
    """What is in force, as it is this very moment; raises NoTemplate."""
    versions = await directory.template_versions(tenant)
    source = await directory.template_source(tenant, versions[0].version) if versions else None
    if source is None:
        raise NoTemplate(f"Tenant {tenant} has no flow template.")
    return InForce(versions[0], source, parse(source))


async def begin_draft(desk: TemplateDesk, source: str) -> Job | tuple[TemplateError, ...]:
    """Check a text and begin to count what it would change; else everything wrong with it.

    NotPossible when it changes nothing. An earlier draft of this tenant makes room.
    """
    read = parse_template(source)
    if not isinstance(read, Template):
        return read
    base = await read_in_force(desk.directory, desk.tenant)
    if source == base.source:
        raise NotPossible(_SAME)
    draft = Draft(source, read, base, differences(base.template, read))
    await desk.jobs.make_room(desk.tenant, "draft", desk.previewer.at_most)
    job = desk.jobs.begin(
        desk.tenant, "draft", draft, desk.actor.name, lambda job: _preview(desk, draft, job)
    )
    assert job is not None
    return job


async def _preview(desk: TemplateDesk, draft: Draft, job: Job) -> None:
    job.found = found = Preview()
    job.total = await count_open(desk.previewer, desk.tenant, draft.base.template)
    rules = Rules(draft.base.template, draft.template)
    async for looked in preview_template(desk.previewer, desk.tenant, rules, found):
        job.done += looked


async def apply_draft(desk: TemplateDesk, job: Job) -> int:
    """Put a draft in force; its version. NotPossible when another one was faster."""
    draft: Draft = job.about
    (newest, *_) = await desk.directory.template_versions(desk.tenant)
    if newest.version != draft.base.version.version:
        raise NotPossible(
            sentence(
                "Version %(version)s was put in force while you were at it. "
                "Look at it, and make your change again.",
                version=newest.version,
            )
        )
    version = await desk.directory.apply_template(
        desk.tenant, draft.template.name, draft.source, desk.actor
    )
    if job.running and job.task is not None:
        job.task.cancel()
        await desk.jobs.wait(job, desk.previewer.at_most)
    desk.jobs.dismiss(desk.tenant, "draft", job.id)
    return version


async def begin_rebuild(desk: TemplateDesk) -> Job | None:
    """Fold every order again by the rules in force; None while that is being done."""
    in_force = await read_in_force(desk.directory, desk.tenant)

    async def work(job: Job) -> None:
        await desk.audit.write(desk.tenant, desk.actor, state_rebuilt(in_force.version.version))
        job.total = await desk.previewer.orders.count(desk.tenant, OrderFilter(), MOST_COUNTED)

        def reached(done: int) -> None:
            job.done = done

        job.found = await rebuild_state(
            desk.store, desk.tenant, in_force.template, desk.now, reached
        )

    return desk.jobs.begin(desk.tenant, "rebuild", in_force.version.version, desk.actor.name, work)
