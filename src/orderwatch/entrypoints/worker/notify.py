"""The worker's sender: a task for each channel with something to send, woken by word or clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final, Protocol

import structlog

from orderwatch.app.administer import Directory
from orderwatch.app.repeat_alerts import Reminders, repeat_alerts
from orderwatch.app.send_notices import Sending, send_notices
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import TenantId

_log = structlog.get_logger("orderwatch.sender")
_EVERY_S: Final = 1.0
_TENANTS_EVERY_S: Final = 2.0
_REPEAT_EVERY_S: Final = 60.0
_MOST_CHANNELS: Final = 64
"""Channels that are sent to at the same time: a slow one takes one of these places."""

_Work = Coroutine[Any, Any, None]


class Wakes(Protocol):
    """Who says that notices were put into the outbox."""

    async def wait(self, most_s: float) -> set[TenantId]:
        """The tenants of whom word came; after `most_s` seconds possibly none."""
        ...


async def notify(
    sending: Sending, reminders: Reminders, directory: Directory, wakes: Wakes
) -> None:
    """Run until cancelled. Nothing that goes wrong with one channel, or once, ends it."""
    async with asyncio.TaskGroup() as group:
        await _Sender(sending, reminders, directory, group).run(wakes)


class _Sender:
    def __init__(
        self,
        sending: Sending,
        reminders: Reminders,
        directory: Directory,
        group: asyncio.TaskGroup,
    ) -> None:
        self._sending = sending
        self._reminders = reminders
        self._directory = directory
        self._group = group
        self._places = asyncio.Semaphore(_MOST_CHANNELS)
        self._busy: set[tuple[TenantId, str]] = set()
        self._again: set[tuple[TenantId, str]] = set()
        self._names: dict[TenantId, str] = {}

    async def run(self, wakes: Wakes) -> None:
        clock = asyncio.get_running_loop().time
        tenants_at = all_at = repeat_at = 0.0
        while True:
            woken = await wakes.wait(max(0.0, all_at - clock()))
            now = clock()
            if now >= tenants_at:
                await self._learn_tenants()
                tenants_at = now + _TENANTS_EVERY_S
            if now >= all_at:
                woken, all_at = {*self._names}, now + _EVERY_S
            await self._look(woken)
            if now >= repeat_at:
                repeat_at = now + _REPEAT_EVERY_S
                self._start(TenantId(0), "repeat", self._repeat())

    async def _learn_tenants(self) -> None:
        try:
            tenants = await self._directory.tenants()
        except OrderwatchError as error:
            _log.warning("tenants unknown", error=str(error))
            return
        self._names = {one.tenant_id: one.name for one in tenants if one.disabled_at is None}

    async def _look(self, tenants: Iterable[TenantId]) -> None:
        for tenant in tenants:
            if tenant not in self._names:
                continue
            try:
                channels = await self._sending.outbox.due(tenant, self._sending.now())
            except OrderwatchError as error:
                _log.warning("outbox not read", tenant=tenant, error=str(error))
                return
            for channel in channels:
                self._start(tenant, channel, self._send(tenant, channel))

    def _start(self, tenant: TenantId, what: str, work: _Work) -> None:
        """Begin a piece of work; when the same is under way, it goes on a little longer."""
        key = (tenant, what)
        if key in self._busy:
            self._again.add(key)
            work.close()
            return
        self._busy.add(key)
        task = self._group.create_task(work, name=f"send {tenant} {what}")
        task.add_done_callback(lambda _: self._busy.discard(key))

    async def _send(self, tenant: TenantId, channel: str) -> None:
        async with self._places:
            try:
                await self._send_all(tenant, channel)
            except OrderwatchError as error:
                _log.warning("notices not sent", tenant=tenant, channel=channel, error=str(error))
            except Exception:  # noqa: BLE001 - the outermost line of the sender's loop
                _log.exception("notices not sent", tenant=tenant, channel=channel)

    async def _send_all(self, tenant: TenantId, channel: str) -> None:
        while True:
            self._again.discard((tenant, channel))
            await send_notices(self._sending, tenant, self._names[tenant], channel)
            if (tenant, channel) not in self._again:
                return

    async def _repeat(self) -> None:
        for tenant, name in list(self._names.items()):
            try:
                await repeat_alerts(self._sending, self._reminders, tenant, name)
            except OrderwatchError as error:
                _log.warning("alerts not repeated", tenant=tenant, error=str(error))
            except Exception:  # noqa: BLE001 - the outermost line of the sender's loop
                _log.exception("alerts not repeated", tenant=tenant)
