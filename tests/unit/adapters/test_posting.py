"""What a channel's answer says about when to come again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderwatch.adapters.notifiers.posting import retry_after

NOON = "Mon, 02 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("17", None, 17),
        (" 0 ", None, 0),
        ("99999999999999999999", None, 86_400),
        ("Mon, 02 Mar 2026 12:01:30 GMT", NOON, 90),
        ("Mon, 02 Mar 2026 11:00:00 GMT", NOON, 0),
        ("Mon, 02 Mar 2026 12:01:30 GMT", None, None),
        ("soon", NOON, None),
        ("-5", NOON, None),
        ("", NOON, None),
        (None, NOON, None),
    ],
)
def test_seconds_and_dates_are_understood_and_nonsense_is_left(
    text: str | None, date: str | None, seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(text, date) == expected
