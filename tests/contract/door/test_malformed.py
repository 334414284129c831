"""Thousands of wrong inputs: each gets a 4xx that names the field, its neighbour goes through.

One seed, so that a failure can be seen again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import httpx
from tests.contract.door.conftest import Place
from tests.fakes.events import BATCH, MISSING, STRUCTURED, as_json, order_event, put
from tests.fakes.keys import ALICE

from orderwatch.core.ingest.limits import Limits

URL = "/api/v1/events"
REQUIRED = ("specversion", "id", "source", "type", "subject", "time", "data", "data.system",
            "data.status", "data.amount.value", "data.amount.currency")  # fmt: skip
LONGEST = {
    "id": 200, "source": 200, "subject": 100, "sequence": 40, "correlationid": 200,
    "causationid": 200, "data.system": 60, "data.status": 80, "data.channel": 60,
    "data.location": 100, "data.reason.code": 80, "data.reason.text": 1000, "data.refs.a": 200,
}  # fmt: skip
TEXTS = (*LONGEST, "specversion", "type", "time", "traceparent", "data.fulfilment",
         "data.delivery", "data.amount.value", "data.amount.currency", "data.amount.kind",
         "data.due_at")  # fmt: skip
OBJECTS = ("data", "data.amount", "data.reason", "data.refs", "data.details")
CLOSED = ("data", "data.amount", "data.reason")
NOT_TEXT: tuple[Any, ...] = (0, -1, 1.5, True, [], {}, ["x"], {"x": "y"}, 10**30)
NOT_OBJECT: tuple[Any, ...] = (0, "", "x", True, [], [{}], 1e9)
NO_NAMES = ("a\x00b", "a\nb", "\u202ex", " a", "a ", "\x7f", "\u2028")
CONTROLS = ("a\x00b", "a\nb", "\x1b[2J")
WORDS: dict[str, tuple[Any, ...]] = {
    "specversion": ("", "0.3", "1", "1.0 ", "2.0"),
    "type": ("", "Orderwatch.status.v1", "orderwatch.status.v2", "com.example.x"),
    "time": ("", "now", "2026-01-31", "10:42:00Z", "2026-01-31T10:42:00", "2026-13-01T00:00:00Z",
             "2026-02-29T00:00:00Z", "2026-01-31T25:00:00Z", "2016-12-31T23:59:60Z",
             "2026-01-31T10:42:00+25:00", "0000-01-01T00:00:00Z", "20260131T104200Z",
             "10000-01-01T00:00:00Z", "2026-01-31T10:42:00Z\n", "-2026-01-31T10:42:00Z"),
    "traceparent": ("", "00-", "01-" + "0" * 32 + "-" + "0" * 16 + "-00", "00-" + "G" * 32),
    "data.fulfilment": ("", "Store", "shop", "store "),
    "data.delivery": ("", "EXPRESS", "slow"),
    "data.amount.value": ("", "1.", ".5", "1,5", "1e3", "+1", "--1", "NaN", "1 ", "1\n", "0x10",
                          "1" * 13, "1.23456", "฿5", "٣"),
    "data.amount.currency": ("", "th", "thb", "THBX", "TH1", "THB\n", "฿฿฿"),
    "data.amount.kind": ("", "total", "REFUNDED"),
    "data.due_at": ("", "soon", "2026-01-31T10:42:00", "2016-12-31T23:59:60Z"),
    "data.attempt": (0, -1, 1001, 1.5, "1", True, [], {}, 10**30),
    "datacontenttype": ("", "text/plain", "application/xml", "application/json; charset=latin1"),
    "sequence": ("1\n", "\x01"),
    **dict.fromkeys(("id", "source", "subject", "data.system"), NO_NAMES),
    **dict.fromkeys(("data.status", "data.channel", "data.location"), CONTROLS),
}  # fmt: skip
RAW_MEMBERS = (
    b'"x":1e999', b'"x":-1e309', b'"x":1e-5000', b'"x":' + b"9" * 500, b'"x":0.' + b"3" * 500,
    b'"x":"\xff"', b'"x":"\xc0\x80"', b'"x":"\xed\xbf\xbf"', b'"x":"\xf5\x80\x80\x80"',
    b'"x":"\\ud800"', b'"x":"\\udfff"', b'"x":"\\ud83d\\ud83d"', b'"x":"\\u0000"',
    b'"\\u0000":1', b'"\xff":1', b'"x":' + b"[" * 33 + b"]" * 33,
    b'"x":' + b'{"y":' * 900 + b"0" + b"}" * 900, b'"x":' + b"[" * 30_000 + b"]" * 30_000,
)  # fmt: skip
"""Valid for a careless reader of JSON, each with one thing in it that cannot be kept."""


def mutations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table above, applied to a good event: the field, and the event with it wrong."""
    yield from ((field, spoiled(field, MISSING)) for field in REQUIRED)
    yield from ((field, spoiled(field, "x" * (most + 1))) for field, most in LONGEST.items())
    yield from ((field, spoiled(field, "ก" * (most * 3))) for field, most in LONGEST.items())
    yield from ((field, spoiled(field, value)) for field in TEXTS for value in NOT_TEXT)
    yield from ((field, spoiled(field, value)) for field in OBJECTS for value in NOT_OBJECT)
    yield from ((field, spoiled(field, word)) for field, words in WORDS.items() for word in words)
    yield from ((f"{field}.zzz", spoiled(f"{field}.zzz", 1)) for field in CLOSED)


def spoiled(field: str, value: Any) -> dict[str, Any]:
    event = order_event()
    put(event, field.split("."), value)
    return event


