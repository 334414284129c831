"""However a window is cut, its parts are the window: nothing twice, nothing left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.spans import coarsest, cut

LENGTHS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
minutes = st.integers(-40_000, 60_000).map(lambda n: EPOCH + timedelta(minutes=n))


@given(minutes, minutes)
def test_the_parts_of_a_window_follow_each_other_from_its_beginning_to_its_end(
    starts: datetime, ends: datetime
) -> None:
    parts = cut(starts, ends)
    if starts >= ends:
        assert parts == []
        return
    assert parts[0].starts == starts
    assert parts[-1].ends == ends
    for part, following in pairwise(parts):
        assert part.ends == following.starts
    for part in parts:
        assert part.starts is not None
        assert part.ends is not None
        assert part.starts < part.ends
        assert not (part.starts - EPOCH) % LENGTHS[part.span]
        assert not (part.ends - EPOCH) % LENGTHS[part.span]
    assert sum(part.span == "minute" for part in parts) <= 2
    assert sum(part.span == "hour" for part in parts) <= 2


@given(minutes)
def test_what_is_not_bounded_is_summed_from_days(at: datetime) -> None:
    assert [part.span for part in cut(None, None)] == ["day"]
    after, before = cut(at, None), cut(None, at)
    assert (after[0].starts, after[-1].ends, after[-1].span) == (at, None, "day")
    assert (before[0].starts, before[-1].ends, before[0].span) == (None, at, "day")


def test_steps_are_summed_from_the_longest_span_that_fits_them() -> None:
    assert coarsest(EPOCH, timedelta(days=7)) == "day"
    assert coarsest(EPOCH + timedelta(hours=17), timedelta(days=1)) == "hour"
    assert coarsest(EPOCH, timedelta(hours=6)) == "hour"
    assert coarsest(EPOCH + timedelta(minutes=30), timedelta(hours=1)) == "minute"
    assert coarsest(EPOCH, timedelta(minutes=90)) == "minute"
