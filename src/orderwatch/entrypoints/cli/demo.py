"""`orderwatch demo`: everything on this machine: database, simulated systems, pages."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.adapters.http.event_door import EventDoor, Seconds
from orderwatch.app.administer import NotPossible, create_key
from orderwatch.app.deliver import NotDelivered, Patience, TurnedAway
from orderwatch.app.manage_users import NewUser, UserDesk, create_user
from orderwatch.app.play_simulation import play
from orderwatch.app.send_events import Road, Tally
from orderwatch.bootstrap import (
    House,
    bring_up_to_date,
    demo_settings,
    embedded_url,
    first_tenant,
    log_as_ecs,
    open_house,
)
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import THE_PRODUCT
from orderwatch.core.people.roles import Role
from orderwatch.core.simulation.faults import DEMO_FAULTS
from orderwatch.core.simulation.lotus_o2o import demo_plan
from orderwatch.core.simulation.simulate import simulate
from orderwatch.entrypoints.cli.output import complaints, messages
from orderwatch.entrypoints.cli.serve import calm_the_collector, tending
from orderwatch.entrypoints.cli.web import address, listen, server, web_app

PATIENCE = timedelta(hours=1)
SAY_EVERY = timedelta(seconds=1)


class Logins(Struct, frozen=True):
    """The keys made for this run, and the password of each role's person."""

    send: str
    read: str
    people: dict[Role, str]


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8080,
    rate: Annotated[float, typer.Option(min=0.01, max=500, help="Orders placed a second.")] = 5,
    for_: Annotated[
        float | None, typer.Option("--for", min=1, help="Stop after so many seconds.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep the data here; else it goes.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same orders.")] = 1,
) -> None:
    """Show a living Orderwatch: simulated orders through the real door, watched in the browser."""
    with complaints():
        settings = demo_settings()
        log_as_ecs(settings)
        listening = listen("127.0.0.1", port)
        with embedded_url(data) as url:
            bring_up_to_date(settings, url)

            async def main() -> None:
                async with AsyncExitStack() as stack:
                    house = await stack.enter_async_context(open_house(settings, url))
                    tenant = await first_tenant(house.directory)
                    logins = await _logins(house, tenant)
                    calm_the_collector()
                    await stack.enter_async_context(tending(house))
                    web = server(web_app(house, open_on_loopback=tenant), house.hub)
                    serving = asyncio.create_task(web.serve(sockets=[listening]))
                    _welcome(address(listening), logins, data)
                    tally = Tally()
                    await stack.enter_async_context(
                        _playing(address(listening), logins.send, rate, seed, tally)
                    )
                    with _saying(tally) as say:
                        ends = time.monotonic() + (for_ or float("inf"))
                        while not serving.done() and time.monotonic() < ends:
                            await asyncio.wait([serving], timeout=SAY_EVERY.total_seconds())
                            say()
                    web.should_exit = True
                    await serving

            uvloop.run(main())
    messages.print("Stopped." if data else "Stopped; the demo's data is gone with it.")


async def _logins(house: House, tenant: TenantId) -> Logins:
    send = await create_key(house.directory, tenant, "/", False, os.urandom)
    read = await create_key(house.directory, tenant, "/", True, os.urandom)
    passwords = await asyncio.gather(*(_person(house, tenant, role) for role in Role))
    return Logins(send.text, read.text, dict(zip(Role, passwords, strict=True)))


async def _person(house: House, tenant: TenantId, role: Role) -> str:
    """A person named like the role, with a new password; kept data has them already."""
    users, passwords = house.reception.users, house.reception.passwords
    password = secrets.token_urlsafe(12)
    try:
        new = NewUser(str(role), role, password)
        await create_user(users, passwords, tenant, new, THE_PRODUCT)
    except NotPossible:
        desk = UserDesk(users, passwords, tenant, THE_PRODUCT, clock.now)
        await desk.change_password(str(role), password)
    return password


def _welcome(url: str, logins: Logins, data: Path | None) -> None:
    messages.print(f"\n  [bold]Orderwatch[/bold] is live at [bold blue]{url}[/bold blue]\n")
    messages.print("  The page is open to browsers on this machine, as operator. To sign in:")
    for role, password in logins.people.items():
        messages.print(f"    {role:15} {password}", soft_wrap=True)
    messages.print("  With a key:")
    messages.print(f"    send and read   {logins.read}")
    messages.print(f"    send only       {logins.send}", soft_wrap=True)
    messages.print(f"\n  Try:  curl -H 'Authorization: Bearer {logins.read}' \\", soft_wrap=True)
    messages.print(f"          '{url}/api/v1/orders?class=failed&limit=3'", soft_wrap=True)
    kept = f"kept in {data}" if data else "temporary; --data DIR keeps it"
    messages.print(f"\n  Data: {kept}. Stop with Ctrl-C.\n")


@asynccontextmanager
async def _playing(url: str, key: str, rate: float, seed: int, tally: Tally) -> AsyncIterator[None]:
    """The simulated systems, sending over HTTP like any stranger."""

    async def systems() -> None:
        now = clock.now()
        plan = demo_plan(now, per_minute=rate * 60)
        async with EventDoor(url, key, connections=2) as door:
            road = Road(door, Seconds(), Patience(PATIENCE.total_seconds(), random.random))
            with suppress(NotDelivered, TurnedAway):
                await play(simulate(plan, seed, now, DEMO_FAULTS), road, now, tally)

    task = asyncio.create_task(systems(), name="simulated systems")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@contextmanager
def _saying(tally: Tally) -> Iterator[Callable[[], None]]:
    """A line about what was sent, renewed in place on a terminal."""
    if not messages.is_terminal:
        yield lambda: None
        return
    with messages.status("the simulated systems begin") as status:

        def say() -> None:
            status.update(
                f"{tally.sent:,} events sent: {tally.accepted:,} accepted, "
                f"{tally.duplicates:,} repeated, {tally.parked:,} parked, "
                f"{tally.rejected:,} refused"
            )

        yield say
