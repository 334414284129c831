"""Whatever is asked, the answer is a query or the names of what is wrong, never an accident."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.story import T0, lotus

from orderwatch.core.reading.queries import (
    ORDER_PARAMETERS,
    SERIES_PARAMETERS,
    count_filter,
    order_query,
    series_query,
)
from orderwatch.core.reading.wanted import MOST_POINTS, SeriesQuery

values = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["true", "failed", "stock", "1", "500", "5m", "1d", "success", "9999-12-31T23:59:59+00:00",
         "0001-01-01T00:00:00Z", "2026-03-02T09:00:00Z", "2026-03-02T16:00:00 07:00", "3660d"]
    ),
)  # fmt: skip
names = st.one_of(st.sampled_from([*ORDER_PARAMETERS, *SERIES_PARAMETERS]), st.text(max_size=10))
pairs = st.lists(st.tuples(names, values), max_size=8)


@given(pairs)
def test_any_parameters_make_a_query_or_name_what_is_wrong(asked: list[tuple[str, str]]) -> None:
    for read in (
        order_query(asked, lotus()),
        count_filter(asked, lotus()),
        series_query(asked, lotus(), T0),
    ):
        if isinstance(read, tuple):
            assert read
            assert all(fault.message for fault in read)
        if isinstance(read, SeriesQuery):
            assert read.placed_from < read.placed_to
            assert (read.placed_to - read.placed_from) / read.step <= MOST_POINTS


def test_a_series_of_the_last_day_has_a_few_hundred_points_up_to_now() -> None:
    query = series_query([("metric", "failed")], lotus(), T0 + timedelta(seconds=90))
    assert isinstance(query, SeriesQuery)
    assert query.step == timedelta(minutes=5)
    assert query.placed_to == T0 + timedelta(minutes=2)


def test_the_step_that_is_proposed_is_accepted() -> None:
    asked = [("metric", "failed"), ("from", "2025-03-02T09:00:00Z"), ("step", "1m")]
    read = series_query(asked, lotus(), T0)
    assert isinstance(read, tuple)
    (fault,) = read
    proposed = fault.message.split("take ")[1].split()[0]
    assert isinstance(series_query([*asked[:2], ("step", proposed)], lotus(), T0), SeriesQuery)
