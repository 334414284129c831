"""Polled APIs and mismatches, by connector and by type."""

from __future__ import annotations

from tests.story import lotus
from tests.unit.core.alerting.shop import MINUTE, NOON, book, rule, watch

from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.figures import Figures, Requests
from orderwatch.core.alerting.find import find

FIVE = 5 * MINUTE


def test_every_connector_has_its_share_of_errors_and_time_outs() -> None:
    asked = {FIVE: {"magento": Requests(ok=30, error=6, timeout=4), "wms": Requests(ok=3)}}
    polls = rule(watch(Look.REQUESTS, over=FIVE, at_least=5))
    [seen] = find(book(polls), lotus(), Figures(requests=asked), NOON)
    assert seen.facts.keys() == FACTS["requests"].keys()
    assert (seen.group, seen.about) == ("magento", {"connector": "magento"})
    assert (seen.facts["total"], seen.facts["errors"], seen.facts["error_share"]) == (40, 10, 0.25)


def test_mismatches_are_seen_by_type_beside_the_rules_limit_for_it() -> None:
    limited = rule(watch(Look.MISMATCHES), limits={"total": 5.0, "missing": 1.0})
    figures = Figures(mismatches={"total": 7, "status": 2})
    found = find(book(limited), lotus(), figures, NOON)
    assert all(seen.facts.keys() == FACTS["mismatches"].keys() for seen in found)
    assert [(s.group, s.facts["open"], s.facts["limit"]) for s in found] == [
        ("missing", 0, 1.0),
        ("status", 2, 0.0),
        ("total", 7, 5.0),
    ]
