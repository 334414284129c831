"""The official CloudEvents conformance files, replayed against the layer that takes requests apart.

Their events are not about orders (com.example.someevent), so they stop at `read_cloudevents`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from tests.fakes.events import STRUCTURED

from orderwatch.core.ingest.cloudevents import Envelope, read_cloudevents
from orderwatch.core.ingest.kafka_message import read_kafka_message

FILES = Path(__file__).resolve().parents[5] / "shared/contracts/cloudevents/conformance"


def file(name: str) -> str:
    path = FILES / name
    if not path.exists():
        pytest.skip("the CloudEvents conformance files are not beside this checkout")
    return path.read_text("utf-8")


def read_one(content_type: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    read = read_cloudevents(content_type, raw, body, most=1)
    assert isinstance(read, list), read
    (envelope,) = read
    assert envelope.faults == ()
    event = json.loads(envelope.text)
    assert isinstance(event, dict)
    return event


def scenarios(feature: str) -> Iterator[tuple[str, str]]:
    """Each scenario's text, once for every row of its examples."""
    for block in re.split(r"^\s*Scenario(?: Outline)?:", feature, flags=re.MULTILINE)[1:]:
        story, _, examples = block.partition("Examples:")
        names, *rows = table(examples) or [[]]
        for row in rows or [[]]:
            filled = story
            for name, value in zip(names, row, strict=True):
                filled = filled.replace(f"<{name}>", value)
            yield filled.splitlines()[0].strip(), filled


def table(text: str) -> list[list[str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def docstrings(text: str) -> list[str]:
    found = re.findall(r'^( *)"""\n(.*?)^ *"""', text, flags=re.MULTILINE | re.DOTALL)
    return [
        "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        for indent, body in found
    ]


def test_the_feature_file_of_the_http_binding_is_fulfilled() -> None:
    replayed = 0
    for title, story in scenarios(file("http-protocol-binding.feature")):
        request, data = docstrings(story)
        head, _, body = request.partition("\n\n")
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
        event = read_one(headers.pop("Content-Type"), headers, body.encode())
        _, *wanted = table(story.partition("the attributes are:")[2])
        assert {k: v for k, v in event.items() if k != "data"} == dict(wanted), title
        assert event["data"] == json.loads(data), title
        replayed += 1
    assert replayed == 4


def test_the_feature_file_of_the_kafka_binding_is_fulfilled() -> None:
    replayed = 0
    for title, story in scenarios(file("kafka-protocol-binding.feature")):
        payload, data = docstrings(story)
        given, _, wanted = story.partition("the attributes are:")
        _, *headers = table(given.partition("Kafka headers:")[2])
        raw = [(name.encode(), value.encode()) for name, value in headers]
        read = read_kafka_message(raw, payload.encode())
        assert isinstance(read, Envelope), title
        assert read.faults == ()
        event = json.loads(read.text)
        assert {k: v for k, v in event.items() if k != "data"} == dict(table(wanted)[1:]), title
        assert event["data"] == json.loads(data), title
        replayed += 1
    assert replayed == 3


def documents() -> Iterator[dict[str, Any]]:
    for name in ("v1.yaml", "v1_minimum.yaml"):
        yield from yaml.load_all(file(name), Loader=yaml.BaseLoader)


def test_every_event_of_the_yaml_files_is_read_in_binary_mode() -> None:
    for document in documents():
        attributes = dict(document["ContextAttributes"])
        attributes |= attributes.pop("Extensions", {})
        content_type = attributes.get("datacontenttype", "application/json")
        headers = {
            f"ce-{name}": quote(value, safe="/:; =")
            for name, value in attributes.items()
            if name != "datacontenttype"
        } | document.get("TransportExtensions", {})
        event = read_one(content_type, headers, document["Data"].encode())
        data = event.pop("data")
        assert event == attributes | {"datacontenttype": content_type}
        is_json = "json" in content_type
        assert data == (json.loads(document["Data"]) if is_json else document["Data"])


def test_every_event_of_the_yaml_files_is_read_in_structured_mode() -> None:
    for document in documents():
        attributes = dict(document["ContextAttributes"])
        attributes |= attributes.pop("Extensions", {})
        sent = attributes | {"data": document["Data"]}
        assert read_one(STRUCTURED, {}, json.dumps(sent).encode()) == sent
