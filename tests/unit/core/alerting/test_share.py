"""What the orders of an incident have in common: said when it is so, and not otherwise."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from math import comb, exp, isclose
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.alerting.share import Share, Usual, log_tail, sentence
from orderwatch.core.alerting.share import most_telling as telling

USUAL = Usual(
    2000,
    {
        "channel": {"app": 1200, "website": 800},
        "location": {"TH-0412": 60, "TH-0001": 100, **{f"TH-1{n:03}": 20 for n in range(92)}},
        "payment": {"prepaid": 1500, "cod": 500},
    },
)


def most_telling(
    tally: dict[str, dict[str, int]], usual: Usual, given: frozenset[str] = frozenset()
) -> Share | None:
    """Of orders that all have a value in the first dimension."""
    return telling(tally, sum(next(iter(tally.values())).values()), usual, given)


def test_a_store_that_has_most_of_the_trouble_is_named_with_its_usual_share() -> None:
    tally = {"location": {"TH-0412": 41, "TH-0001": 9}, "channel": {"app": 31, "website": 19}}
    found = most_telling(tally, USUAL)
    assert found == Share("location", "TH-0412", 41, 50, 0.03)
    assert sentence(found) == "82 % of them: store TH-0412, usually 3 %"


def test_trouble_spread_as_orders_are_has_nothing_in_common() -> None:
    stores = {f"TH-1{n:03}": 1 for n in range(50)}
    spread = {"location": stores, "channel": {"app": 31, "website": 19}}
    assert most_telling(spread, USUAL) is None


def test_four_orders_prove_nothing_and_a_large_share_that_is_usual_says_nothing() -> None:
    assert most_telling({"location": {"TH-0412": 4}}, USUAL) is None
    assert most_telling({"payment": {"prepaid": 15, "cod": 5}}, USUAL) is None


def test_a_store_nobody_knew_is_named_as_well() -> None:
    found = most_telling({"location": {"TH-9999": 6, "TH-0001": 1}}, USUAL)
    assert found is not None
    assert sentence(found) == "86 % of them: store TH-9999, usually under 1 %"


def test_what_they_are_grouped_by_is_not_worth_saying() -> None:
    tally = {"channel": {"app": 40}, "location": {"TH-0001": 3, "TH-0412": 3}}
    named = most_telling(tally, USUAL)
    assert named is not None
    assert sentence(named) == "all of them: channel app, usually 60 %"
    assert most_telling(tally, USUAL, given=frozenset({"channel"})) is None


def test_a_reason_has_no_usual_share_and_is_named_if_nothing_else_is() -> None:
    tally = {"reason": {"PRICING": 9, "": 1}, "channel": {"app": 6, "website": 4}}
    found = most_telling(tally, USUAL)
    assert found is not None
    assert sentence(found) == "90 % of them: reason PRICING"


def test_without_any_orders_before_nothing_is_usual() -> None:
    assert most_telling({"location": {"TH-0412": 3, "TH-0001": 3}}, Usual()) is None


@given(st.integers(1, 60), st.integers(1, 999).map(lambda n: n / 1000))
def test_the_tail_is_the_binomials(n: int, p: float) -> None:
    below = accumulate(comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(n + 1))
    for k, up_to in enumerate(below, start=1):
        if k <= n:
            assert isclose(exp(log_tail(k, n, p)), 1 - up_to, rel_tol=1e-6, abs_tol=1e-9)


@given(st.integers(1, 1000), st.floats(0.01, 0.99), st.floats(0, 1))
def test_more_of_them_are_never_more_likely(n: int, p: float, part: float) -> None:
    k = int(part * n)
    assert log_tail(k + 1, n, p) <= log_tail(k, n, p) + 1e-9


def test_of_a_thousand_incidents_by_chance_hardly_one_is_said_to_have_something_in_common() -> None:
    rng = Random(3)
    pools = {name: [*Counter(counts).elements()] for name, counts in USUAL.counts.items()}
    said = 0
    for _ in range(1000):
        n = rng.choice((5, 12, 40, 200))
        tally: dict[str, dict[str, int]] = {
            name: Counter(rng.choices(pool, k=n)) for name, pool in pools.items()
        }
        said += most_telling(tally, USUAL) is not None
    assert said <= 3
