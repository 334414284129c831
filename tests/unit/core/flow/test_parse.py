"""A flow template is either understood whole, or every mistake in it is named with its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderwatch.core.flow.parse import TemplateError, parse_template
from orderwatch.core.flow.template import Condition, Template
from orderwatch.core.model import Class

TEMPLATES = Path(__file__).parents[4] / "templates"
LOTUS = (TEMPLATES / "lotus-o2o.yaml").read_text("utf-8")
RESTAURANT = (TEMPLATES / "restaurant.yaml").read_text("utf-8")


def understood(text: str) -> Template:
    read = parse_template(text)
    assert isinstance(read, Template), read
    return read


def mistakes(text: str) -> tuple[TemplateError, ...]:
    read = parse_template(text)
    assert isinstance(read, tuple), "the text was understood"
    return read


def changed(old: str, new: str, text: str = LOTUS) -> str:
    assert old in text
    return text.replace(old, new, 1)


def line_of(words: str) -> int:
    return LOTUS[: LOTUS.index(words)].count("\n") + 1


def the_only_mistake(old: str, new: str, text: str = LOTUS) -> TemplateError:
    found = mistakes(changed(old, new, text))
    assert len(found) == 1, found
    return found[0]


def test_the_lotus_template_says_what_its_file_says() -> None:
    lotus = understood(LOTUS)
    assert (lotus.name, lotus.currency, lotus.time_zone) == ("lotus-o2o", "THB", "Asia/Bangkok")
    assert lotus.oms == "phoenix_oms"
    assert lotus.oms_silent_after == timedelta(minutes=10)
    assert lotus.clock.earliest == datetime(2000, 1, 1, tzinfo=UTC)
    held = lotus.statuses["HOLDED"]
    assert held.hold
    assert held.class_ is Class.DELAYED
    assert held.threshold is not None
    assert held.threshold.of("app") == timedelta(hours=24)
    assert lotus.status_words["CANCELLED"].name == "CANCELED"
    assert lotus.legs["highjump"].required == Condition(fulfilment="warehouse")
    assert lotus.legs["rider_app"].starts_on == "any"
    assert lotus.leg_words["checkout"]["COD_CONFIRMED"] is Class.SUCCESS


def test_a_restaurant_shares_nothing_with_lotus_but_the_form() -> None:
    lotus, restaurant = understood(LOTUS), understood(RESTAURANT)
    assert not set(restaurant.status_words) & (set(lotus.status_words) - {"CANCELLED"})
    assert not set(restaurant.legs) & set(lotus.legs)
    assert restaurant.oms != lotus.oms
    cooking = restaurant.statuses["COOKING"]
    assert cooking.when_overdue is Class.FAILED
    assert cooking.threshold is not None
    assert cooking.threshold.of("table_qr") == timedelta(minutes=15)
    assert cooking.threshold.of("counter") == timedelta(minutes=20)
    assert restaurant.legs["loyalty"].required is None


def test_a_word_stays_a_word_even_if_yaml_would_make_it_false_or_a_number() -> None:
    restaurant = understood(changed("[NEW, OPEN]", "[NEW, OFF, 12, 2020-01-01]", RESTAURANT))
    assert {"OFF", "12", "2020-01-01", "NO"} <= set(restaurant.status_words)


def test_legs_come_after_the_legs_they_start_from() -> None:
    order = list(understood(RESTAURANT).legs)
    assert order.index("courier") > order.index("kitchen_display")
    assert order.index("courier") > order.index("card_terminal")
    assert order.index("loyalty") == len(order) - 1


def test_every_mistake_is_told_at_once_in_the_order_of_the_text() -> None:
    text = LOTUS.replace("threshold: 15 min", "threshold: 15 minutes")
    text = text.replace("class: failed", "class: fail").replace("Asia/Bangkok", "Asia/Bankok")
    found = mistakes(text)
    assert [problem.field for problem in found] == [
        "time_zone",
        "oms.statuses.PENDING.threshold",
        "oms.statuses.FRAUD.class",
        "oms.statuses.CANCELED.class",
        "legs.checkout.threshold",
    ]
    assert [problem.line for problem in found[:3]] == [
        line_of("Asia/Bangkok"),
        line_of("15 min"),
        line_of("class: failed"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "below", "field", "words"),
    [
        ("template: lotus-o2o", "template: Lotus O2O", 0, "template", "small letters"),
        ("version: 1", "version: one", 0, "version", "whole number"),
        ("currency: THB", "currency: baht", 0, "currency", "three capital letters"),
        ("currency: THB", "curency: THB", -3, "currency", "is missing"),
        ("Asia/Bangkok", "Mars/Olympus", 0, "time_zone", "no time zone"),
        ("Asia/Bangkok", "../../etc/passwd", 0, "time_zone", "no time zone"),
        ("2000-01-01", "2000-13-01", 0, "clock.earliest", "not a date"),
        ("ahead: 1 d", "ahead: soon", 0, "clock.ahead", "not a duration"),
        ("{title: Website}", "{titel: Website}", 0, "channels.website.titel", "mean title?"),
        ("threshold: 15 min", "threshold: 0 s", 0, "oms.statuses.PENDING.threshold", "longer"),
        ("threshold: 15 min", "threshold: 99999 d", 0, "oms.statuses.PENDING.threshold", "3650"),
        (
            "threshold: 15 min",
            "threshold: {by_channel: {app: 1 h}}",
            0,
            "oms.statuses.PENDING.threshold.default",
            "is missing",
        ),
        (
            "threshold: 15 min",
            "threshold: {default: 1 h, by_channel: {ap: 1 h}}",
            0,
            "oms.statuses.PENDING.threshold.by_channel.ap",
            "mean app?",
        ),
        (
            "class: delayed\n      threshold: 15 min",
            "class: delayed",
            0,
            "oms.statuses.PENDING.threshold",
            "a delayed status needs one",
        ),
        (
            "class: failed",
            "class: failed\n      threshold: 1 h",
            1,
            "oms.statuses.FRAUD.threshold",
            "no effect",
        ),
        (
            "class: failed",
            "class: failed\n      when_overdue: failed",
            1,
            "oms.statuses.FRAUD.when_overdue",
            "no effect",
        ),
        ("step: 1", "step: first", 0, "oms.statuses.PENDING.step", "whole number"),
        ("initial: true", "initial: maybe", 0, "oms.statuses.PENDING.initial", "true or false"),
        ("next: [CLOSED]", "next: []", 0, "oms.statuses.COMPLETE.next", "final: true"),
        ("next: [CLOSED]", "next: [CLOSE]", 0, "oms.statuses.COMPLETE.next[0]", "mean CLOSED?"),
        ("next: [CLOSED]", 'next: ["@held_from"]', 0, "oms.statuses.COMPLETE.next[0]", "hold"),
        ("next: [CLOSED]", "next: [CLOSED, CLOSED]", 0, "oms.statuses.COMPLETE.next[1]", "twice"),
        ("words: [CANCELLED]", "words: [complete]", 2, "oms.statuses.COMPLETE", "only one"),
        (
            "words: [CANCELLED]",
            "words: [CANCELLED]\n      next: [COMPLETE]",
            1,
            "oms.statuses.CANCELED.next",
            "goes nowhere",
        ),
        ("failed: [OUT_OF_STOCK", "failed: [reserved", 0, "legs.stock.failed[0]", "only one"),
        ("starts: [commerce_engine]", "starts: [engine]", 0, "legs.checkout.starts[0]", "no leg"),
        (
            "starts: [commerce_engine]",
            "starts: {some: [commerce_engine]}",
            0,
            "legs.checkout.starts.some",
            "unknown key",
        ),
        (
            "{fulfilment: store}",
            "{fulfilment: shop}",
            0,
            "legs.instore_app.required.fulfilment",
            "known are store",
        ),
        ("{fulfilment: store}", "sometimes", 0, "legs.instore_app.required", "known are always"),
        ("success: [ACCEPTED]", "success: []", 0, "legs.commerce_engine.success", "one word"),
        ("success: [ACCEPTED]", "passed: [ACCEPTED]", 0, "legs.commerce_engine.passed", "unknown"),
        ("  checkout:", "  phoenix_oms:", 0, "legs.phoenix_oms", "the OMS itself"),
        ("  app: {title: App}", "  website: {title: App}", 0, "channels.website", "twice"),
        ("title: Website", "title: *site", 0, "channels.website.title", "alias"),
        ("title: Website", "title: !!str Website", 0, "channels.website.title", "a tag"),
    ],
)
def test_each_mistake_names_its_line_its_field_and_the_remedy(
    old: str, new: str, below: int, field: str, words: str
) -> None:
    found = mistakes(changed(old, new))
    named = [problem for problem in found if problem.field == field and words in problem.message]
    assert named, found
    assert named[0].line == line_of(old) + below, found


def test_a_mapping_is_told_which_key_it_lacks_at_its_first_line() -> None:
    (unknown,) = (
        problem
        for problem in mistakes(changed("currency:", "curency:"))
        if problem.field == "curency"
    )
    assert (unknown.line, unknown.message) == (
        line_of("currency"),
        "unknown key: did you mean currency?",
    )


def test_orders_must_begin_somewhere() -> None:
    assert "no status is initial" in the_only_mistake("      initial: true\n", "").message


def test_legs_that_wait_for_each_other_are_named_in_a_circle() -> None:
    text = changed("starts: [commerce_engine]", "starts: [highjump]")
    (found,) = mistakes(text)
    assert "checkout -> highjump -> checkout" in found.message
    assert found.field == "legs.checkout.starts"


def test_a_bomb_of_aliases_is_refused_without_being_unfolded() -> None:
    layers = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 40))
    found = mistakes(f"l0: &l0 [boom]\n{layers}\n")
    assert any("alias" in problem.message for problem in found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "- a",
        "a: [",
        "a: {b",
        "\t",
        'a: "\\U00110000"',
        'a: "\\ud800"',
        "a: \x00",
        "? [a]\n: b",
        "%YAML 3.0\n---\na",
        "a: 1\n---\nb: 2",
        "[" * 500,
        "a: |\n  b\n c",
        "*a",
        "!!python/object:os.x",
        "&a : b",
        "x" * 1_000_001,
        "a: '",
        "\ufeff",
        "%TAG ! tag:x\n%TAG ! tag:y\n--- a",
        "!<%ff> a",
    ],
)
def test_what_is_hardly_yaml_is_refused_in_words(text: str) -> None:
    for problem in mistakes(text):
        assert problem.message
        assert problem.line >= 1
        assert problem.column >= 1


SNIPPETS = st.sampled_from(
    [
        "next",
        "@held_from",
        "@placed",
        "class:",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "\n",
        "  ",
        "'",
        '"',
        "&a ",
        "*a",
        "!x ",
        "|",
        ">",
        "#",
        "~",
        "0",
        "30 s",
        "any",
        "\t",
        "\x00",
        "\ud800",
        "é",
        "---\n",
    ]
) | st.text(max_size=5)
MUTATIONS = st.lists(
    st.tuples(st.integers(0, 6500), st.integers(0, 40), SNIPPETS), min_size=1, max_size=6
)


@given(st.sampled_from([LOTUS, RESTAURANT]), MUTATIONS)
@settings(max_examples=200, deadline=None)
def test_no_change_of_the_text_can_do_more_than_cause_mistakes(
    text: str, mutations: list[tuple[int, int, str]]
) -> None:
    for at, length, snippet in mutations:
        text = text[:at] + snippet + text[at + length :]
    lines = len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))
    match parse_template(text):
        case Template() as template:
            assert any(status.initial for status in template.statuses.values())
        case problems:
            assert problems
            assert all(1 <= problem.line <= lines for problem in problems)
            assert all(problem.column >= 1 and problem.message for problem in problems)


@given(st.lists(st.integers(0, 180), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_losing_any_lines_leaves_a_template_or_mistakes(lost: list[int]) -> None:
    lines = LOTUS.splitlines(keepends=True)
    text = "".join(line for number, line in enumerate(lines) if number not in lost)
    assert parse_template(text)
