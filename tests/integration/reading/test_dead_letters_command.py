"""`orderwatch dead-letters` works on the database of a server that goes on serving."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.fakes.events import order_event
from tests.product import Product, data_folder, only
from typer.testing import CliRunner, Result

from orderwatch.entrypoints.cli.dead_letters import dead_letters_app


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with data_folder() as folder, Product(folder) as product:
        product.administer("tenant", "create", "acme")
        yield product


def dead_letters(product: Product, *words: str) -> Result:
    with only(product.settings):
        return CliRunner().invoke(dead_letters_app, [*words, "--tenant", "acme"])


def as_json(result: Result) -> Any:
    return json.loads(result.stdout.splitlines()[-1])


def send(product: Product, event: dict[str, Any]) -> httpx.Response:
    return httpx.post(
        f"{product.url}/api/v1/events",
        json=event,
        headers={
            "Authorization": f"Bearer {product.key('acme', '/')}",
            "Content-Type": "application/cloudevents+json",
        },
    )


def test_a_bad_message_is_listed_shown_retried_and_discarded(product: Product) -> None:
    assert send(product, order_event(time="1948-13-40")).status_code == 422
    listed = as_json(dead_letters(product, "list", "--json"))
    assert listed["total"] == 1
    (letter,) = listed["items"]
    assert letter["code"] == "invalid"
    assert [error["field"] for error in letter["errors"]] == ["time"]
    id_ = str(letter["id"])
    assert "2000001234" in dead_letters(product, "list").stdout

    shown = dead_letters(product, "show", id_)
    assert '"1948-13-40"' in shown.stdout

    retried = dead_letters(product, "retry", id_, "--json")
    assert retried.exit_code == 1
    assert as_json(retried)["refused"] == 1

    assert dead_letters(product, "discard", id_).exit_code == 2
    discarded = dead_letters(product, "discard", id_, "--why", "a test", "--json")
    assert as_json(discarded) == {"discarded": 1}
    assert as_json(dead_letters(product, "list", "--json"))["total"] == 0
    (kept,) = as_json(dead_letters(product, "list", "--state", "discarded", "--json"))["items"]
    assert kept["closed_why"] == "a test"


def test_nothing_is_retried_or_discarded_unless_it_is_said_which(product: Product) -> None:
    for words in (("retry",), ("retry", "1", "--all"), ("discard", "--why", "x")):
        assert dead_letters(product, *words).exit_code == 2
    assert dead_letters(product, "list", "--state", "closed").exit_code == 2
    assert dead_letters(product, "show", "999999").exit_code == 1
    assert dead_letters(product, "retry", "--all").exit_code == 0
