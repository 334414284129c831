"""A cursor leads to the place it was written for, and says so when it is not one of ours."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.model import Class
from orderwatch.core.reading.cursor import read_cursor, write_cursor
from orderwatch.core.reading.wanted import OrderFilter, Place

ALL = OrderFilter()
places = st.builds(
    Place,
    st.integers(-60_000_000_000, 250_000_000_000).map(lambda n: datetime.fromtimestamp(n, UTC)),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100),
)


@given(places)
def test_a_cursor_leads_to_its_place(place: Place) -> None:
    assert read_cursor(ALL, write_cursor(ALL, place)) == place


@given(places)
def test_a_cursor_of_another_list_leads_nowhere(place: Place) -> None:
    assert read_cursor(OrderFilter(class_=Class.FAILED), write_cursor(ALL, place)) is None


@given(places, st.data())
def test_a_cursor_that_was_changed_leads_nowhere(place: Place, data: st.DataObject) -> None:
    cursor = write_cursor(ALL, place)
    at = data.draw(st.integers(0, len(cursor) - 2))  # the last letter has spare bits
    letter = data.draw(st.sampled_from("abcXYZ019-_").filter(lambda one: one != cursor[at]))
    assert read_cursor(ALL, cursor[:at] + letter + cursor[at + 1 :]) is None
    assert read_cursor(ALL, cursor[:at]) is None


@given(st.text(max_size=60))
def test_nonsense_is_no_cursor(text: str) -> None:
    assert read_cursor(ALL, text) is None
