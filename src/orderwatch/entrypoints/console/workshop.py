"""What the pages that change something share: what they may ask, who is at work, what forms say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar import Response
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from msgspec import Struct

from orderwatch.app.administer import Directory
from orderwatch.app.audit import AuditLog
from orderwatch.app.backtest_rules import Past
from orderwatch.app.change_rules import BookStore, RuleDesk
from orderwatch.app.change_template import TemplateDesk
from orderwatch.app.known_books import KnownBooks
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.manage_users import UserStore
from orderwatch.app.mend_dead_letters import MendingDesk
from orderwatch.app.preview_template import Previewer
from orderwatch.app.read_orders import OrderStore
from orderwatch.app.read_parked import ParkedStore
from orderwatch.app.rebuild_state import RebuildStore
from orderwatch.app.record_events import LedgerStore
from orderwatch.app.retry_dead_letters import DeadLetterDesk, Desk, RetryLedger
from orderwatch.app.run_jobs import Job, Jobs
from orderwatch.app.sign_in import Passwords
from orderwatch.app.try_rule import TrialDesk
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.words import length
from orderwatch.entrypoints.web.security import PAGE_HEADERS

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

SHORT: Final = timedelta(seconds=1.2)
"""A job that ends within this needs no progress: the page that follows shows what came of it."""


class SettingShown(Protocol):
    """One setting of this process, fit to be shown."""

    @property
    def variable(self) -> str:
        """Its name in the environment."""

    @property
    def value(self) -> str:
        """What is in force; of a secret only whether it is set."""

    @property
    def default(self) -> str:
        """What is in force when nothing is said."""

    @property
    def description(self) -> str:
        """What it is for."""


class LedgerShelf(LedgerStore, RebuildStore, Protocol):
    """The ledger, for those who look through all of it."""


class Workshop(Struct, frozen=True):
    """What it takes to mend and to change. `settings` are those of this process."""

    letters: DeadLetterDesk
    parked: ParkedStore
    ledger: RetryLedger
    store: LedgerShelf
    orders: OrderStore
    directory: Directory
    flows: KnownTemplates
    books: KnownBooks
    book_store: BookStore
    past: Past
    audit: AuditLog
    jobs: Jobs
    settings: Sequence[SettingShown]
    users: UserStore
    passwords: Passwords
    random_bytes: Callable[[int], bytes]
    now: Callable[[], datetime]

    def mending(self, tenant: TenantId, actor: Actor) -> MendingDesk:
        """Somebody at work on dead letters."""
        desk = Desk(self.letters, self.ledger, f"{actor.kind}:{actor.name}", self.now)
        return MendingDesk(desk, tenant, actor, self.audit)

    def drafting(self, tenant: TenantId, actor: Actor) -> TemplateDesk:
        """Somebody at work on the flow template."""
        previewer = Previewer(self.orders, self.store, self.now)
        return TemplateDesk(
            self.directory, previewer, self.store, self.audit, self.jobs, tenant, actor, self.now
        )

    def ruling(self, tenant: TenantId, actor: Actor) -> RuleDesk:
        """Somebody at work on the alert rules."""
        return RuleDesk(self.book_store, self.books, self.flows, tenant, actor)

    def trying(self, tenant: TenantId, actor: Actor) -> TrialDesk:
        """Somebody who tries alert rules on the past."""
        return TrialDesk(self.ruling(tenant, actor), self.past, self.jobs, self.now)


def typed(data: dict[str, Any], name: str) -> str:
    """One field of a form as it was typed; the last one when there are several."""
    every = typed_all(data, name)
    return every[-1] if every else ""


def typed_all(data: dict[str, Any], name: str) -> list[str]:
    """All fields of this name."""
    if name not in data:
        return []
    value = data[name]
    return [_text(one) for one in (value if isinstance(value, list) else [value])]


def _text(value: object) -> str:
    """As typed: the form's decoder makes `true` and `null` out of such words."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def see_other(address: str) -> Response[Any]:
    """On to a page, so that a reload does not send the form again."""
    return Redirect(address, status_code=303, headers=PAGE_HEADERS)


def with_notice(address: str, notice: str) -> str:
    """The address with a word on top of the page."""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "notice"]
    return f"{parts.path}?{urlencode([*query, ('notice', notice)])}"


def left_of(job: Job, now: datetime) -> str:
    """How much longer a job may take, in seconds; empty when that cannot be told yet."""
    if not job.running or not job.total or not job.done:
        return ""
    rest = (now - job.started_at) / job.done * max(0, job.total - job.done)
    seconds = timedelta(seconds=max(1, round(rest.total_seconds())))
    return _("about %(time)s left", time=length(seconds))
