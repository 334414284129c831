"""Programs that know nothing of us, over real HTTP: public clients of the two standards."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook
from tests.contract.door.conftest import Server
from tests.fakes.events import BATCH, order_event
from tests.fakes.keys import ALICE


def cloudevent(**changes: str) -> CloudEvent:
    """An order event as a program with the public SDK makes it."""
    event = order_event(**changes)
    data = event.pop("data")
    event["time"] = datetime.fromisoformat(event["time"])
    return CloudEvent(attributes=event, data=data)


def post(server: Server, message: HTTPMessage) -> httpx.Response:
    headers = {"Authorization": f"Bearer {server.place.alice.text}"} | message.headers
    return httpx.post(server.url, content=message.body, headers=headers)


@pytest.mark.parametrize("convert", [to_structured, to_binary])
def test_the_cloudevents_sdk_is_understood_in_both_of_its_modes(server: Server, convert) -> None:  # type: ignore[no-untyped-def]
    event = cloudevent(subject='ก "1" 100%', data__location="ลาดพร้าว")
    answer = post(server, convert(event, JSONFormat()))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    (kept,) = server.place.ledger.events[ALICE].values()
    assert kept.order_id == 'ก "1" 100%'
    assert kept.data.location == "ลาดพร้าว"
    assert kept.time == event.get_time()


def test_what_the_sdk_says_in_one_mode_it_has_said_in_the_other(server: Server) -> None:
    first = post(server, to_structured(cloudevent(), JSONFormat()))
    second = post(server, to_binary(cloudevent(), JSONFormat()))
    assert (first.json()["accepted"], second.json()["duplicates"]) == (1, 1)


def test_events_of_the_sdk_are_understood_as_a_batch(server: Server) -> None:
    events = [
        json.loads(to_structured(cloudevent(id=f"e-{n}"), JSONFormat()).body) for n in range(3)
    ]
    message = HTTPMessage({"Content-Type": BATCH}, json.dumps(events).encode())
    assert post(server, message).json()["accepted"] == 3


def test_a_foreign_event_of_the_sdk_is_told_which_type_is_expected(server: Server) -> None:
    foreign = CloudEvent({"type": "com.example.test", "source": "/test"}, {"message": "Hello"})
    for convert in (to_structured, to_binary):
        answer = post(server, convert(foreign, JSONFormat()))
        assert answer.status_code == 422
        told = {error["field"]: error["message"] for error in answer.json()["errors"]}
        assert "orderwatch.status.v1" in told["type"]


def test_a_webhook_signed_by_the_library_of_the_standard_is_understood(server: Server) -> None:
    key = server.place.alice
    message = to_structured(cloudevent(), JSONFormat())
    now = datetime.now(UTC)
    signature = Webhook(key.signing_text).sign("msg_1", now, message.body.decode())
    headers = message.headers | {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    url = f"{server.url}?key={key.id}"
    answer = httpx.post(url, content=message.body, headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    tampered = message.body.replace(b"PROCESSING", b"COMPLETE")
    assert httpx.post(url, content=tampered, headers=headers).status_code == 401
