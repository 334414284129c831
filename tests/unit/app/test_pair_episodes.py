"""What a draft would have raised stands beside what is in force would have."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.notices import at

from orderwatch.app.backtest_rules import Episode
from orderwatch.app.pair_episodes import pair_episodes


def episode(fired: float, resolved: float | None, system: str = "checkout") -> Episode:
    ends: datetime | None = None if resolved is None else at(resolved)
    return Episode(
        title=f"{system} fails",
        group=system,
        about={"system": system, "share": fired},
        cause_at=at(fired),
        fired_at=at(fired),
        resolved_at=ends,
        number=1,
        money=Decimal(0),
        currency="THB",
        orders=(),
        notices=1,
    )


def test_incidents_of_the_same_that_overlap_stand_together_whatever_they_came_to() -> None:
    early, late = episode(10, 100), episode(30, None)
    (pair,) = pair_episodes([late], [early])
    assert (pair.draft, pair.active) == (late, early)


def test_what_one_side_alone_would_have_raised_stands_alone_and_the_newest_first() -> None:
    ours, theirs = episode(50, 60), episode(10, 20)
    pairs = pair_episodes([ours], [theirs])
    assert [(one.draft, one.active) for one in pairs] == [(ours, None), (None, theirs)]


def test_another_system_is_another_incident() -> None:
    pairs = pair_episodes([episode(10, 20)], [episode(10, 20, "stock")])
    assert len(pairs) == 2


_SPAN = st.tuples(st.integers(0, 50), st.integers(0, 20) | st.none())
_SIDE = st.lists(
    st.tuples(_SPAN, st.sampled_from(["checkout", "stock"])).map(
        lambda it: episode(it[0][0], None if it[0][1] is None else it[0][0] + it[0][1], it[1])
    ),
    max_size=8,
)


@given(_SIDE, _SIDE)
def test_every_incident_of_both_sides_stands_exactly_once(
    draft: list[Episode], active: list[Episode]
) -> None:
    pairs = pair_episodes(draft, active)
    assert sorted(one.draft.fired_at for one in pairs if one.draft) == sorted(
        one.fired_at for one in draft
    )
    assert sorted(one.active.fired_at for one in pairs if one.active) == sorted(
        one.fired_at for one in active
    )
    fired = [one.shown.fired_at for one in pairs]
    assert fired == sorted(fired, reverse=True)
