"""Alert books as people write them: what is understood, and what is said about mistakes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwatch.adapters.shipped import shipped_alerts, shipped_templates
from orderwatch.core.alerting.book import Book, ChannelKind, Look, Priority
from orderwatch.core.alerting.parse import BookError, parse_book, read_book
from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template

DEFAULT = shipped_alerts()


def template(name: str = "lotus-o2o") -> Template:
    read = parse_template(shipped_templates()[name].read_text("utf-8"))
    assert isinstance(read, Template)
    return read


LOTUS = template()

SMALL = """\
alerts: small
version: 3
teams: {operations: Operations}
hours: {shops: {daily: 08:00-22:00, sun: closed, holidays: 10:00-12:00}}
holidays: [2026-12-31]
channels:
  box: {kind: mailbox}
rules:
  order_failed:
    title: Orders failed
    team: operations
    priority: high
    looks_at: order
    when: class == "failed"
    group_by: [system]
    text: "{orders} failed at {system_title}"
routes:
  - to: [box]
"""


def book(source: str) -> Book:
    read = parse_book(source, LOTUS)
    assert isinstance(read, Book), read
    return read


def problems(source: str) -> tuple[BookError, ...]:
    read = parse_book(source, LOTUS)
    assert not isinstance(read, Book)
    return read


def changed(before: str, after: str) -> str:
    assert SMALL.count(before) == 1
    return SMALL.replace(before, after)


@pytest.mark.parametrize("name", sorted(shipped_templates()))
def test_the_default_book_fits_every_flow_that_ships(name: str) -> None:
    assert isinstance(parse_book(DEFAULT, template(name)), Book)


def test_the_default_book_has_the_thirteen_rules_with_their_numbers() -> None:
    default = book(DEFAULT)
    assert list(default.rules) == [
        "order_failed", "failure_rate", "no_orders", "order_overdue", "slow_processing",
        "system_silent", "low_success_rate", "incident_summary", "report", "delivery_failed",
        "system_unhealthy", "mismatch", "anomaly",
    ]  # fmt: skip
    assert all(rule.enabled for rule in default.rules.values())
    rate = default.rules["failure_rate"].watches[0]
    assert (rate.over, rate.at_least, rate.when.text) == (
        timedelta(minutes=10), 20, "trouble_share > 0.05",
    )  # fmt: skip
    assert default.rules["report"].watches[0].at == time(8)
    assert default.rules["report"].once
    assert default.rules["no_orders"].hours == "shops"
    assert default.success_goal == 0.95
    assert {rule.id for rule in default.rules.values() if rule.priority is Priority.HIGH} == {
        "order_failed", "failure_rate", "order_overdue", "slow_processing", "low_success_rate",
        "delivery_failed", "system_unhealthy",
    }  # fmt: skip


def test_the_default_escalates_what_is_urgent_after_a_quarter_of_an_hour() -> None:
    urgent = book(DEFAULT).routes[0]
    assert urgent.priorities == {Priority.HIGH}
    assert urgent.escalate_after == timedelta(minutes=15)
    assert urgent.go_on


def test_a_small_book_is_understood() -> None:
    small = book(SMALL)
    assert (small.name, small.version, small.time_zone) == ("small", 3, "Asia/Bangkok")
    assert small.channels["box"].kind is ChannelKind.MAILBOX
    rule = small.rules["order_failed"]
    assert rule.group_by == ("system",)
    assert rule.watches[0].look is Look.ORDER
    assert rule.watches[0].when.holds({"class": "failed"})


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2026, 12, 30, 2, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 30, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 12, 27, 5, 0, tzinfo=UTC), False),
        (datetime(2026, 12, 31, 4, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 31, 6, 0, tzinfo=UTC), False),
    ],
    ids=["Wednesday 9", "Wednesday 22", "Sunday noon", "holiday 11", "holiday 13"],
)
def test_hours_are_those_of_the_shops(at: datetime, is_open: bool) -> None:
    assert book(SMALL).is_open("shops", at) is is_open
    assert book(SMALL).holidays == {date(2026, 12, 31)}


def test_hours_beyond_midnight_go_on_the_day_after() -> None:
    bar = book(changed("daily: 08:00-22:00, sun: closed", "fri-sat: 20:00-02:00"))
    assert bar.is_open("shops", datetime(2026, 12, 26, 18, 30, tzinfo=UTC)), "Sunday, 01:30"
    assert not bar.is_open("shops", datetime(2026, 12, 26, 19, 30, tzinfo=UTC)), "Sunday, 02:30"


def test_all_mistakes_are_told_at_once_each_with_line_and_field() -> None:
    wrong = SMALL.replace("class ==", "clas ==").replace("[box]", "[bax]").replace("high", "hi")
    found = problems(wrong)
    assert [(one.line, one.field) for one in found] == [
        (12, "rules.order_failed.priority"),
        (14, "rules.order_failed.when"),
        (18, "routes[0].to[0]"),
    ]
    assert found[0].message == "hi is not known here: did you mean high?"
    assert found[2].message == "no channel bax: did you mean box?"


RULE = "    looks_at: order\n"


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("alerts: small\n", "", "is missing: write alerts"),
        ("version: 3", "version: three", "must be a whole number"),
        ("teams: {", "goal: 5\nteams: {", "unknown key"),
        ("daily: 08:00-22:00", "daily: 8-22", "is no stretch of a day"),
        ("daily: 08:00-22:00", "dayly: 08:00-22:00", "did you mean daily?"),
        ("[2026-12-31]", "[31.12.2026]", "is not a date"),
        ("{kind: mailbox}", "{kind: mail}", "mail is not known here: did you mean email?"),
        ("{kind: mailbox}", "{kind: mailbox, url: x}", "unknown key"),
        ("{kind: mailbox}", "{kind: email, host: a.b, from: a@b.c}", "to is missing|is missing"),
        ("{kind: mailbox}", "{kind: slack, secret: xoxb-1234-abcdefgh}", "the name of a secret"),
        ("{kind: mailbox}", "{kind: teams, secret: 'https://x.y/z'}", "the name of a secret"),
        ("{kind: mailbox}", "{kind: webhook, secret: A, url: 'https://u:p@x.y'}", "like a secret"),
        (
            "{kind: mailbox}",
            "{kind: webhook, secret: A, url: 'https://hooks.slack.com/services/T/B/X'}",
            "looks like a secret",
        ),
        ("{kind: mailbox}", "{kind: alertmanager, url: 'ftp://x'}", "does not fit: write http://"),
        ("{kind: mailbox}", "{kind: email, host: a.b, from: x, to: [y@z.a]}", "does not fit"),
        ("{kind: mailbox}", "{kind: mailbox, fallback: bax}", "no channel bax"),
        ("{kind: mailbox}", "{kind: mailbox, fallback: box}", "goes in a circle: box -> box"),
        ("team: operations", "team: operation", "no team operation: did you mean operations?"),
        ("looks_at: order", "looks_at: orders", "did you mean order?"),
        ("looks_at: order\n", "looks_at: order\n    over: 10 min\n", "means nothing for order"),
        ('class == "failed"', "amount", "is not a question"),
        ('class == "failed"', 'class == "Failed"', 'class is never "Failed": did you mean failed?'),
        ('class == "failed"', 'system == "comerce_engine"', "did you mean commerce_engine?"),
        ('class == "failed"', 'system in ["stok"]', 'system is never "stok": did you mean stock?'),
        ('class == "failed"', "('pay' == stage)", 'stage is never "pay"'),
        ("group_by: [system]", "group_by: [amount]", "no fact amount to group by"),
        ("{system_title}", "{reason}", "nothing is called {reason} here"),
        ("{system_title}", "{", "a brace stands alone"),
        (RULE, RULE + "    scope: {channels: [ap]}\n", "no channel ap: did you mean app?"),
        (RULE, RULE + "    scope: {systems: [stok]}\n", "no system stok: did you mean stock?"),
        (RULE, RULE + "    hours: shop\n", "no hours shop: did you mean shops?"),
        (RULE, RULE + "    hold: 5\n", "is not a duration"),
        (RULE, RULE + "    runbook: ftp://x\n", "must be a link"),
        (RULE, RULE + "    runbook: https://a:b@c.d/e\n", "must be a link without a password"),
        (RULE, RULE + "    once: true\n", "is for schedules"),
        (RULE, RULE + "    limits: {missing: 3}\n", "limits are for mismatches and silence"),
        (RULE, RULE + "    enabled: maybe\n", "must be true or false"),
        (RULE, "", "is missing: write looks_at"),
        (RULE, RULE + "    watches: [{looks_at: order, when: overdue}]\n", "belongs into one of"),
        ("- to: [box]", "- to: [box]\n    priorities: [low]", "nobody is told: no route fits"),
        ("- to: [box]", "- to: [box]\n    escalate_after: 5 min", "is missing: write escalate_to"),
        ("- to: [box]", "- to: [box]\n    escalate_to: [box]", "has no time"),
        ("- to: [box]", "- to: [box]\n    rules: [order_fail]", "did you mean order_failed?"),
        ("- to: [box]", "- to: [box]\n    mismatch_types: [mising]", "did you mean missing?"),
        ("routes:\n  - to: [box]", "routes: {to: [box]}", "must be a list"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_remedy(before: str, after: str, complaint: str) -> None:
    said = " | ".join(one.message for one in problems(changed(before, after)))
    assert any(part in said for part in complaint.split("|")), said


WINDOW = """\
    looks_at: window
    over: 10 min
    when: trouble_share > 0.05
