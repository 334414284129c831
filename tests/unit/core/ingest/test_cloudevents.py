"""CloudEvents over HTTP: the three modes, and the ways a request can be none of them."""

from __future__ import annotations

import json

import pytest
from tests.fakes.events import BATCH, STRUCTURED

from orderwatch.core.ingest.cloudevents import (
    Envelope,
    Unreadable,
    header_text,
    read_cloudevents,
)

HEAD = [(b"ce-id", b"1"), (b"ce-source", b"/s")]


def read(content_type: str, body: bytes, headers: list[tuple[bytes, bytes]] | None = None):  # type: ignore[no-untyped-def]
    return read_cloudevents(content_type, headers or [], body, most=3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b" plain\t", "plain"),
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        (b'"with space"', "with space"),
        (rb'"a \"quoted\" \\ word"', 'a "quoted" \\ word'),
        (b'"%E2%82%AC"', "€"),
        (b'"', '"'),
        (b"100%", "100%"),
        (b"%zz", "%zz"),
        (b"%C0%A0", None),
        (b"%FF", None),
        (b"%ED%A0%80", None),
        (b"\xff", None),
    ],
)
def test_a_header_is_unquoted_unescaped_and_percent_decoded(value: bytes, text: str | None) -> None:
    assert header_text(value) == text


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ((b"ce-datacontenttype", b"application/json"), "datacontenttype"),
        ((b"ce-data", b"{}"), "data"),
        ((b"ce-data_base64", b"e30="), "data_base64"),
        ((b"ce-subject", b"%C0%A0"), "subject"),
        ((b"ce-id", b"again"), "id"),
        ((b"ce-\xff", b"x"), "ÿ"),
        ((b"ce-", b"x"), "ce-"),
    ],
)
def test_a_wrong_ce_header_is_named(header: tuple[bytes, bytes], field: str) -> None:
    (envelope,) = read("application/json", b"{}", [*HEAD, header])
    assert [fault.field for fault in envelope.faults] == [field]


def test_a_body_in_binary_mode_cannot_add_attributes() -> None:
    body = b'{"system":"x"},"id":"forged"'
    answer = read("application/json", body, HEAD)
    assert isinstance(answer, Unreadable)
    assert answer.code == "not_json"


def test_binary_data_that_is_not_text_is_kept_as_base64() -> None:
    (envelope,) = read("application/octet-stream", b"\xff\x00", HEAD)
    assert json.loads(envelope.text)["data_base64"] == "/wA="


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("application/cloudevents+avro", "unsupported_media_type"),
        ("application/cloudevents+json; charset=utf-16", "unsupported_media_type"),
        ("application/cloudevents-batch+json; charset=latin1", "unsupported_media_type"),
        ("application/json", "unsupported_media_type"),
        ("text/plain", "unsupported_media_type"),
        ("", "unsupported_media_type"),
        ("; charset", "unsupported_media_type"),
        (STRUCTURED, "not_json"),
        (BATCH, "not_json"),
    ],
)
def test_a_request_that_holds_no_events_says_why(content_type: str, code: str) -> None:
    answer = read(content_type, b"not json")
    assert isinstance(answer, Unreadable)
    assert answer.code == code
    assert answer.error.field in {"content-type", "body"}


@pytest.mark.parametrize(
    "content_type",
    [
        "Application/CloudEvents+JSON",
        f"{STRUCTURED}; charset=UTF-8",
        f'{STRUCTURED};charset="utf-8"',
    ],
)
def test_a_content_type_may_be_written_in_many_ways(content_type: str) -> None:
    assert read(content_type, b" {} ") == [Envelope(b"{}")]


def test_a_batch_comes_apart_event_by_event() -> None:
    assert read(BATCH, b" [ ] ") == []
    assert [e.text for e in read(BATCH, b'[{"a":[1,2]}, 42,\n"x"]')] == [
        b'{"a":[1,2]}', b"42", b'"x"',
    ]  # fmt: skip


def test_a_batch_that_is_too_long_or_no_array_is_refused() -> None:
    assert read(BATCH, b"[1,2,3,4]").code == "too_many_events"
    assert read(BATCH, b"{}").code == "not_json"


def test_nesting_that_no_decoder_survives_does_not_harm_its_neighbours() -> None:
    bomb = b"[" * 50_000 + b"]" * 50_000
    batch = b'[{"good":"[\\""},' + bomb + b',{"also":"good"}]'
    assert [e.text for e in read(BATCH, batch)] == [b'{"good":"[\\""}', bomb, b'{"also":"good"}']
    assert read(BATCH, batch[:-1]).code == "not_json"
    assert read(BATCH, batch + b"x").code == "not_json"
    assert read(BATCH, b"[" * 2_000_000).code == "not_json"
    assert read(STRUCTURED, bomb) == [Envelope(bomb)]


def test_half_a_surrogate_pair_does_not_harm_its_neighbours() -> None:
    batch = rb'[{"a":"\ud800"}, {"b":"\\ud800 \ud83d\ude00"}]'
    texts = [envelope.text for envelope in read(BATCH, batch)]
    assert texts == [rb'{"a":"\ud800"}', rb'{"b":"\\ud800 \ud83d\ude00"}']
    assert read(BATCH, batch[:-1]).code == "not_json"
    assert read(BATCH, batch.replace(b"}]", b"]")).code == "not_json"
    assert read(STRUCTURED, rb' {"a":"\udc00"} ') == [Envelope(rb'{"a":"\udc00"}')]
    assert read(STRUCTURED, rb'{"a":"\udc00"').code == "not_json"
