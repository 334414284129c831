"""A refused message is shown by lines, each complaint beside the line it is about."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.model import FieldError
from orderwatch.core.people.masking import Masking
from orderwatch.core.reading.payload import LONGEST_LINE, MOST_LINES, Payload, show_payload

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def at(payload: Payload, field: str) -> str:
    (line,) = [line for line in payload.lines if line.field == field]
    return line.text.strip()


def test_every_value_knows_its_field() -> None:
    shown = show_payload(
        b'{"id":"e-1","data":{"amount":{"value":1.50},"lines":[7,{"sku":"x"}],"e":[]}}'
    )
    assert shown.form == "json"
    assert at(shown, "id") == '"id": "e-1",'
    assert at(shown, "data.amount.value") == '"value": 1.50'
    assert at(shown, "data.lines[0]") == "7,"
    assert at(shown, "data.lines[1].sku") == '"sku": "x"'
    assert [line.number for line in shown.lines] == list(range(1, len(shown.lines) + 1))


def test_a_complaint_stands_beside_its_line_and_one_about_what_is_missing_at_its_object() -> None:
    errors = (
        FieldError("data.amount.value", "must be text"),
        FieldError("data.amount.currency", "is missing"),
        FieldError("time", "is missing"),
        FieldError("event", "is odd"),
    )
    shown = show_payload(b'{"data":{"amount":{"value":1}}}', errors)
    beside = {line.field: [one.field for one in line.faults] for line in shown.lines if line.faults}
    assert beside == {
        "data.amount.value": ["data.amount.value"],
        "data.amount": ["data.amount.currency"],
    }
    assert [fault.field for fault in shown.faults] == ["time", "event"]


def test_a_name_with_quotes_and_letters_of_any_kind_is_a_field() -> None:
    shown = show_payload('{"a\\"b":{"ชื่อ":1}}'.encode())
    assert at(shown, 'a"b.ชื่อ') == '"ชื่อ": 1'


def test_text_stays_text_and_bytes_become_hex() -> None:
    text = show_payload(b"hello\n<b>there</b>\n")
    assert (text.form, [line.text for line in text.lines]) == ("text", ["hello", "<b>there</b>"])
    bytes_ = show_payload(b"\x1f\x8bA" + b"\0" * 14)
    assert bytes_.form == "hex"
    assert bytes_.lines[0].text.startswith("00000000  1f 8b 41 00")
    assert bytes_.lines[0].text.endswith("|..A.............|")
    assert bytes_.lines[1].text.startswith("00000010  00 ")
    assert show_payload(b"").form == "text"


def test_a_reader_who_need_not_know_sees_json_masked_and_nothing_else() -> None:
    shown = show_payload(b'{"data":{"customer_phone":"0812","status":"PAID"}}', (), Masking())
    assert "0812" not in " ".join(line.text for line in shown.lines)
    assert at(shown, "data.status") == '"status": "PAID"'
    hidden = show_payload(b"phone=0812", (FieldError("body", "must be JSON"),), Masking())
    assert (hidden.form, hidden.lines) == ("hidden", ())
    assert hidden.faults[0].field == "body"


def test_what_is_huge_is_cut() -> None:
    shown = show_payload(b"x\n" * (MOST_LINES + 5))
    assert (len(shown.lines), shown.cut) == (MOST_LINES, True)
    assert len(show_payload(b"y" * 9_000_000).lines[0].text) == LONGEST_LINE + 1


@given(JSON)
def test_any_json_is_shown_whole(value: object) -> None:
    shown = show_payload(msgspec.json.encode(value))
    assert shown.form == "json"
    assert not any(len(line.text) > LONGEST_LINE for line in shown.lines)
    assert msgspec.json.decode("\n".join(line.text for line in shown.lines)) == value


@given(st.binary(max_size=400))
def test_anything_at_all_can_be_shown(payload: bytes) -> None:
    shown = show_payload(payload, (FieldError("a.b", "is wrong"),))
    assert shown.size == len(payload)
    assert all(line.text.isprintable() or shown.form != "hex" for line in shown.lines)
