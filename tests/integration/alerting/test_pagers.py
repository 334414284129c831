"""PagerDuty and Opsgenie, through Apprise: one alert for one incident, which ends with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from apprise.plugins import pagerduty
from msgspec.structs import replace
from tests.notices import message, parcel, resolved
from tests.sinks import Reply, WebSink

from orderwatch.adapters.notifiers.apprise import Apprise, keyed
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.notice import NoticeKind, NotSent, Sent

PAGER = Channel(name="ops", kind=ChannelKind.APPRISE, options={"secret": "pager"})
ADDRESS = f"pagerduty://{'1' * 32}@{'2' * 20}"


@pytest.fixture
async def sink(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WebSink]:
    """A server of ours where PagerDuty's would be."""
    async with WebSink().running() as running:
        monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"{running.url}/v2/enqueue")
        yield running


async def test_an_incident_is_one_alert_and_its_end_ends_it(sink: WebSink) -> None:
    sink.answer = lambda _: Reply(status=202)
    road = Apprise(ChannelSecrets({"ALICE__PAGER": ADDRESS}), "https://orders.example")
    for told in (message(), message(kind=NoticeKind.UPDATE), resolved()):
        assert await road.send(PAGER, parcel(told)) == Sent()
    assert [(got.json["event_action"], got.json["dedup_key"]) for got in sink.got] == [
        ("trigger", "orderwatch-alice-7"),
        ("trigger", "orderwatch-alice-7"),
        ("resolve", "orderwatch-alice-7"),
    ]


async def test_a_repeat_after_a_lost_answer_is_the_same_alert(sink: WebSink) -> None:
    sink.answer = lambda _: Reply(status=500)
    road = Apprise(ChannelSecrets({"ALICE__PAGER": ADDRESS}), "https://orders.example")
    assert isinstance(await road.send(PAGER, parcel()), NotSent)
    sink.answer = lambda _: Reply(status=202)
    assert await road.send(PAGER, parcel()) == Sent()
    assert len({got.json["dedup_key"] for got in sink.got}) == 1


def test_a_summary_does_not_raise_again_what_has_ended() -> None:
    told = parcel(message(kind=NoticeKind.SUMMARY))
    assert f"dedup={told.key}" in keyed(ADDRESS, told)
    assert f"dedup={told.key}" in keyed(ADDRESS, replace(parcel(), incident=None))


def test_what_the_operator_wrote_into_the_address_is_left_as_it_is() -> None:
    own = f"{ADDRESS}?dedup=mine&action=trigger"
    assert keyed(own, parcel()) == own
    assert keyed(f"{ADDRESS}?region=eu", parcel()).count("?") == 1
    assert keyed("json://10.0.0.1/hook", parcel()) == "json://10.0.0.1/hook"


def test_opsgenie_knows_it_by_its_alias() -> None:
    assert keyed("opsgenie://key/", parcel()).endswith("?alias=orderwatch-alice-7&action=map")
