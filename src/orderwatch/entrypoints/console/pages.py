"""What every page shares: what it may ask, who reads it, its frame, and how it is rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import MediaType, Request, Response
from litestar.handlers import BaseRouteHandler
from litestar.params import Dependency
from litestar.types import Guard
from markupsafe import Markup
from msgspec import Struct, json

from orderwatch.app.audit import AuditLog
from orderwatch.app.check_key import Denied
from orderwatch.app.order_notes import NoteStore
from orderwatch.app.read_flow import FlowStore
from orderwatch.app.read_orders import OrderStore
from orderwatch.app.read_series import StepStore
from orderwatch.app.read_summary import CountStore
from orderwatch.app.read_system import OneSystemStore
from orderwatch.app.read_trouble import TroubleStore
from orderwatch.app.saved_views import ViewStore
from orderwatch.core.flow.template import Template
from orderwatch.core.model import Class, Order, System, TenantId
from orderwatch.core.tracking.explain import Tongue, leg_reason, order_reason
from orderwatch.entrypoints.console import columns, languages, plots, words
from orderwatch.entrypoints.console.alarms import Alarms
from orderwatch.entrypoints.console.rail import stops_of
from orderwatch.entrypoints.console.static_files import address_of, missing_files
from orderwatch.entrypoints.console.workshop import Workshop
from orderwatch.entrypoints.web.security import PAGE_HEADERS
from orderwatch.entrypoints.web.sign_in import Connection as AnyConnection
from orderwatch.entrypoints.web.sign_in import Forbidden, Reader, SignIn, is_open_to_all

AnyRequest = Request[Any, Any, Any]
Page = Response[str]
_READER: Final = "reader"


class TemplateSource(Protocol):
    """Where the flow template in force is asked for."""

    async def of(self, tenant: TenantId) -> Template:
        """The tenant's template; raises NoTemplate, or Unavailable."""
        ...


class Console(Struct, frozen=True):
    """What the pages ask: the reading use cases' stores, who signs in, and what time it is."""

    sign_in: SignIn
    orders: OrderStore
    counts: CountStore
    steps: StepStore
    flow: FlowStore
    trouble: TroubleStore
    one_system: OneSystemStore
    templates: TemplateSource
    notes: NoteStore
    views: ViewStore
    audit: AuditLog
    now: Callable[[], datetime]
    workshop: Workshop
    alarms: Alarms


TheConsole = Annotated[Console, Dependency(skip_validation=True)]
TheReader = Annotated[Reader, Dependency(skip_validation=True)]


class Visit(Struct, frozen=True):
    """One request of one reader: for which tenant's flow, and at which instant.

    `firing` is how many incidents go on, for the rail.
    """

    reader: Reader
    template: Template
    now: datetime
    firing: int = 0

    @property
    def zone(self) -> tzinfo:
        """The tenant's zone: that of the shops, until the browser knows better."""
        return ZoneInfo(self.template.time_zone)

    @property
    def titles(self) -> dict[System, str]:
        """What each system is called."""
        legs = {leg.system: leg.title for leg in self.template.legs.values()}
        return {self.template.oms: self.template.oms_title} | legs

    def moment(self, at: datetime, how: str = "clock") -> Markup:
        """A time on the page."""
        return words.moment(at, self.now, self.zone, how)

    def written(self, at: datetime, how: str = "clock") -> str:
        """A time in a drawing, whose instant stands beside it."""
        return words.written(at, self.now, self.zone, how)

    def local(self, at: datetime) -> str:
        """A time for a field of a form, in the tenant's zone."""
        return f"{at.astimezone(self.zone):%Y-%m-%dT%H:%M}"

    def sentence(self, order: Order, *, brief: bool = False) -> Markup:
        """Why the order stands as it does, with its times marked up.

        `brief` is for the line of a table: of what is overdue, only by how much.
        """
        tongue = words.marked_tongue(self.now, self.zone, self.titles)
        return Markup(words.capital(self._reason(order, tongue, brief)))  # noqa: S704 - marked up above

    def said_of(self, order: Order) -> str:
        """The same as text."""
        tongue = words.plain_tongue(self.now, self.zone, self.titles)
        return words.capital(self._reason(order, tongue))

    def _reason(self, order: Order, tongue: Tongue, brief: bool = False) -> str:
        """Why, without the class, which is beside it.

        An order the OMS gave up says also what failed before, as far as anything did.
        """
        said = order_reason(order, self.now, tongue, brief=brief)
        failed = next((leg for leg in order.legs if leg.class_ is Class.FAILED), None)
        if order.class_ is not Class.FAILED or not failed or order.why.rule.startswith("leg."):
            return said
        cause = leg_reason(failed, self.now, tongue)
        return tongue.say("%(said)s; %(cause)s", said=said, cause=cause)


