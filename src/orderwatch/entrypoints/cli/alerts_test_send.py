"""`orderwatch alerts test-send`: one notice over one channel, and what became of it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated

import typer

from orderwatch.app.administer import find_tenant
from orderwatch.app.try_channel import Asking, UnknownChannel, try_channel
from orderwatch.core.alerting.notice import NotSent, Outcome
from orderwatch.entrypoints.cli.administer import TenantOption, house
from orderwatch.entrypoints.cli.output import JsonOption, complaints, messages, say_json


def send_test(
    channel: Annotated[str, typer.Argument(help="A channel of the alert rules in force.")],
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Send a test notice over a channel at once, and say what became of it."""
    with complaints():
        outcome = asyncio.run(_send(tenant, channel))
    if isinstance(outcome, UnknownChannel):
        known = ", ".join(outcome.known) or "none"
        raise typer.BadParameter(f"there is no {channel}; there are: {known}")
    problem = outcome.why if isinstance(outcome, NotSent) else None
    if as_json:
        say_json({"channel": channel, "sent": problem is None, "problem": problem})
    elif problem is None:
        messages.print(f"The channel {channel} took it.", markup=False)
    else:
        messages.print(f"The channel {channel} did not take it. {problem}", markup=False)
    if problem is not None:
        raise typer.Exit(1)


async def _send(tenant: str, channel: str) -> Outcome | UnknownChannel:
    async with house() as opened:
        owner = await find_tenant(opened.directory, tenant)
        asking = Asking(owner.tenant_id, owner.name)
        post = opened.post
        return await try_channel(post.sending, post.outbox, asking, channel, str(uuid.uuid4()))
