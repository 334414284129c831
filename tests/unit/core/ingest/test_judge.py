"""One event's text: trusted, or refused with the name of every field that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.events import MISSING, as_json, order_event

from orderwatch.core.ingest.batch import Candidate, Refused
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import Event

LIMITS = Limits()
SCHEMA = Path(__file__).resolve().parents[5] / "shared/spec/order-event.v1.schema.json"


def judge(text: bytes) -> Candidate | Refused:
    return judge_event(0, text, LIMITS)


def trusted(text: bytes) -> Event:
    judged = judge(text)
    assert isinstance(judged, Candidate), judged
    assert msgspec.json.decode(judged.text, type=Event) == judged.event
    return judged.event


def refused(text: bytes) -> Refused:
    judged = judge(text)
    assert isinstance(judged, Refused)
    assert judged.payload == text
    assert all(error.field and error.message for error in judged.errors)
    return judged


def fields(text: bytes) -> list[str]:
    return [error.field for error in refused(text).errors]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_good_event_is_trusted_and_its_text_kept(ascii_only: bool) -> None:
    text = as_json(order_event(), ascii_only=ascii_only)
    judged = judge(text)
    assert isinstance(judged, Candidate)
    assert judged.text == text
    assert judged.event.data.location == "TH-0412 ลาดพร้าว"


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"system": "oms", "status": "NEW"}},
        {"partitionkey": "2000001234", "retries": 3, "test": True},
        {"subject": "R 17/2026 ก"},
        {"id": "🌎" * 200},
        {"data__reason": {"code": None, "text": "line\nline\ttab"}},
        {"data__details": {"text": "a\\b\n", "emoji": "🌎", "small": 1e-200, "big": 10**38}},
        {"data__status": "ชำระแล้ว "},
        {"data__attempt": 1000, "data__channel": None, "data__amount": None},
        {"time": "1948-01-01T00:00:00Z"},
        {"time": "2199-12-31t23:59:59.999999999z"},
        {"time": "0001-01-01T00:00:00Z"},
        {"data__refs": {str(n): "x" for n in range(20)}},
    ],
)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_unusual_events_are_trusted_too(changes: dict[str, Any], ascii_only: bool) -> None:
    trusted(as_json(order_event(**changes), ascii_only=ascii_only))


def test_an_attribute_that_is_null_was_left_out() -> None:
    event = trusted(as_json(order_event(sequence=None, traceparent=None)))
    assert event.sequence is msgspec.UNSET
    assert fields(as_json(order_event(id=None, time=None))) == ["id", "time"]


def test_json_with_a_charset_is_json() -> None:
    assert (
        trusted(as_json(order_event(datacontenttype="application/json; charset=UTF-8")))
        .datacontenttype == "application/json"
    )  # fmt: skip
    latin = as_json(order_event(datacontenttype="application/json; charset=latin-1"))
    assert fields(latin) == ["datacontenttype"]


def test_of_a_member_that_comes_twice_the_last_one_counts_everywhere() -> None:
    text = as_json(order_event())[:-1] + b', "id": "last"}'
    judged = judge(text)
    assert isinstance(judged, Candidate)
    assert judged.event.id == json.loads(judged.text)["id"] == "last"


@pytest.mark.parametrize(
    ("member", "field"), [("time", "time"), ("type", "type"), ("data", "data")]
)
def test_a_member_that_comes_twice_and_was_wrong_before_is_named(member: str, field: str) -> None:
    text = b'{"' + member.encode() + b'": "x", ' + as_json(order_event())[1:]
    assert fields(text) == [field]


WRONG: list[tuple[str, Any]] = [
    *((name, MISSING) for name in ("specversion", "id", "source", "type", "subject", "time")),
    ("data", MISSING), ("data", None), ("data", []), ("data", "x"),
    ("specversion", "0.3"), ("specversion", 1.0),
    ("id", ""), ("id", 7), ("id", "x" * 201), ("id", "a\nb"), ("id", " a"), ("id", "a\u200b"),
    ("id", "\x7f"), ("source", ""), ("source", "x" * 201), ("source", "/a "), ("source", []),
    ("type", "com.example.someevent"), ("type", ""), ("type", 1), ("type", {}),
    ("subject", ""), ("subject", "x" * 101), ("subject", "\t1"), ("subject", "1\xa0"),
    ("time", ""), ("time", 1769830920), ("time", "2026-01-31"), ("time", "2026-01-31T10:42:00"),
    ("time", "2016-12-31T23:59:60Z"), ("time", "0000-01-01T00:00:00Z"), ("time", "yesterday"),
    ("time", "0001-01-01T00:00:00+10:00"), ("time", "9999-12-31T23:59:59-10:00"),
    ("time", "2026-02-30T00:00:00Z"), ("time", "2026-01-31T24:00:00Z"),
    ("datacontenttype", "text/plain"), ("datacontenttype", 5), ("sequence", 17),
    ("sequence", "1" * 41), ("sequence", "1\n"), ("correlationid", "x" * 201), ("causationid", 1),
    ("traceparent", "00-xyz"), ("traceparent", order_event()["traceparent"] + "\n"),
    ("data.system", MISSING), ("data.system", ""), ("data.system", "x" * 61),
    ("data.system", None), ("data.system", "oms "), ("data.status", MISSING), ("data.status", ""),
    ("data.status", "x" * 81), ("data.status", 3), ("data.status", "A\rB"),
    ("data.channel", "x" * 61), ("data.channel", 1), ("data.fulfilment", "ship"),
    ("data.fulfilment", ""), ("data.delivery", "slow"), ("data.location", "x" * 101),
    ("data.amount", 12.5), ("data.amount", "12.5"), ("data.amount.value", 12.5),
    ("data.amount.value", "1e3"), ("data.amount.value", "1,000.00"), ("data.amount.value", ""),
    ("data.amount.value", "1" * 13), ("data.amount.value", "1.23456"), ("data.amount.value", "1\n"),
    ("data.amount.value", "٣"), ("data.amount.value", MISSING), ("data.amount.currency", "thb"),
    ("data.amount.currency", "THB\n"), ("data.amount.currency", MISSING),
    ("data.amount.kind", "tip"), ("data.amount.kind", None), ("data.amount.tax", "1"),
    ("data.due_at", "soon"), ("data.due_at", "2026-01-31T10:42:00"), ("data.due_at", 5),
    ("data.attempt", 0), ("data.attempt", 1001), ("data.attempt", "1"), ("data.attempt", 1.5),
    ("data.attempt", True), ("data.reason", "no stock"), ("data.reason.code", "x" * 81),
    ("data.reason.text", "x" * 1001), ("data.reason.why", "x"), ("data.refs", None),
    ("data.refs", []), ("data.refs", {str(n): "x" for n in range(21)}), ("data.refs.awb", 5),
    ("data.refs.awb", None), ("data.refs.awb", "x" * 201), ("data.details", None),
    ("data.details", []), ("data.sku", "A-1"), ("data.Status", "NEW"),
    ("data.details", {"n": 10**50}), ("data.details", {"a": {"b": "nul\0"}}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda x: repr(x)[:40])
def test_a_wrong_field_is_named(field: str, value: Any) -> None:
    text = as_json(order_event(**{field.replace(".", "__"): value}))
    judged = refused(text)
    assert [error.field for error in judged.errors] == [field]
    assert judged.id == (None if field == "id" else "e-17") or field == "id"


NOT_EVEN_TEXT = [
    (b'"x":1e999', "x"), (b'"x":-1e9999', "x"), (b'"x":1e-999', "x"), (b'"x":[{"y":1E+0400}]', "x"),
    (b'"x":' + b"1" * 5000, "x"), (b'"x":0.' + b"1" * 20_000, "x"),
    (b'"x":' + b"[" * 40 + b"]" * 40, "x"), (b'"x":' + b'{"a":' * 5000 + b"1" + b"}" * 5000, "x"),
    (b'"x":' + b"[" * 100_000 + b"]" * 100_000, "x"),
    (b'"x":"\xff"', "x"), (b'"x":"\xed\xa0\x80"', "x"), (b'"x":"\xc0\xaf"', "x"),
    (b'"x":"\\ud800"', "x"), (b'"x":"\\udc00"', "x"), (b'"x":"\\ud800\\u0041"', "x"),
    (b'"x":"\\u0000"', "x"), (b'"x":{"\\u0000":1}', "x"), (b'"x":"\\q"', "x"),
    (b'"data":{"details":{"\\ud800":1}}', "data.details"),
    (b'"data":{"refs":{"a":"\xff"}}', "data.refs"), (b'"id":"\xff"', "id"),
    (b'"x":01', "event"), (b'"x":NaN', "event"), (b'"x":Infinity', "event"), (b'"x":+1', "event"),
    (b'"x":.5', "event"), (b'"x":1.', "event"), (b'"x":tru', "event"), (b'"x":\'a\'', "event"),
    (b'"x":"a\x00b"', "event"), (b'"x":"a\nb"', "event"), (b'"x":[1,]', "event"), (b'"x"', "event"),
    (b'"x":1}', "event"), (b"//", "event"),
]  # fmt: skip


@pytest.mark.parametrize(("member", "field"), NOT_EVEN_TEXT, ids=lambda x: repr(x)[:30])
def test_what_no_decoder_or_database_can_hold_is_refused(member: bytes, field: str) -> None:
    assert fields(as_json(order_event())[:-1] + b"," + member + b"}") == [field]


@pytest.mark.parametrize(
    "text", [b"", b"null", b"42", b'"x"', b"[]", b"[[]]", b"{", b"\xef\xbb\xbf{}", b"\x00", b"{}{}"]
)
def test_what_is_no_object_is_refused_whole(text: bytes) -> None:
    assert fields(text) == ["event"]


def test_an_event_may_have_32_levels_and_no_more() -> None:
    def nested(levels: int) -> bytes:
        deep: Any = {}
        for _ in range(levels - 3):
            deep = {"a": deep}
        return as_json(order_event(data__details=deep))

    trusted(nested(32))
    assert refused(nested(33)).code == "too_deep"
    assert fields(nested(33)) == ["data.details"]


def test_an_event_may_be_so_large_and_no_larger() -> None:
    text = as_json(order_event())
    room = LIMITS.event_bytes - len(text) - len(b', "x": ""')
    trusted(text[:-1] + b', "x": "' + b"a" * room + b'"}')
    large = refused(text[:-1] + b', "x": "' + b"a" * (room + 1) + b'"}')
    assert large.code == "too_large"
    assert large.id == "e-17"


def test_all_faults_are_told_at_once_but_not_thousands() -> None:
    text = as_json(order_event(id="", time="x", data__amount={"value": 5, "cur": 1}, data__a=1))
    assert fields(text) == [
        "id", "time", "data.amount.value", "data.amount.currency", "data.amount.cur", "data.a",
    ]  # fmt: skip
    many = as_json(order_event(data={str(n): 1 for n in range(5000)}))
    assert len(fields(many)) == LIMITS.errors_per_event


def test_a_refused_event_is_kept_with_its_names_made_fit_to_store() -> None:
    judged = refused(as_json(order_event(id="a\0b", subject="x" * 300, data__system="oms")))
    assert judged.id == "a\N{REPLACEMENT CHARACTER}b"
    assert judged.order_id == "x" * 100
    assert judged.system == "oms"


def test_an_event_of_another_type_is_told_so_and_nothing_about_its_data() -> None:
    judged = refused(as_json(order_event(type="com.example.x", data={"anything": 1})))
    assert judged.code == "unsupported_type"
    assert [error.field for error in judged.errors] == ["type"]


SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5) | st.sampled_from(["x" * 61, "x" * 101, "x" * 201, "THB", "1.5", "store"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
PATHS = st.sampled_from(sorted({field for field, _ in WRONG} | {"extension", "data.details.deep"}))
MUTATIONS = st.lists(st.tuples(PATHS, VALUES | st.just(MISSING)), min_size=1, max_size=3)
STRICTER = ("control", "years 1 to 9999", "U+0000", "surrogate", "range", "more than 40 characters")


def spoiled(mutations: list[tuple[str, Any]]) -> dict[str, Any]:
    event = order_event()
    for path, value in mutations:
        *outer, last = path.split(".")
        inside: Any = event
        for name in outer:
            inside = inside.get(name) if isinstance(inside, dict) else None
        if isinstance(inside, dict):
            inside.pop(last, None) if value is MISSING else inside.update({last: value})
    return event


@settings(max_examples=400, deadline=None)
@given(MUTATIONS, st.booleans())
def test_the_door_accepts_what_the_schema_accepts(
    mutations: list[tuple[str, Any]], ascii_only: bool
) -> None:
    if not SCHEMA.exists():
        pytest.skip("the published schema is not beside this checkout")
    event = spoiled(mutations)
    judged = judge(as_json(event, ascii_only=ascii_only))
    present = {name: value for name, value in event.items() if value is not None or name == "data"}
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    if isinstance(judged, Candidate):
        assert schema.is_valid(present)
    elif schema.is_valid(present):
        reasons = [error.message for error in judged.errors]
        wrong_time = any(error.field in {"time", "data.due_at"} for error in judged.errors)
        whole_float = any(error.field == "data.attempt" for error in judged.errors)
        assert wrong_time or whole_float or any(s in r for r in reasons for s in STRICTER), reasons


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_bytes_at_all_get_a_verdict(data: st.DataObject) -> None:
    text = bytearray(as_json(order_event(), ascii_only=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3)
            | st.sampled_from([b'"', b"\\u0000", b"\\ud800", b"[", b"}", b"\xff"])
        )
    judged = judge(bytes(text))
    if isinstance(judged, Candidate):
        assert msgspec.json.decode(judged.text, type=Event) == judged.event
        storable = json.loads(judged.text.decode())
        assert "\0" not in repr_of_text(storable)
        repr_of_text(storable).encode()
    else:
        assert judged.errors


def repr_of_text(value: Any) -> str:
    """All text inside a value, one after the other."""
    if isinstance(value, dict):
        return "".join(key + repr_of_text(inner) for key, inner in value.items())
    if isinstance(value, list):
        return "".join(repr_of_text(inner) for inner in value)
    return value if isinstance(value, str) else ""