class NotSignedIn(Exception):
    """A page was asked for by nobody we know."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(denied.error.message)
        self.denied = denied


class NotAllowed(Exception):
    """A page was asked for by somebody who may not have it; `forbidden` says what it takes."""

    def __init__(self, forbidden: Forbidden) -> None:
        super().__init__(forbidden.message)
        self.forbidden = forbidden


def guard_of(sign_in: SignIn) -> Guard:
    """Stands before every page, also one that does not ask for its reader.

    It lets in who may have the page, and raises NotSignedIn or NotAllowed for all others.
    """

    async def guard(connection: AnyConnection, handler: BaseRouteHandler) -> None:
        if is_open_to_all(handler):
            return
        reader = await sign_in.let_in(connection)
        if isinstance(reader, Denied):
            raise NotSignedIn(reader)
        if isinstance(reader, Forbidden):
            raise NotAllowed(reader)
        connection.state[_READER] = reader

    return guard


async def require_reader(request: AnyRequest) -> Reader:
    """The reader of this request, whom the guard let in."""
    reader = request.state[_READER]
    assert isinstance(reader, Reader)
    return reader


async def visit_of(console: Console, reader: Reader) -> Visit:
    """This visit; raises NoTemplate, or Unavailable."""
    template = await console.templates.of(reader.tenant)
    firing = await console.alarms.incidents.firing(reader.tenant)
    return Visit(reader, template, console.now(), firing)


def order_address(order_id: str) -> str:
    """Where an order's page is; an id may hold anything."""
    return f"/orders/{quote(order_id, safe='')}"


def live_order_address(order_id: str) -> str:
    """Where what changes on an order's page is."""
    return f"/live/orders/{quote(order_id, safe='')}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.extend(newstyle_gettext=True)
    environment.filters |= {
        "number": languages.number,
        "money": words.money,
        "whole_money": words.whole_money,
        "stamp": words.stamp,
        "utc": words.utc,
        "seconds": lambda seconds: words.length(timedelta(seconds=seconds)),
        "length_words": words.round_length,
        "length_said": words.length,
        "round_length_said": words.round_length,
        "unit": words.unit,
        "took": words.took,
        "tight": words.tight,
        "plotted": lambda plot: json.encode(plot).decode(),
        "short": words.short,
    }
    environment.globals |= {
        "_": languages.markup,
        "gettext": languages.markup,
        "ngettext": languages.nmarkup,
        "languages": languages.LANGUAGES,
        "speaking": languages.speaking,
        "for_scripts": languages.for_scripts,
        "told": languages.told,
        "STATE_WORDS": words.STATE_WORDS,
        "CLASS_WORDS": words.CLASS_WORDS,
        "LETTER_STATES": words.LETTER_STATES,
        "ROLE_WORDS": words.ROLE_WORDS,
        "DEVIATION_WORDS": words.DEVIATION_WORDS,
        "AMOUNT_WORDS": words.AMOUNT_WORDS,
        "static": address_of,
        "missing_files": missing_files(),
        "stops_of": stops_of,
        "order_address": order_address,
        "live_order_address": live_order_address,
        "state_of": words.state_of,
        "share": words.share,
        "of_orders": plots.of_orders,
        "of_latency": plots.of_latency,
        "aligned": columns.aligned,
    }
    return environment


_ENVIRONMENT: Final = _environment()


def render(name: str, context: Mapping[str, Any], status: int = 200) -> Page:
    """A page, or the live parts of one, with the headers every page has."""
    html = _ENVIRONMENT.get_template(name).render(context)
    spoken = {"content-language": languages.speaking().code, "vary": "accept-language, cookie"}
    headers = PAGE_HEADERS | spoken
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)
