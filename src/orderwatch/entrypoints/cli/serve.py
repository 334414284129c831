"""`orderwatch serve`: the product, on the configured database."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack, suppress
from enum import StrEnum
from typing import Annotated

import typer
import uvloop

from orderwatch.app.sign_in import invite_first
from orderwatch.bootstrap import (
    House,
    bring_up_to_date,
    database_url,
    environment_settings,
    first_tenant,
    log_as_ecs,
    open_house,
)
from orderwatch.core.model import TenantId
from orderwatch.entrypoints.cli.output import complaints, messages
from orderwatch.entrypoints.cli.web import address, listen, run, web_app
from orderwatch.entrypoints.worker.alert import Watch, alert
from orderwatch.entrypoints.worker.notify import notify
from orderwatch.entrypoints.worker.tend import tend


class Role(StrEnum):
    """What a process does: answer requests, tend what time brings, or both."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


def serve(
    role: Annotated[Role, typer.Option(help="What this process does.")] = Role.ALL,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8080,
) -> None:
    """Run Orderwatch on ORDERWATCH_DATABASE_URL, or on an embedded database."""
    with complaints():
        settings = environment_settings()
        log_as_ecs(settings)
        listening = listen(host, port)
        with database_url(settings) as url:
            bring_up_to_date(settings, url)

            async def main() -> None:
                async with AsyncExitStack() as stack:
                    house = await stack.enter_async_context(open_house(settings, url))
                    tenant = await first_tenant(house.directory)
                    messages.print(f"Orderwatch answers at {address(listening)}")
                    if role is not Role.WORKER:
                        await _invite_first(house, tenant, address(listening))
                    calm_the_collector()
                    if role is not Role.API:
                        await stack.enter_async_context(tending(house))
                    await run(web_app(house), house.hub, [listening])

            uvloop.run(main())


async def _invite_first(house: House, tenant: TenantId, url: str) -> None:
    """As long as nobody has an account, every start prints a link that makes the first one."""
    token = await invite_first(house.reception.door, tenant)
    if token is not None:
        messages.print("Nobody has an account yet. Make the administrator's, once, within a day:")
        messages.print(f"  {url}/welcome?token={token}", soft_wrap=True)


class tending:  # noqa: N801 - reads as what it does: `async with tending(house)`
    """The worker's loops for as long as the block lasts."""

    def __init__(self, house: House) -> None:
        """The house is open."""
        self._house = house
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> None:
        """Start the loops."""
        house = self._house
        loops = (
            tend(house.tending, house.settings.watch_every),
            alert(_watch(house)),
            _send_notices(house),
        )
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def __aexit__(self, *_: object) -> None:
        """Stop them; what is under way is rolled back and taken up by the next worker."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task


def _watch(house: House) -> Watch:
    return Watch(
        alerting=house.alarms.alerting,
        directory=house.directory,
        books=house.books,
        templates=house.templates,
        bell=house.alarms.bell,
        moved=house.announcements.announce_incidents,
    )


async def _send_notices(house: House) -> None:
    post = house.post
    async with post.wakes.listening():
        await notify(post.sending, post.outbox, house.directory, post.wakes)


def calm_the_collector() -> None:
    """What was loaded stays; the rest dies young and is freed without the cycle collector."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
