"""The rail: each role has the stops it may open, and no other."""

from __future__ import annotations

import pytest

from orderwatch.core.model import TenantId
from orderwatch.core.people.roles import Role, may
from orderwatch.entrypoints.console.rail import STOPS, stops_of
from orderwatch.entrypoints.web.sign_in import Reader


@pytest.mark.parametrize("role", Role)
def test_a_role_has_the_stops_it_may_open(role: Role) -> None:
    stops = stops_of(Reader(TenantId(1), role))
    assert stops == tuple(stop for stop in STOPS if may(role, stop.needs))
    assert [stop.title for stop in stops[:3]] == ["Overview", "Orders", "Systems"]


def test_somebody_unknown_is_shown_what_everybody_may_open() -> None:
    assert stops_of(None) == stops_of(Reader(TenantId(1), Role.VIEWER))


def test_no_page_is_at_two_stops() -> None:
    pages = [page for stop in STOPS for page in stop.pages]
    assert sorted(pages) == sorted(set(pages))
