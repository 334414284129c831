"""Every road: it takes, is away, is busy, refuses for good, loses its answer, and is not fooled."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct
from tests.notices import message, parcel
from tests.product import free_port
from tests.sinks import HOST, MailSink, Reply, WebSink

from orderwatch.adapters.notifiers.hosts import Hosts
from orderwatch.adapters.notifiers.roads import Roads, Surroundings
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.app.send_notices import Road
from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import NotSent, OrderLine, Sent

SIGNING = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
PUBLIC_URL = "https://orders.example"
HOSTILE = (
    "\r\nBcc: everybody@example.com\r\n\r\n<script>alert(1)</script> *bold* _it_ `code` "
    "[click](http://evil.example) <!channel> <@U123> \N{RIGHT-TO-LEFT OVERRIDE}txt.exe "
    "\N{FIRE}\N{FIRE} คำสั่งซื้อล้มเหลว 47 รายการ \x00\x07 " + "x" * 4000
)
MOST_BYTES = {ChannelKind.TEAMS: 28_000, ChannelKind.SLACK: 40_000, ChannelKind.LINE: 15_000}
"""What these services take; of their own the receivers of webhooks and mails know best."""
Far = Callable[[str], None]


class Way(Struct, frozen=True):
    """A road to a server of ours: how it is set up, and how the server is told what to answer."""

    road: Road
    channel: Channel
    answer: Far
    taken: Callable[[], list[bytes]]


def web_answers(sink: WebSink, good: bytes) -> Far:
    """Words for what a web server does."""
    replies = {
        "takes": Reply(body=good),
        "is busy": Reply(status=429, headers={"Retry-After": "17"}),
        "fails": Reply(status=500, body=b"oops"),
        "refuses": Reply(status=400, body=b"no such thing"),
        "redirects": Reply(status=302, headers={"Location": "http://169.254.169.254/"}),
        "says half": Reply(half=True, body=b'{"ok": tr'),
        "hangs": Reply(hang=True),
    }

    def answer(word: str) -> None:
        sink.answer = lambda _: replies[word]

    return answer


def roads(sink: WebSink | None = None, **values: str) -> Roads:
    url = sink.url if sink else f"http://{HOST}:{free_port()}"
    return Roads(
        Surroundings(
            hosts=Hosts([HOST]),
            secrets=ChannelSecrets(values | {"ALICE__HOOK": f"{url}/services/s3cr3t"}),
            public_url=PUBLIC_URL,
            slack_url=f"{url}/api",
            line_url=url,
        )
    )


CHANNELS: dict[str, tuple[ChannelKind, dict[str, Any], dict[str, str], bytes]] = {
    "slack": (
        ChannelKind.SLACK,
        {"to": "#alerts", "secret": "BOT"},
        {"ALICE__BOT": "xoxb-s3cr3t"},
        b'{"ok": true, "channel": "C1", "ts": "17.1"}',
    ),
    "slack webhook": (ChannelKind.SLACK, {"secret": "hook"}, {}, b"ok"),
    "teams": (ChannelKind.TEAMS, {"secret": "hook"}, {}, b""),
    "line": (ChannelKind.LINE, {"to": "Cgroup", "secret": "t"}, {"ALICE__T": "s3cr3t"}, b"{}"),
    "webhook": (ChannelKind.WEBHOOK, {"url": "URL", "secret": "w"}, {"ALICE__W": SIGNING}, b""),
    "alertmanager": (ChannelKind.ALERTMANAGER, {"url": "URL"}, {}, b""),
}


@pytest.fixture(params=[*CHANNELS, "email"])
async def way(request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    if request.param == "email":
        mails = MailSink()
        with mails.running(None):
            channel = mail_channel(mails.port)
            words = {"takes": "250 taken", "is busy": "451 later", "refuses": "550 never"}

            def answer(word: str) -> None:
                mails.answer = words[word]

            def taken() -> list[bytes]:
                return [bytes(one.original_content or b"") for one in mails.got]

            yield Way(roads().by_kind[ChannelKind.EMAIL], channel, answer, taken)
        return
    kind, options, secrets, good = CHANNELS[request.param]
    async with WebSink().running() as sink:
        filled = {name: sink.url if value == "URL" else value for name, value in options.items()}
        opened = roads(sink, **secrets)
        answers = web_answers(sink, good)
        answers("takes")
        yield Way(
            opened.by_kind[kind],
            Channel(name="ops", kind=kind, options=filled),
            answers,
            lambda: [one.body for one in sink.got],
        )
        await opened.close()


def mail_channel(port: int, **more: Any) -> Channel:
    options: dict[str, Any] = {
        "host": HOST,
        "port": str(port),
        "tls": "none",
        "from": "Orderwatch <alerts@orders.example>",
        "to": ("ops@shop.example", "lead@shop.example"),
    }
    return Channel(name="ops", kind=ChannelKind.EMAIL, options=options | more)


async def test_it_takes_a_notice(way: Way) -> None:
    assert isinstance(await way.road.send(way.channel, parcel()), Sent)
    (taken,) = way.taken()
    assert b"PRICE_CHECK" in taken or b"58,750.00 THB" in taken


async def test_when_it_is_busy_it_is_tried_again(way: Way) -> None:
    way.answer("is busy")
    outcome = await way.road.send(way.channel, parcel())
    assert isinstance(outcome, NotSent)
    assert outcome.retryable
    assert not outcome.maybe_taken
    assert outcome.retry_after in (None, timedelta(seconds=17))


async def test_what_it_refuses_is_not_tried_again_and_the_reason_names_no_secret(way: Way) -> None:
    way.answer("refuses")
    outcome = await way.road.send(way.channel, parcel())
    assert isinstance(outcome, NotSent)
    assert not outcome.retryable
    assert HOST in outcome.why
    assert "s3cr3t" not in outcome.why


async def test_a_hostile_title_does_no_harm(way: Way) -> None:
    order = OrderLine(HOSTILE[:300], HOSTILE[:600], "1", "THB")
    told = message(HOSTILE, text=HOSTILE, orders=(order,) * 10, figures=((HOSTILE, HOSTILE),) * 12)
    assert isinstance(await way.road.send(way.channel, parcel(told)), Sent)
    (taken,) = way.taken()
    assert (
        "คำสั่งซื้อล้มเหลว".encode() in taken
        or b"=E0=B8=84" in taken
        or b"\\u0e04" in taken
        or b"base64" in taken
    )
    assert len(taken) < MOST_BYTES.get(way.channel.kind, 300_000)


async def test_a_server_that_is_away_is_tried_again() -> None:
    opened = roads(ALICE__BOT="x", ALICE__T="x", ALICE__W=SIGNING)
    nowhere = f"http://{HOST}:{free_port()}"
    for kind, options, _, _ in CHANNELS.values():
        filled = {name: nowhere if value == "URL" else value for name, value in options.items()}
        channel = Channel(name="ops", kind=kind, options=filled)
        outcome = await opened.by_kind[kind].send(channel, parcel())
        assert isinstance(outcome, NotSent)
        assert (outcome.retryable, outcome.maybe_taken) == (True, False)
    mail = await opened.by_kind[ChannelKind.EMAIL].send(mail_channel(free_port()), parcel())
    assert isinstance(mail, NotSent)
    assert (mail.retryable, mail.maybe_taken) == (True, False)


@pytest.mark.parametrize(
    ("word", "retryable", "unsure"),
    [("fails", True, False), ("says half", True, True), ("redirects", False, False)],
)
async def test_an_answer_of_the_web_means_what_it_says(
    word: str, retryable: bool, unsure: bool
) -> None:
    async with WebSink().running() as sink:
        opened = roads(sink)
        web_answers(sink, b"")(word)
        channel = Channel(name="ops", kind=ChannelKind.TEAMS, options={"secret": "hook"})
        outcome = await opened.by_kind[ChannelKind.TEAMS].send(channel, parcel())
        assert isinstance(outcome, NotSent)
        assert (outcome.retryable, outcome.maybe_taken) == (retryable, unsure)
        assert len(sink.got) == 1
        await opened.close()


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    async with WebSink().running() as sink:
        opened = roads(sink)
        sink.answer = lambda _: Reply(body=b"x" * 5_000_000)
        channel = Channel(name="ops", kind=ChannelKind.TEAMS, options={"secret": "hook"})
        outcome = await opened.by_kind[ChannelKind.TEAMS].send(channel, parcel())
        assert isinstance(outcome, Sent)
        await opened.close()


async def test_a_cancelled_try_leaves_nothing_behind() -> None:
    async with WebSink().running() as sink:
        opened = roads(sink)
        web_answers(sink, b"")("hangs")
        channel = Channel(name="ops", kind=ChannelKind.TEAMS, options={"secret": "hook"})
        task = asyncio.create_task(opened.by_kind[ChannelKind.TEAMS].send(channel, parcel()))
        await sink.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        web_answers(sink, b"")("takes")
        outcome = await opened.by_kind[ChannelKind.TEAMS].send(channel, parcel())
        assert isinstance(outcome, Sent)
        await opened.close()


@pytest.mark.parametrize("kind", [k for k in ChannelKind if k is not ChannelKind.MAILBOX])
async def test_a_channel_without_its_options_says_what_it_lacks(kind: ChannelKind) -> None:
    outcome = await roads().by_kind[kind].send(Channel(name="ops", kind=kind), parcel())
    assert isinstance(outcome, NotSent)
    assert not outcome.retryable
    assert "ops needs the option `" in outcome.why


async def test_one_tenant_cannot_name_anothers_secret() -> None:
    opened = roads(ALICE__BOT="x", BOB__BOT="y")
    for name in ("BOB__BOT", "_BOT", "../BOT", "", "B OT"):
        channel = Channel(name="ops", kind=ChannelKind.SLACK, options={"secret": name, "to": "#a"})
        outcome = await opened.by_kind[ChannelKind.SLACK].send(channel, parcel())
        assert isinstance(outcome, NotSent)
        assert not outcome.retryable
    missing = Channel(name="ops", kind=ChannelKind.SLACK, options={"secret": "bot", "to": "#a"})
    outcome = await opened.by_kind[ChannelKind.SLACK].send(missing, other_tenant(parcel()))
    assert isinstance(outcome, NotSent)
    assert "ORDERWATCH_CHANNEL_SECRET_A_STRANGER__BOT" in outcome.why


def other_tenant(one: Parcel) -> Parcel:
    return parcel(one.message, tenant="a-stranger")
