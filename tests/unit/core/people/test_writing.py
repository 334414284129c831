"""What people write is kept as they meant it, and can always be shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.people.writing import LONGEST_NAME, LONGEST_NOTE, clean_name, clean_note


def test_a_note_keeps_its_lines_and_loses_what_cannot_be_seen() -> None:
    assert clean_note("  Called the store.\r\nThey \u202epick again\x00.  \n\n\n\n\nDone. ") == (
        "Called the store.\nThey  pick again .\n\n\nDone."
    )


def test_blanks_alone_are_no_note_and_no_name() -> None:
    assert clean_note(" \n\t ") == ""
    assert clean_name("\u200b \n") == ""


def test_a_name_is_one_line() -> None:
    assert clean_name(" Night \n shift ") == "Night shift"


@given(st.text())
def test_whatever_is_written_can_be_kept(typed: str) -> None:
    note, name = clean_note(typed), clean_name(typed)
    assert len(note) <= LONGEST_NOTE
    assert len(name) <= LONGEST_NAME
    assert clean_note(note) == note
    assert clean_name(name) == name
    assert all(letter.isprintable() or letter == "\n" for letter in note + name)
