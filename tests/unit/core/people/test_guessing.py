"""Guessing gets slower with every failure; who mistypes a few times waits for nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.people.guessing import (
    FORGOTTEN_AFTER,
    FREE,
    LONGEST_WAIT,
    Failures,
    Of,
    counted_address,
    one_more,
    wait_for,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(tries: int, of: Of = Of.ACCOUNT) -> Failures:
    failures = None
    for _ in range(tries):
        failures = one_more(failures, of, T0)
    assert failures is not None
    return failures


def test_the_first_try_and_the_first_few_failures_wait_for_nothing() -> None:
    assert wait_for(None, T0) == timedelta()
    for tries in range(1, FREE[Of.ACCOUNT]):
        assert wait_for(after(tries), T0) == timedelta()


def test_each_failure_more_doubles_the_wait_up_to_its_end() -> None:
    first = FREE[Of.ACCOUNT]
    waits = [wait_for(after(first + more), T0) for more in range(4)]
    assert waits == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]
    assert wait_for(after(200), T0) == LONGEST_WAIT


def test_a_wait_passes() -> None:
    failures = after(FREE[Of.ACCOUNT] + 3)
    assert wait_for(failures, T0 + 7 * SECOND) == SECOND
    assert wait_for(failures, T0 + 8 * SECOND) == timedelta()


def test_many_people_behind_one_address_fail_more_often() -> None:
    assert wait_for(after(FREE[Of.ADDRESS] - 1, Of.ADDRESS), T0) == timedelta()
    assert wait_for(after(FREE[Of.ADDRESS], Of.ADDRESS), T0) == SECOND


def test_failures_are_forgotten_after_a_day_without_any() -> None:
    assert one_more(after(100), Of.ACCOUNT, T0 + FORGOTTEN_AFTER).count == 1


@given(st.integers(1, 400), st.integers(0, 90_000))
def test_whoever_waits_as_told_guesses_at_most_a_few_hundred_times_a_day(
    tries: int, seconds: int
) -> None:
    """A password of twelve letters is not found so, whatever the rhythm."""
    failures, at, made = None, T0, 0
    for _ in range(tries):
        at += max(wait_for(failures, at), timedelta(seconds=seconds) / tries)
        if at - T0 >= timedelta(days=1):
            break
        failures, made = one_more(failures, Of.ACCOUNT, at), made + 1
    assert made <= 96 + 15


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("a socket", "a socket"),
    ],
)
def test_one_customers_ipv6_addresses_are_one(address: str, counted: str) -> None:
    assert counted_address(address) == counted
