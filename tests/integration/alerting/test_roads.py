"""What is particular to each road: Slack's threads, LINE's retry key, signatures, all others."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator

import pytest
from standardwebhooks import Webhook as Stranger
from standardwebhooks.webhooks import WebhookVerificationError
from tests.integration.alerting.test_roads_contract import HOSTILE, SIGNING, roads
from tests.notices import message, parcel, resolved
from tests.sinks import Got, Reply, WebSink

from orderwatch.adapters import clock
from orderwatch.adapters.notifiers.apprise import Apprise
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.slack import blocks_of
from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.notice import NoticeKind, NotSent, Sent

SLACK = Channel(name="ops", kind=ChannelKind.SLACK, options={"to": "#alerts", "secret": "bot"})
APPRISE = Channel(name="ops", kind=ChannelKind.APPRISE, options={"secret": "url"})


@pytest.fixture
async def sink() -> AsyncIterator[WebSink]:
    async with WebSink().running() as running:
        yield running


def slack(got: Got) -> Reply:
    """Slack as it is: always 200, the truth is in the body."""
    if got.headers.get("authorization") != "Bearer xoxb-1":
        return Reply(body=b'{"ok": false, "error": "invalid_auth"}')
    if got.path == "/api/chat.update" and got.json["ts"] == "gone":
        return Reply(body=b'{"ok": false, "error": "message_not_found"}')
    ts = got.json.get("ts", "17.1")
    return Reply(body=json.dumps({"ok": True, "channel": "C1", "ts": ts}).encode())


async def test_slack_renews_its_message_in_place(sink: WebSink) -> None:
    sink.answer = slack
    road = roads(sink, ALICE__BOT="xoxb-1").by_kind[ChannelKind.SLACK]
    first = await road.send(SLACK, parcel())
    assert first == Sent("C1:17.1")
    assert await road.send(SLACK, parcel(resolved(), thread="C1:17.1")) == first
    posted, renewed = sink.got
    assert posted.path == "/api/chat.postMessage"
    assert posted.json["channel"] == "#alerts"
    assert renewed.path == "/api/chat.update"
    assert (renewed.json["channel"], renewed.json["ts"]) == ("C1", "17.1")
    colours = [one.json["attachments"][0]["color"] for one in sink.got]
    assert colours[0] != colours[1]


async def test_slack_is_called_again_in_the_thread_when_nobody_looks(sink: WebSink) -> None:
    sink.answer = slack
    road = roads(sink, ALICE__BOT="xoxb-1").by_kind[ChannelKind.SLACK]
    reminder = message("Nobody looks", kind=NoticeKind.ESCALATION)
    await road.send(SLACK, parcel(reminder, thread="C1:17.1"))
    (got,) = sink.got
    assert got.path == "/api/chat.postMessage"
    assert (got.json["thread_ts"], got.json["reply_broadcast"]) == ("17.1", True)


async def test_slack_posts_anew_when_its_message_was_deleted(sink: WebSink) -> None:
    sink.answer = slack
    road = roads(sink, ALICE__BOT="xoxb-1").by_kind[ChannelKind.SLACK]
    outcome = await road.send(SLACK, parcel(resolved(), thread="C1:gone"))
    assert outcome == Sent("C1:17.1")
    assert [one.path for one in sink.got] == ["/api/chat.update", "/api/chat.postMessage"]


async def test_slack_says_no_with_200(sink: WebSink) -> None:
    sink.answer = slack
    road = roads(sink, ALICE__BOT="xoxb-2").by_kind[ChannelKind.SLACK]
    assert await road.send(SLACK, parcel()) == NotSent("Slack: invalid_auth", retryable=False)
    sink.answer = lambda _: Reply(body=b'{"ok": false, "error": "ratelimited"}')
    outcome = await road.send(SLACK, parcel())
    assert isinstance(outcome, NotSent)
    assert outcome.retryable


def test_slack_blocks_keep_to_its_limits_and_call_nobody() -> None:
    told = message(HOSTILE, text=HOSTILE, figures=((HOSTILE, HOSTILE),) * 12)
    shown = blocks_of(told, "https://orders.example")
    (attachment,) = shown["attachments"]
    header, section, fields, *_ = attachment["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3000
    assert len(fields["fields"]) <= 10
    assert all(len(one["text"]) <= 2000 for one in fields["fields"])
    header["text"]["text"] = "plain text: Slack reads no mention in it"
    text = json.dumps(shown)
    assert "<!channel>" not in text
    assert "<@U123>" not in text


async def test_an_address_that_is_a_secret_is_in_no_log(
    sink: WebSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = Channel(name="t", kind=ChannelKind.TEAMS, options={"secret": "hook"})
    for status in (200, 404, 503):
        sink.answer = lambda _, status=status: Reply(status=status)  # type: ignore[misc]
        outcome = await roads(sink).by_kind[ChannelKind.TEAMS].send(channel, parcel())
        assert "s3cr3t" not in str(outcome)
    assert sink.got[0].path == "/services/s3cr3t"
    assert "s3cr3t" not in caplog.text


async def test_line_takes_a_repeat_for_what_it_is(sink: WebSink) -> None:
    road = roads(sink, ALICE__T="token").by_kind[ChannelKind.LINE]
    channel = Channel(name="l", kind=ChannelKind.LINE, options={"to": "C1", "secret": "t"})
    await road.send(channel, parcel())
    (got,) = sink.got
    assert got.path == "/v2/bot/message/push"
    assert got.headers["authorization"] == "Bearer token"
    assert got.headers["x-line-retry-key"] == parcel().key
    assert got.json["to"] == "C1"
    sink.answer = lambda _: Reply(status=409, body=b'{"message": "already accepted"}')
    assert await road.send(channel, parcel()) == Sent()


async def test_a_stranger_can_check_the_webhooks_signature(sink: WebSink) -> None:
    road = roads(sink, ALICE__W=SIGNING).by_kind[ChannelKind.WEBHOOK]
    channel = Channel(
        name="w", kind=ChannelKind.WEBHOOK, options={"url": f"{sink.url}/hook", "secret": "w"}
    )
    from_now = parcel(at=clock.now())
    assert isinstance(await road.send(channel, from_now), Sent)
    (got,) = sink.got
    told = Stranger(SIGNING).verify(got.body.decode(), got.headers)
    assert told["data"]["title"] == "47 orders failed at Commerce Engine"
    assert told["data"]["link"] == "https://orders.example/incidents/7"
    assert got.headers["webhook-id"] == from_now.key
    with pytest.raises(WebhookVerificationError):
        Stranger(SIGNING).verify(got.body.decode().replace("47", "4"), got.headers)


async def test_teams_gets_a_card_that_shows_strangers_words_as_they_stand(sink: WebSink) -> None:
    road = roads(sink).by_kind[ChannelKind.TEAMS]
    channel = Channel(name="t", kind=ChannelKind.TEAMS, options={"secret": "hook"})
    await road.send(channel, parcel(message("[click](http://evil.example)")))
    (got,) = sink.got
    (attachment,) = got.json["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert card["actions"][0]["url"] == "https://orders.example/incidents/7"


async def test_apprise_carries_a_notice_to_what_has_no_road_of_its_own(sink: WebSink) -> None:
    address = sink.url.removeprefix("http://")
    url = f"json://{address}/hook"
    road = Apprise(ChannelSecrets({"ALICE__URL": url}), "https://orders.example")
    assert await road.send(APPRISE, parcel()) == Sent()
    (got,) = sink.got
    assert got.json["title"] == "◆ 47 orders failed at Commerce Engine"
    assert got.json["type"] == "failure"
    sink.answer = lambda _: Reply(status=500)
    outcome = await road.send(APPRISE, parcel())
    assert isinstance(outcome, NotSent)
    assert outcome.retryable
    assert address not in outcome.why


async def test_apprise_says_how_to_get_it_and_what_it_does_not_know() -> None:
    secrets = ChannelSecrets({"ALICE__URL": "nonsense://s3cr3t"})
    missing = await Apprise(secrets, "x", "apprise_is_not_here").send(APPRISE, parcel())
    assert isinstance(missing, NotSent)
    assert "pip install 'orderwatch[apprise]'" in missing.why
    unknown = await Apprise(secrets, "x").send(APPRISE, parcel())
    assert isinstance(unknown, NotSent)
    assert not unknown.retryable
    assert "s3cr3t" not in unknown.why
