"""The seal of the session cookie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.story import T0

from orderwatch.entrypoints.web.sessions import LASTS, Sessions

SESSIONS = Sessions(b"k" * 32)
KEY = "0123456789ab"


def test_a_session_names_its_key_until_it_expires() -> None:
    value = SESSIONS.seal(KEY, T0)
    assert SESSIONS.open(value, T0) == KEY
    assert SESSIONS.open(value, T0 + LASTS / 2) == KEY
    assert SESSIONS.open(value, T0 + LASTS) is None


def test_another_servers_session_is_none() -> None:
    assert SESSIONS.open(Sessions(b"x" * 32).seal(KEY, T0), T0) is None


def test_a_secret_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Sessions(b"short")


@given(st.integers(0, 200), st.characters(codec="utf-8"))
def test_a_session_with_any_letter_changed_is_none(place: int, letter: str) -> None:
    value = SESSIONS.seal(KEY, T0)
    at = place % len(value)
    changed = value[:at] + letter + value[at + 1 :]
    assert SESSIONS.open(changed, T0) == (KEY if changed == value else None)


@given(st.text())
def test_no_text_is_a_session_by_chance(text: str) -> None:
    assert SESSIONS.open(text, T0) is None
