"""A Kafka message is taken apart like an HTTP request, with the few ways in which Kafka differs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.events import BATCH, STRUCTURED, as_json, order_event

from orderwatch.core.ingest.batch import Candidate
from orderwatch.core.ingest.cloudevents import Envelope, Unreadable
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.kafka_message import read_kafka_message
from orderwatch.core.ingest.limits import Limits


def headers_of(event: dict[str, Any]) -> list[tuple[bytes, bytes | None]]:
    attributes = {k: v for k, v in event.items() if k not in {"data", "datacontenttype"}}
    return [
        (b"content-type", b"application/json"),
        *((f"ce_{name}".encode(), str(value).encode()) for name, value in attributes.items()),
    ]


def envelope(headers: list[tuple[bytes, bytes | None]], value: bytes | None) -> Envelope:
    read = read_kafka_message(headers, value)
    assert isinstance(read, Envelope), read
    return read


def test_an_order_event_is_the_same_in_both_modes() -> None:
    event = order_event()
    binary = envelope(headers_of(event), as_json(event["data"]))
    structured = envelope([(b"content-type", STRUCTURED.encode())], as_json(event))
    assert json.loads(binary.text) == json.loads(structured.text) == event
    assert isinstance(judge_event(0, binary.text, Limits()), Candidate)


def test_values_are_text_and_not_percent_encoded() -> None:
    headers: list[tuple[bytes, bytes | None]] = [
        (b"CE_Id", "ลาดพร้าว 100%".encode()),
        (b"ce_subject", b'"quoted"'),
    ]
    event = json.loads(envelope(headers, b"{}").text)
    assert (event["id"], event["subject"]) == ("ลาดพร้าว 100%", '"quoted"')


def test_a_header_of_nothing_was_left_out_and_so_was_the_data_of_a_tombstone() -> None:
    read = envelope([(b"ce_id", b"e-1"), (b"ce_sequence", None)], None)
    assert json.loads(read.text) == {"id": "e-1"}


@pytest.mark.parametrize(
    ("header", "value", "field", "message"),
    [
        (b"ce_id", b"\xff", "id", "must be UTF-8"),
        (b"ce_Order-Id", b"1", "order-id", "attribute names are made of a-z and 0-9 alone"),
        (b"ce_source", b"/again", "source", "was sent twice"),
        (b"ce_datacontenttype", b"text/xml", "datacontenttype", "must not be sent"),
    ],
)
def test_a_wrong_header_is_named(header: bytes, value: bytes, field: str, message: str) -> None:
    read = envelope([(b"ce_source", b"/phoenix-oms"), (header, value)], b"{}")
    (fault,) = read.faults
    assert fault.field == field
    assert message in fault.message


@pytest.mark.parametrize(
    ("content_type", "value", "code"),
    [
        (STRUCTURED, b"{", "not_json"),
        (STRUCTURED, None, "not_json"),
        (BATCH, b"[]", "unsupported_media_type"),
        ("application/cloudevents+avro", b"", "unsupported_media_type"),
        ("application/json; charset=utf-16", b"{}", "unsupported_media_type"),
        ("application/json", b"{}", "unsupported_media_type"),
    ],
)
def test_a_message_without_a_legible_event_says_why(
    content_type: str, value: bytes | None, code: str
) -> None:
    read = read_kafka_message([(b"content-type", content_type.encode())], value)
    assert isinstance(read, Unreadable)
    assert read.code == code
