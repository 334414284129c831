"""The reference pages say what the templates say, and the templates what the product page says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orderwatch.core.flow.diagram import leg_diagram, reference_page, status_diagram, status_table
from orderwatch.core.flow.durations import in_words
from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template

ROOT = Path(__file__).parents[4]

# The classification as the product page prints it.
PRODUCT_PAGE = """
| PENDING | Delayed | 15 min | | PENDING_PAYMENT PAYMENT_REVIEW PROCESSING HOLDED FRAUD CANCELED |
| PENDING_PAYMENT | Delayed | 30 min | | PAYMENT_REVIEW PROCESSING HOLDED FRAUD CANCELED |
| PAYMENT_REVIEW | Delayed | 60 min | | PENDING_PAYMENT PROCESSING HOLDED FRAUD CANCELED |
| PROCESSING | Delayed | 30 min | | SHIPPING COMPLETE HOLDED FRAUD CANCELED CLOSED |
| HOLDED | Delayed | 24 h | | the status it was held from, PROCESSING, CANCELED |
| SHIPPING | Delayed | 4 h | | COMPLETE HOLDED CANCELED CLOSED |
| FRAUD | Failed | | | PAYMENT_REVIEW PROCESSING CANCELED |
| CANCELED | Failed | | yes | |
| COMPLETE | Success | | | CLOSED |
| CLOSED | Success | | yes | |
"""

# (system, starts at, threshold) as the product page prints them.
PRODUCT_LEGS = [
    ("commerce_engine", ("@placed",), "30 s"),
    ("checkout", ("commerce_engine",), "15 min"),
    ("stock", ("commerce_engine",), "60 s"),
    ("invoice", ("checkout",), "5 min"),
    ("instore_app", ("stock", "checkout"), "60 min"),
    ("highjump", ("stock", "checkout"), "4 h"),
    ("rider_app", ("instore_app", "highjump"), "2 h"),
    ("loginext", ("instore_app", "highjump"), "48 h"),
]


def template(name: str) -> Template:
    read = parse_template((ROOT / "templates" / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(read, Template), read
    return read


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))[:5]


def targets(cell: str) -> list[str]:
    """The product page separates statuses by blanks, the reference page by commas."""
    return cell.replace("the status it was held from", "@held_from").replace(",", " ").split()


def test_the_lotus_table_is_the_product_pages_table() -> None:
    generated = [cells(line) for line in status_table(template("lotus-o2o")).splitlines()[2:]]
    printed = [cells(line) for line in PRODUCT_PAGE.strip().splitlines()]
    assert [row[:4] for row in generated] == [row[:4] for row in printed]
    assert [targets(row[4]) for row in generated] == [targets(row[4]) for row in printed]


def test_the_lotus_legs_start_and_last_as_the_product_page_says() -> None:
    legs = template("lotus-o2o").legs.values()
    said = [(leg.system, leg.starts, in_words(leg.threshold.default)) for leg in legs]
    assert said == PRODUCT_LEGS


@pytest.mark.parametrize("name", ["lotus-o2o", "restaurant"])
def test_the_reference_page_in_the_docs_is_the_generated_one(name: str) -> None:
    page = ROOT / "docs" / "reference" / f"flow-{name}.md"
    generated = reference_page(template(name), f"templates/{name}.yaml")
    assert page.read_text("utf-8") == generated, (
        f"run ./dev run orderwatch template docs templates/{name}.yaml > docs/reference/{page.name}"
    )


def test_every_way_an_order_may_go_is_an_arrow() -> None:
    lotus = template("lotus-o2o")
    arrows = status_diagram(lotus).splitlines()
    for status in lotus.statuses.values():
        for name in status.next:
            if name != "@held_from":
                assert f"    {status.name} --> {name}" in arrows
    assert "    HOLDED --> SHIPPING: held from" in arrows
    assert "    CLOSED --> [*]" in arrows


def test_a_leg_that_any_of_several_starts_has_dotted_arrows() -> None:
    arrows = leg_diagram(template("lotus-o2o")).splitlines()
    assert "    instore_app -.-> rider_app" in arrows
    assert "    stock --> highjump" in arrows
    assert "    placed --> commerce_engine" in arrows


def test_words_mermaid_cannot_take_are_drawn_under_another_name() -> None:
    text = (
        (ROOT / "templates" / "restaurant.yaml").read_text("utf-8").replace("VOIDED", "end of day")
    )
    read = parse_template(text)
    assert isinstance(read, Template)
    assert 'state "end of day" as x_end_20_of_20_day' in status_diagram(read)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(milliseconds=1500), "1.5 s"),
        (timedelta(seconds=60), "60 s"),
        (timedelta(seconds=90), "90 s"),
        (timedelta(minutes=60), "60 min"),
        (timedelta(hours=24), "24 h"),
        (timedelta(hours=48), "48 h"),
        (timedelta(days=7), "7 d"),
    ],
)
def test_durations_read_as_they_were_written(length: timedelta, words: str) -> None:
    assert in_words(length) == words
