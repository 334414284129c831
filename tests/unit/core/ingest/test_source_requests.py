"""What pollers report: all of it understood, or every wrong field named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.ingest.source_requests import SourceRequest, read_source_requests
from orderwatch.core.model import FieldError

NOW = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)
GOOD = {"connector": "magento", "outcome": "ok", "duration_s": 0.4, "at": "2026-01-31T03:59:00Z"}


def read(*requests: Any) -> tuple[SourceRequest, ...] | tuple[FieldError, ...]:
    return read_source_requests(msgspec.json.encode([*requests]), NOW)


def test_a_report_is_read_as_it_was_sent() -> None:
    at = NOW - timedelta(minutes=1)
    assert read(GOOD, GOOD | {"outcome": "timeout", "duration_s": 30}) == (
        SourceRequest("magento", "ok", 0.4, at),
        SourceRequest("magento", "timeout", 30.0, at),
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"connector": "Magento Orders"}, "connector"),
        ({"connector": "m" * 61}, "connector"),
        ({"outcome": "slow"}, "outcome"),
        ({"duration_s": -1}, "duration_s"),
        ({"duration_s": "fast"}, "duration_s"),
        ({"at": "2026-01-31T03:59:00"}, "at"),
        ({"at": "2026-01-30T03:59:59Z"}, "at"),
        ({"at": "2026-01-31T04:06:00Z"}, "at"),
        ({"url": "http://shop"}, "url"),
    ],
)
def test_each_wrong_field_is_named_with_its_place(wrong: dict[str, Any], field: str) -> None:
    [fault] = read(GOOD, GOOD | wrong)
    assert isinstance(fault, FieldError)
    assert fault.field == f"[1].{field}"


def test_all_that_is_missing_is_named_at_once() -> None:
    found = [fault.field for fault in read({}) if isinstance(fault, FieldError)]
    assert found == ["[0].connector", "[0].outcome", "[0].duration_s", "[0].at"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[1]", b"nonsense", b"\xff", b"[" * 5000])
def test_what_is_no_report_is_refused(body: bytes) -> None:
    found = read_source_requests(body, NOW)
    assert found
    assert all(isinstance(one, FieldError) for one in found)


def test_a_report_is_bounded() -> None:
    [fault] = read(*[GOOD] * 1001)
    assert isinstance(fault, FieldError)
    assert "1,000" in fault.message


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(body: bytes) -> None:
    read_source_requests(body, NOW)
