"""E-mail through a real SMTP server: TLS, login, headers, threads, both bodies."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest
from tests.integration.alerting.test_roads_contract import HOSTILE, mail_channel
from tests.notices import message, parcel, resolved
from tests.product import free_port
from tests.sinks import HOST, Authority, MailSink

from orderwatch.adapters.notifiers.hosts import Hosts
from orderwatch.adapters.notifiers.roads import Roads, Surroundings
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.app.send_notices import Road
from orderwatch.core.alerting.book import ChannelKind, Priority
from orderwatch.core.alerting.digest import digest_of
from orderwatch.core.alerting.notice import NotSent, Sent

KEY = "6f1e1d3c-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def mails() -> Iterator[MailSink]:
    sink = MailSink()
    with sink.running(None):
        yield sink


def road(authority: Authority | None = None, **secrets: str) -> Road:
    about = Surroundings(
        hosts=Hosts([HOST]),
        secrets=ChannelSecrets(secrets),
        public_url="https://orders.example/",
        trusted=authority.client() if authority else None,
    )
    return Roads(about).by_kind[ChannelKind.EMAIL]


def read(mails: MailSink, place: int = -1) -> EmailMessage:
    content = mails.got[place].original_content
    assert isinstance(content, bytes)
    found = message_from_bytes(content, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def test_a_mail_has_all_a_reader_needs_in_text_and_in_html(mails: MailSink) -> None:
    outcome = await road().send(mail_channel(mails.port), parcel())
    assert outcome == Sent(f"<{KEY}@orders.example>")
    mail = read(mails)
    assert mails.got[0].rcpt_tos == ["ops@shop.example", "lead@shop.example"]
    assert mail["Subject"] == "◆ 47 orders failed at Commerce Engine"
    assert mail["Message-ID"] == f"<{KEY}@orders.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "<alice.orders.example>" in mail["List-Id"]
    assert mail["Importance"] == "high"
    text, html = body(mail, "plain"), body(mail, "html")
    for words in (
        "High",
        "47 orders failed at Commerce Engine",
        "82 % of them: store TH-0412",
        "58,750.00 THB",
        "2000001234",
        "and 46 more",
        "https://orders.example/incidents/7",
    ):
        assert words in text
        assert words in html
    assert "prefers-color-scheme: dark" in html
    assert "<img" not in html
    assert "<script" not in html


async def test_later_mails_of_an_incident_join_its_thread(mails: MailSink) -> None:
    first = await road().send(mail_channel(mails.port), parcel())
    assert isinstance(first, Sent)
    other = "6f1e1d3c-0000-4000-8000-000000000002"
    told = parcel(resolved(), key=other, thread=first.thread)
    await road().send(mail_channel(mails.port), told)
    mail = read(mails)
    assert mail["In-Reply-To"] == mail["References"] == first.thread
    assert mail["Message-ID"] == f"<{other}@orders.example>"
    assert mail["Subject"].startswith("● Resolved:")
    assert mail["Importance"] is None


async def test_a_repeat_has_the_same_message_id(mails: MailSink) -> None:
    await road().send(mail_channel(mails.port), parcel())
    await road().send(mail_channel(mails.port), parcel())
    assert read(mails, 0)["Message-ID"] == read(mails, 1)["Message-ID"]


async def test_a_title_cannot_add_headers_or_markup(mails: MailSink) -> None:
    told = message(HOSTILE, text=HOSTILE, priority=Priority.LOW, team="<b>x</b>")
    assert isinstance(await road().send(mail_channel(mails.port), parcel(told)), Sent)
    mail = read(mails)
    assert mail["Bcc"] is None
    assert len(mail["Subject"]) < 200
    assert mails.got[0].rcpt_tos == ["ops@shop.example", "lead@shop.example"]
    tags = Tags()
    tags.feed(body(mail, "html"))
    assert tags.seen.isdisjoint({"script", "b"})
    assert tags.links == {"https://orders.example/incidents/7"}


class Tags(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links |= {value for name, value in attrs if name in ("href", "src")}


async def test_starttls_and_login_with_a_certificate_that_is_checked(authority: Authority) -> None:
    sink = MailSink()
    with sink.running(authority, login=True):
        channel = mail_channel(sink.port, tls="starttls", user="alice", secret="smtp")
        good = road(authority, ALICE__SMTP="secret")
        assert isinstance(await good.send(channel, parcel()), Sent)
        assert sink.logins == [b"alice"]

        wrong = await road(authority, ALICE__SMTP="wr0ng").send(channel, parcel())
        assert isinstance(wrong, NotSent)
        assert not wrong.retryable
        assert "wr0ng" not in wrong.why

        doubtful = await road(ALICE__SMTP="secret").send(channel, parcel())
        assert isinstance(doubtful, NotSent)
        assert "certificate" in doubtful.why
        assert len(sink.got) == 1


async def test_a_server_without_starttls_gets_nothing(mails: MailSink) -> None:
    outcome = await road().send(mail_channel(mails.port, tls="starttls"), parcel())
    assert isinstance(outcome, NotSent)
    assert mails.got == []


async def test_no_password_goes_over_an_open_line() -> None:
    channel = mail_channel(free_port(), user="alice", secret="smtp")
    outcome = await road(ALICE__SMTP="secret").send(channel, parcel())
    assert isinstance(outcome, NotSent)
    assert not outcome.retryable
    assert "tls" in outcome.why


async def test_a_refused_recipient_is_named_by_its_code(mails: MailSink) -> None:
    outcome = await road().send(mail_channel(mails.port, to="not an address"), parcel())
    assert isinstance(outcome, NotSent)
    assert "is not an e-mail address" in outcome.why
    assert not outcome.retryable


async def test_a_digest_shows_the_state_of_each_of_its_notices(mails: MailSink) -> None:
    parts = (message("It burns"), resolved("The other is out", priority=Priority.LOW))
    told = parcel(digest_of(parts), parts=parts, incident=None)
    assert isinstance(await road().send(mail_channel(mails.port), told), Sent)
    mail = read(mails)
    assert mail["Subject"] == "◆ 2 notices: It burns and 1 more"
    html, text = body(mail, "html"), body(mail, "plain")
    for shape, title in (("◆", "It burns"), ("●", "The other is out")):
        assert title in text
        row = html[: html.index(f">{title}<")].rpartition("<tr>")[2]
        assert shape in row
