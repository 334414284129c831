"""`/mailbox`: what channels of kind `mailbox` kept, each as the mail would look."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from orderwatch.core.alerting.book import ChannelKind
from orderwatch.core.alerting.incident_queries import LARGEST_ID
from orderwatch.core.alerting.notice import NoticeId
from orderwatch.entrypoints.console.alarms import KIND_WORDS, NOTICE_SHAPES, NOTICE_WORDS
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
from orderwatch.entrypoints.web.security import PAGE_HEADERS

PER_PAGE: Final = 30
MAIL_HEADERS: Final = PAGE_HEADERS | {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'self'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "x-frame-options": "SAMEORIGIN",
}
"""A mail has its style inline, as mails do; it stands in a frame that may do nothing."""
Id = Annotated[int | None, Parameter(ge=1, le=LARGEST_ID)]


@get("/mailbox", include_in_schema=False)
async def mailbox_page(
    console: TheConsole, reader: TheReader, notice: Id = None, before: Id = None
) -> Page:
    """The list, with one open beside it."""
    visit = await visit_of(console, reader)
    return render("mailbox.html", await _context(console, visit, notice, before))


@get("/live/mailbox", include_in_schema=False)
async def mailbox_live(
    console: TheConsole, reader: TheReader, notice: Id = None, before: Id = None
) -> Page:
    """The parts of it that move."""
    visit = await visit_of(console, reader)
    return render("mailbox_live.html", await _context(console, visit, notice, before))


@get("/mailbox/{id_:int}/mail", include_in_schema=False)
async def mail_page(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int
) -> Response[str]:
    """One notice as a mail, for the frame."""
    found = None
    if 0 < id_ <= LARGEST_ID:
        found = await console.alarms.outbox.message(reader.tenant, NoticeId(id_))
    if found is None:
        raise NotFoundException(detail=_("There is no notice %(id)s.", id=id_))
    visit = await visit_of(console, reader)
    line, message = found
    url = str(request.base_url).rstrip("/")
    html = console.alarms.mail(visit.template.title, message, line.created_at, url)
    # Links of the mail open where its reader is, not in the frame.
    html = html.replace("<head>", '<head><base target="_top">', 1)
    return Response(html, media_type=MediaType.HTML, headers=MAIL_HEADERS)


async def _context(
    console: Console, visit: Visit, notice: int | None, before: int | None
) -> dict[str, Any]:
    tenant = visit.reader.tenant
    book = await console.alarms.books.of(tenant)
    boxes = [one.name for one in book.channels.values() if one.kind is ChannelKind.MAILBOX]
    older_than = None if before is None else NoticeId(before)
    lines = await console.alarms.outbox.kept(tenant, boxes, PER_PAGE + 1, older_than)
    shown = lines[:PER_PAGE]
    opened = notice or (shown[0].id if shown else None)
    query = "&".join(
        f"{name}={value}" for name, value in (("notice", notice), ("before", before)) if value
    )
    return {
        "visit": visit,
        "boxes": boxes,
        "lines": shown,
        "opened": opened,
        "chosen": notice,
        "older": lines[PER_PAGE - 1].id if len(lines) > PER_PAGE else None,
        "before": before,
        "here": f"/mailbox?{query}" if query else "/mailbox",
        "kind_words": KIND_WORDS,
        "notice_words": NOTICE_WORDS,
        "notice_shapes": NOTICE_SHAPES,
    }