"""


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("over: 10 min", "over: 2 h", "is longer than an hour"),
        ("    over: 10 min\n", "", "is missing: write over"),
        ("over: 10 min", "over: 10 min\n    per: location", "per: location is not known|not known"),
        (
            "over: 10 min",
            "over: 10 min\n    scope: {locations: [TH-1]}",
            "has no locations: counters are kept by channel and system, not by location",
        ),
        ("over: 10 min", "over: 10 min\n    scope: {systems: [stock]}", "write per: system"),
        ("over: 10 min", "over: 10 min\n    at: 08:00", "means nothing for window"),
        ("trouble_share > 0.05", 'class == "failed"', "no fact class here"),
    ],
)
def test_a_window_is_checked_for_what_is_counted(before: str, after: str, complaint: str) -> None:
    source = changed('    looks_at: order\n    when: class == "failed"\n', WINDOW)
    source = source.replace("    group_by: [system]\n", "")
    assert isinstance(parse_book(source, LOTUS), Book)
    said = " | ".join(one.message for one in problems(source.replace(before, after)))
    assert any(part in said for part in complaint.split("|")), said


def test_channels_take_the_options_of_their_kind() -> None:
    source = changed(
        "  box: {kind: mailbox}\n",
        "  box: {kind: mailbox}\n"
        "  mail:\n"
        "    kind: email\n"
        "    host: smtp.example.com\n"
        "    from: Orderwatch <orderwatch@example.com>\n"
        "    to: [shift@example.com, night@example.com]\n"
        "    user: orderwatch\n"
        "    secret: SMTP\n"
        "    most: 5\n"
        "    most_within: 30 min\n"
        "    fallback: box\n"
        "  line: {kind: line, secret: LINE, to: U4af4980629f0a8f0a4d1b2c3d4e5f607}\n",
    )
    mail = book(source).channels["mail"]
    assert mail.options["to"] == ("shift@example.com", "night@example.com")
    assert (mail.options["secret"], mail.most, mail.most_within, mail.fallback) == (
        "SMTP", 5, timedelta(minutes=30), "box",
    )  # fmt: skip


def test_what_still_fits_goes_on_when_the_flow_changes_under_the_book() -> None:
    second = SMALL.split("rules:\n")[1].split("routes:", maxsplit=1)[0]
    second = second.replace("order_failed", "stock_failed")
    second = second.replace('class == "failed"', 'class == "failed" && system == "warehouse_9"')
    read = read_book(SMALL.replace("routes:", f"{second}routes:"), LOTUS)
    assert read.book is not None
    assert list(read.book.rules) == ["order_failed"]
    assert [one.field for one in read.problems] == ["rules.stock_failed.when"]


@pytest.mark.parametrize("source", ["", "- 1", "alerts", "{", "alerts: [1"])
def test_what_is_no_book_is_told(source: str) -> None:
    assert problems(source)
    assert read_book(source, LOTUS).problems


LINES = DEFAULT.splitlines()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mangled_book_is_read_or_refused_and_never_crashes(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        piece = st.sampled_from(LINES) | st.text(max_size=30)
        lines[place] = data.draw(piece | st.just("")) if data.draw(st.booleans()) else (
            lines[place][: data.draw(st.integers(0, 60))]
        )  # fmt: skip
    read = parse_book("\n".join(lines), LOTUS)
    assert isinstance(read, Book) or all(one.line >= 1 and one.message for one in read)


def test_the_default_book_lies_beside_the_templates() -> None:
    assert Path("templates/alerts/default.yaml").read_text("utf-8") == DEFAULT
