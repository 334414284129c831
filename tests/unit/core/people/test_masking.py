"""What is personal is masked; what is not stays byte for byte as the system sent it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from orderwatch.core.people.masking import (
    MASK,
    Masking,
    mask_json,
    mask_refs,
    mask_text,
    masking_of,
)


def masked(document: Any, masking: Masking | None = None) -> Any:
    text = Raw(json.dumps(document).encode())
    return json.loads(bytes(mask_json(text, masking or Masking())))


@pytest.mark.parametrize(
    "name",
    [
        *("name", "customerName", "customer_name", "CUSTOMER-PHONE", "ship_to.address", "EMail"),
        *("recipient", "receiverTel", "billingPostcode", "dob", "firstName", "msisdn", "lat"),
    ],
)
def test_names_that_tell_of_a_person_are_masked_however_they_are_written(name: str) -> None:
    assert masked({name: "Somchai"}) == {name: MASK}


@pytest.mark.parametrize(
    "name",
    [
        *("sku", "productName", "store_name", "total", "status", "customer_id", "customerGroup"),
        *("latency", "namespace", "telemetry", "mailbox_count", "expansion"),
    ],
)
def test_names_of_things_stay(name: str) -> None:
    assert masked({name: "Blue shirt"}) == {name: "Blue shirt"}


def test_all_that_is_below_a_personal_name_is_masked_and_its_shape_stays() -> None:
    said = {"customer": {"id": 5, "tags": ["gold", None], "home": {"city": "Bangkok"}}, "n": 1}
    assert masked(said) == {
        "customer": {"id": MASK, "tags": [MASK, None], "home": {"city": MASK}},
        "n": 1,
    }


def test_an_address_of_a_mailbox_is_masked_wherever_it_stands() -> None:
    assert (
        masked({"note": "call or mail somchai.k@example.co.th!"})["note"] == f"call or mail {MASK}!"
    )
    assert masked({"note": "somchai\u0040example.com"})["note"] == MASK
    assert mask_text("a @ b") == "a @ b"


def test_numbers_and_texts_that_stay_are_byte_for_byte_as_received() -> None:
    text = (
        rb'{"total":1250.10,"big":12345678901234567890.000100,"e":1E+2,"note":"caf\u00e9","n":null}'
    )
    assert bytes(mask_json(Raw(text), Masking())) == text


def test_a_company_says_what_else_is_personal_and_what_is_not() -> None:
    masking = masking_of(["loyaltyNo", " -name ", "", "-store_contact_phone"])
    said = {"loyalty_no": "7", "name": "x", "storeContactPhone": "1", "phone": "2"}
    assert masked(said, masking) == {
        "loyalty_no": MASK,
        "name": "x",
        "storeContactPhone": "1",
        "phone": MASK,
    }


def test_references_are_masked_by_their_names() -> None:
    refs = {"invoice_no": "I-1", "customer_phone": "+66 81", "contact": "a@b.example"}
    assert mask_refs(refs, Masking()) == {
        "invoice_no": "I-1",
        "customer_phone": MASK,
        "contact": MASK,
    }


def test_what_is_nested_beyond_reason_is_masked_and_does_no_harm() -> None:
    deep = b"[" * 200 + b"1" + b"]" * 200
    assert MASK.encode() in bytes(mask_json(Raw(b'{"a":' + deep + b"}"), Masking()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON)
def test_under_a_personal_name_no_value_is_left(document: Any) -> None:
    assert all(leaf in {MASK, None} for leaf in leaves(masked({"customer": document})["customer"]))


@given(JSON)
def test_without_personal_names_nothing_but_mailboxes_changes(document: Any) -> None:
    nothing = Masking(frozenset(), frozenset())
    before, after = list(leaves(document)), list(leaves(masked(document, nothing)))
    assert [x for x in before if not isinstance(x, str)] == [
        x for x in after if not isinstance(x, str)
    ]
    texts = [mask_text(x) for x in before if isinstance(x, str)]
    assert texts == [x for x in after if isinstance(x, str)]


def leaves(document: Any) -> Any:
    if isinstance(document, dict):
        for value in document.values():
            yield from leaves(value)
    elif isinstance(document, list):
        for value in document:
            yield from leaves(value)
    else:
        yield document
