"""The worker's second loop: evaluates alert rules when something is noted, and by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog
from msgspec import Struct

from orderwatch.app.administer import Directory
from orderwatch.app.evaluate_alerts import Alerting, Books, Evaluated, evaluate_alerts
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.ring_bell import Bell
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import TenantId

_log = structlog.get_logger("orderwatch.worker")
_LOOK_EVERY: Final = 0.25
"""Seconds between two looks for what another process noted."""
_UPKEEP_EVERY: Final = 1.0
"""Of what only time moves while something is under way: calm, hold, updates, escalations."""
_ROUND_EVERY: Final = 5.0
"""Of everything: windows, silences and schedules, which say themselves when they are due."""
_TENANTS_EVERY: Final = timedelta(seconds=2).total_seconds()
_AT_ONCE: Final = 4


class Watch(Struct, frozen=True):
    """All that the loop needs. `moved` tells open pages which incidents did."""

    alerting: Alerting
    directory: Directory
    books: Books
    templates: KnownTemplates
    bell: Bell
    moved: Callable[[TenantId, Sequence[IncidentId]], None]


async def alert(watch: Watch) -> None:
    """Run until cancelled. Nothing that goes wrong with one tenant, or once, ends it."""
    clock = asyncio.get_running_loop().time
    tenants: list[TenantId] = []
    tenants_at = upkeep_at = round_at = 0.0
    while True:
        rung = await watch.bell.wait(_LOOK_EVERY)
        now = clock()
        if now >= tenants_at:
            tenants, tenants_at = await _tenants(watch, tenants), now + _TENANTS_EVERY
        everything, upkeep = now >= round_at, now >= upkeep_at
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(
            *(
                _look(watch, tenant, gate, certain=everything or tenant in rung, upkeep=upkeep)
                for tenant in tenants
                if everything or upkeep or not rung or tenant in rung
            )
        )
        if upkeep:
            upkeep_at = now + _UPKEEP_EVERY
        if everything:
            round_at = now + _ROUND_EVERY


async def _tenants(watch: Watch, known: list[TenantId]) -> list[TenantId]:
    try:
        tenants = await watch.directory.tenants()
    except OrderwatchError as error:
        _log.warning("tenants unknown", error=str(error))
        return known
    return [one.tenant_id for one in tenants if one.disabled_at is None]


async def _look(
    watch: Watch, tenant: TenantId, gate: asyncio.Semaphore, *, certain: bool, upkeep: bool
) -> None:
    async with gate:
        try:
            if not certain:
                stirring = await watch.alerting.store.stirring(tenant)
                if not stirring.causes and not (upkeep and stirring.under_way):
                    return
            while await _evaluate(watch, tenant):
                pass
        except OrderwatchError as error:
            _log.warning("alerts not evaluated", tenant=tenant, error=str(error))
        except Exception:  # noqa: BLE001 - the outermost line of the worker's loop
            _log.exception("alerts not evaluated", tenant=tenant)


async def _evaluate(watch: Watch, tenant: TenantId) -> bool:
    """One round; whether more causes wait."""
    template = await watch.templates.of(tenant)
    book = await watch.books.of(tenant)
    evaluated: Evaluated = await evaluate_alerts(watch.alerting, tenant, book, template)
    if evaluated.moved:
        watch.moved(tenant, evaluated.moved)
    for broken in evaluated.broken:
        said = {"rule": broken.rule, "error": broken.why, "times": broken.times}
        _log.warning("rule not decided", tenant=tenant, **said)
    return evaluated.more
