"""The token bucket: how long a sender waits."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.ingest.rate import Bucket, fill, take, wait


def test_a_new_sender_may_use_its_whole_burst_at_once() -> None:
    bucket = fill(None, rate=1, burst=3, at=100.0)
    for _ in range(3):
        assert wait(bucket, 1) == 0
        bucket = take(bucket, 1)
    assert 0 < wait(bucket, 1) <= 1.1


def test_a_batch_larger_than_the_bucket_is_let_in_once_and_paid_for_after() -> None:
    bucket = take(fill(None, rate=10, burst=100, at=0.0), 600)
    assert 50 <= wait(bucket, 10) <= 50.1
    assert wait(fill(bucket, 10, 100, at=50.0 + wait(bucket, 10)), 10) == 0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = take(fill(None, 10, 10, at=50.0), 10)
    assert fill(bucket, 10, 10, at=40.0) == bucket


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50), st.floats(0.1, 100))
def test_nobody_sends_more_than_burst_and_rate_allow(instants: list[float], rate: float) -> None:
    burst, admitted = 5.0, 0
    instants.sort()
    bucket: Bucket | None = None
    for at in instants:
        bucket = fill(bucket, rate, burst, at)
        if wait(bucket, rate) == 0:
            bucket, admitted = take(bucket, 1), admitted + 1
    assert all(a <= b for a, b in pairwise(instants))
    assert admitted <= burst + rate * (instants[-1] - instants[0]) + 1
