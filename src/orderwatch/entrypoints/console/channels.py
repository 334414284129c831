"""`/channels`: the ways to reach people, how each does, and what it was told."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.incident_queries import LARGEST_ID
from orderwatch.core.alerting.notice import NoticeId
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.alarms import KIND_WORDS, NOTICE_SHAPES, NOTICE_WORDS
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.workshop import see_other
from orderwatch.entrypoints.web.sign_in import require

PER_PAGE: Final = 50
READING: Final = require(Permission.READ_TEMPLATES)
TESTING: Final = require(Permission.EDIT_TEMPLATES)
CHANNEL_WORDS: Final = Said(
    {
        ChannelKind.MAILBOX: N_("mailbox of the console"),
        ChannelKind.EMAIL: N_("e-mail"),
        ChannelKind.SLACK: "Slack",
        ChannelKind.TEAMS: "Microsoft Teams",
        ChannelKind.LINE: "LINE",
        ChannelKind.APPRISE: "Apprise",
        ChannelKind.WEBHOOK: N_("signed webhook"),
        ChannelKind.ALERTMANAGER: "Alertmanager",
    }
)
_LEADS: Final = ("to", "url", "channel", "from")
"""Options that say where a channel leads; the others are nobody's business on a page."""
Before = Annotated[int | None, Parameter(ge=1, le=LARGEST_ID)]


@get("/channels", opt=READING, include_in_schema=False)
async def channels_page(console: TheConsole, reader: TheReader) -> Page:
    """All of them."""
    visit = await visit_of(console, reader)
    return render("channels.html", await _all(console, visit))


@get("/live/channels", opt=READING, include_in_schema=False)
async def channels_live(console: TheConsole, reader: TheReader) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("channels_live.html", await _all(console, visit))


@get("/channels/{name:str}", opt=READING, include_in_schema=False)
async def channel_page(
    console: TheConsole, reader: TheReader, name: str, before: Before = None
) -> Page:
    """One, with its delivery log."""
    visit = await visit_of(console, reader)
    return render("channel.html", await _one(console, visit, name, before))


@get("/live/channels/{name:str}", opt=READING, include_in_schema=False)
async def channel_live(
    console: TheConsole, reader: TheReader, name: str, before: Before = None
) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("channel_live.html", await _one(console, visit, name, before))


@post("/channels/{name:str}/test", opt=TESTING, include_in_schema=False, status_code=303)
async def test_channel(
    request: AnyRequest, console: TheConsole, reader: TheReader, name: str
) -> Response[Any]:
    """Send a test over it; what came of it is the first line of its log."""
    book = await console.alarms.books.of(reader.tenant)
    if name not in book.channels or console.alarms.test is None:
        raise NotFoundException(detail=_("There is no channel %(name)s.", name=name))
    await console.alarms.test(reader.tenant, name, reader.acting(request))
    return see_other(f"/channels/{quote(name, safe='')}")


async def _all(console: Console, visit: Visit) -> dict[str, Any]:
    tenant = visit.reader.tenant
    book = await console.alarms.books.of(tenant)
    health = await console.alarms.outbox.health(tenant, list(book.channels))
    rows = [
        (channel, leads_to(channel), one)
        for channel, one in zip(book.channels.values(), health, strict=True)
    ]
    return _shared(console, visit) | {"rows": rows}


async def _one(console: Console, visit: Visit, name: str, before: int | None) -> dict[str, Any]:
    tenant = visit.reader.tenant
    book = await console.alarms.books.of(tenant)
    older_than = None if before is None else NoticeId(before)
    lines = await console.alarms.outbox.log(tenant, name, PER_PAGE + 1, older_than)
    channel = book.channels.get(name)
    if channel is None and not lines:
        raise NotFoundException(detail=_("There is no channel %(name)s.", name=name))
    (health,) = await console.alarms.outbox.health(tenant, [name])
    address = f"/channels/{quote(name, safe='')}"
    return _shared(console, visit) | {
        "name": name,
        "channel": channel,
        "leads": leads_to(channel) if channel else "",
        "health": health,
        "lines": lines[:PER_PAGE],
        "older": f"{address}?before={lines[PER_PAGE - 1].id}" if len(lines) > PER_PAGE else None,
        "address": address,
        "here": address if before is None else f"{address}?before={before}",
        "before": before,
    }


def _shared(console: Console, visit: Visit) -> dict[str, Any]:
    return {
        "visit": visit,
        "channel_words": CHANNEL_WORDS,
        "kind_words": KIND_WORDS,
        "notice_words": NOTICE_WORDS,
        "notice_shapes": NOTICE_SHAPES,
        "may_test": console.alarms.test is not None and visit.reader.may(Permission.EDIT_TEMPLATES),
    }


def leads_to(channel: Channel) -> str:
    """Where it leads, without anything secret: of an address only its host."""
    said = []
    for name in _LEADS:
        value = channel.options.get(name)
        if value:
            said.append(value if isinstance(value, str) else ", ".join(value))
            break
    return "".join(_without_path(one) for one in said)


def _without_path(text: str) -> str:
    """A web address cut to its host: what stands around that may be a secret."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        return text
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}"