def bad_events(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """The field at fault and the event's text: the mutations, alone and two at a time."""
    single = list(mutations())
    for field, event in single:
        yield field, json.dumps(event).encode()
        yield field, as_json(event)
    for _ in range(900):
        (field, event), (other, more) = chance.sample(single, 2)
        if not (field.startswith(other) or other.startswith(field)):
            both = merged(deepcopy(event), more, other)
            yield (field if "type" not in {field, other} else "type"), as_json(both)
    for member in RAW_MEMBERS:
        name = "event" if member.startswith(b'"x"') else ""
        yield name, as_json(order_event())[:-1] + b"," + member + b"}"


def merged(event: dict[str, Any], other: dict[str, Any], field: str) -> dict[str, Any]:
    """The first event, with the fault of the second in it too."""
    value: Any = other
    inside: Any = event
    *outer, last = field.split(".")
    for name in outer:
        value, inside = value[name], inside.get(name) if isinstance(inside, dict) else None
    if isinstance(inside, dict):
        put(inside, [last], value.get(last, MISSING))
    return event


async def test_every_wrong_event_is_refused_by_field_and_its_neighbour_goes_through(
    place: Place,
) -> None:
    bad = list(bad_events(random.Random(2026)))
    assert len(bad) > 1500
    async with place.client(Limits(errors_per_event=50)) as client:
        for number, (field, text) in enumerate(bad):
            alone = await client.post(URL, content=text, headers={"Content-Type": STRUCTURED})
            assert_refused(alone, field, text)
            good = as_json(order_event(id=f"good-{number}"))
            beside = await client.post(
                URL, content=b"[" + text + b"," + good + b"]", headers={"Content-Type": BATCH}
            )
            assert beside.status_code == 202, (text[:300], beside.text)
            assert beside.json()["accepted"] == 1
            assert [r["index"] for r in beside.json()["rejected"]] == [0]
    assert len(place.ledger.events[ALICE]) == len(bad)
    assert len(place.ledger.dead_letters[ALICE]) == 2 * len(bad)


def assert_refused(answer: httpx.Response, field: str, text: bytes) -> None:
    assert 400 <= answer.status_code < 500, (text[:300], answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    blamed = [error["field"] for error in answer.json()["errors"]]
    assert all(blamed), answer.text
    assert blamed, answer.text
    if field and field != "event" and "nul" not in answer.text:
        named = any(name == field or field.startswith(f"{name}.") for name in blamed)
        assert named or at_fault_as_text(answer), (field, blamed, text[:300])


def at_fault_as_text(answer: httpx.Response) -> bool:
    """Whether the text itself could not be read, so that no other field was looked at."""
    return all(
        any(word in error["message"] for word in ("U+0000", "range", "characters; send it as text"))
        for error in answer.json()["errors"]
    )


Damage = Callable[[random.Random, bytearray], None]


def cut(chance: random.Random, body: bytearray) -> None:
    del body[chance.randrange(1, len(body)) :]


def insert(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body))
    body[at:at] = chance.choice((b"\x00", b"\xff", b'"', b"{", b"]", b",,", b"\\", b"\xef\xbb\xbf"))


def overwrite(chance: random.Random, body: bytearray) -> None:
    body[chance.randrange(len(body))] = chance.randrange(256)


def repeat(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body))
    body[at:at] = body[at : at + chance.randrange(1, 60)]


async def test_damaged_bytes_never_get_a_5xx_and_never_harm_what_is_kept(place: Place) -> None:
    chance = random.Random(7)
    damages: tuple[Damage, ...] = (cut, insert, overwrite, repeat)
    async with place.client() as client:
        for number in range(2000):
            good = order_event(id=f"e-{number}")
            batch = chance.random() < 0.5
            body = bytearray(as_json([good, good] if batch else good))
            for _ in range(chance.randrange(1, 4)):
                chance.choice(damages)(chance, body)
            content_type = BATCH if batch else STRUCTURED
            answer = await client.post(
                URL, content=bytes(body), headers={"Content-Type": content_type}
            )
            assert answer.status_code in {202, 400, 413, 422}, (bytes(body), answer.text)
            if answer.status_code != 202:
                assert all(error["field"] for error in answer.json()["errors"])
                assert answer.json()["errors"]
    for text in place.ledger.texts[ALICE]:
        assert "\\u0000" not in text.decode()
        json.loads(text)


async def test_wrong_headers_of_every_kind_get_a_4xx(place: Place) -> None:
    chance = random.Random(11)
    names = [b"content-type", b"ce-id", b"ce-time", b"ce-x", b"ce-data", b"ce-a_b", b"charset",
             b"content-encoding", b"content-length", b"webhook-signature", b"webhook-id",
             b"webhook-timestamp", b"orderwatch-key-id", b"authorization"]  # fmt: skip
    values = [b"", b"\xff", b"%C0%A0", b"text/plain", b"application/json; charset=utf-16", b"gzip",
              b'"', b"v1,", b"1", b"-1", b"9" * 30, b"a;b=c;charset*=utf-8''x", b"Bearer ow_",
              b"application/cloudevents+xml", STRUCTURED.encode(), b"%", b"\x80" * 100]  # fmt: skip
    async with place.client() as client:
        for _ in range(1000):
            headers = [(chance.choice(names), chance.choice(values)) for _ in range(4)]
            answer = await client.post(URL, content=b"{}", headers=headers)
            assert 400 <= answer.status_code < 500, (headers, answer.text)
            assert all(error["field"] for error in answer.json()["errors"]), (headers, answer.text)
            assert answer.json()["errors"], (headers, answer.text)
