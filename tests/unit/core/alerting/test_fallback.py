"""Of a channel that fails people hear over another one."""

from __future__ import annotations

from msgspec.structs import replace
from tests.notices import NOON, OPS

from orderwatch.core.alerting.book import Book, Channel, ChannelKind, Priority, Route
from orderwatch.core.alerting.incident import Incident, IncidentId
from orderwatch.core.alerting.route import route

MAIL = Channel(name="mail", kind=ChannelKind.EMAIL)


def book(fallback: str | None) -> Book:
    channels = {"ops": replace(OPS, fallback=fallback), "mail": MAIL}
    return Book(
        name="b",
        version=1,
        time_zone="UTC",
        rules={},
        channels=channels,
        routes=(Route(to=("ops",)),),
    )


def incident(**about: str) -> Incident:
    return Incident(
        id=IncidentId(1),
        rule="delivery_failed",
        group="g",
        priority=Priority.HIGH,
        team="operations",
        title="t",
        cause_at=NOON,
        fired_at=NOON,
        about=dict(about),
    )


def test_the_fallback_is_told_and_not_the_channel_that_fails() -> None:
    broken = incident(look="notice", channel="ops")
    assert route(book("mail"), broken, NOON).to == ("mail",)


def test_without_a_fallback_what_is_left_is_tried() -> None:
    assert route(book(None), incident(look="notice", channel="ops"), NOON).to == ("ops",)
    assert route(book(None), incident(look="notice", channel="mail"), NOON).to == ("ops",)


def test_other_incidents_go_where_they_went() -> None:
    assert route(book("mail"), incident(look="order"), NOON).to == ("ops",)
