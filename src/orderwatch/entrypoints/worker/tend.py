"""The worker's loop: rounds four times a second, thorough ones by the minute."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from orderwatch.app.tend_ledger import Tending, tend_shelves, tend_tenant
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import TenantId

_log = structlog.get_logger("orderwatch.worker")
_THOROUGH_EVERY = timedelta(minutes=1).total_seconds()
_TENANTS_EVERY = timedelta(seconds=2).total_seconds()
_SHELVES_EVERY = timedelta(hours=1).total_seconds()


async def tend(tending: Tending, every: timedelta) -> None:
    """Run until cancelled. Nothing that goes wrong with one tenant, or once, ends it."""
    clock = asyncio.get_running_loop().time
    tenants: list[TenantId] = []
    tenants_at = thorough_at = shelves_at = 0.0
    while True:
        began = clock()
        if began >= tenants_at:
            tenants, tenants_at = await _tenants(tending, tenants), began + _TENANTS_EVERY
        thorough = began >= thorough_at
        for tenant in tenants:
            await _tend(tending, tenant, thorough)
        if thorough:
            thorough_at = began + _THOROUGH_EVERY
        if began >= shelves_at:
            await _shelves(tending)
            shelves_at = began + _SHELVES_EVERY
        await asyncio.sleep(max(0.01, every.total_seconds() - (clock() - began)))


async def _tenants(tending: Tending, known: list[TenantId]) -> list[TenantId]:
    try:
        tenants = await tending.directory.tenants()
    except OrderwatchError as error:
        _log.warning("tenants unknown", error=str(error))
        return known
    return [one.tenant_id for one in tenants if one.disabled_at is None]


async def _tend(tending: Tending, tenant: TenantId, thorough: bool) -> None:
    try:
        await tend_tenant(tending, tenant, thorough)
    except OrderwatchError as error:
        _log.warning("tenant not tended", tenant=tenant, error=str(error))
    except Exception:  # noqa: BLE001 - the outermost line of the worker's loop
        _log.exception("tenant not tended", tenant=tenant)


async def _shelves(tending: Tending) -> None:
    try:
        dropped = await tend_shelves(tending)
    except OrderwatchError as error:
        _log.warning("shelves not tended", error=str(error))
    except Exception:  # noqa: BLE001 - the outermost line of the worker's loop
        _log.exception("shelves not tended")
    else:
        if dropped:
            _log.info("retention ended", partitions=dropped)
