"""Tenants and keys are administered on the database of a server that goes on serving."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.fakes.events import order_event
from tests.integration.administration.conftest import Orderwatch
from tests.product import Product, eventually

SOON = 2.0
"""Seconds within which a server must have heard of it."""


def send(product: Product, key: str, source: str = "/phoenix-oms") -> httpx.Response:
    return httpx.post(
        f"{product.url}/api/v1/events",
        json=order_event(source=source),
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/cloudevents+json",
        },
    )


def orders(product: Product, key: str) -> httpx.Response:
    return httpx.get(f"{product.url}/api/v1/orders", headers={"Authorization": f"Bearer {key}"})


def test_a_new_tenant_and_its_key_work_at_once_beside_the_server(
    orderwatch: Orderwatch, product: Product
) -> None:
    made = orderwatch("tenant", "create", "acme")
    assert made.exit_code == 0
    assert "orderwatch key create --tenant acme" in made.stderr
    created = orderwatch("key", "create", "--tenant", "acme", "--source", "/", "--read")
    key = created.stdout.strip()
    assert send(product, key).json()["accepted"] == 1
    assert [one["order_id"] for one in orders(product, key).json()["items"]] == ["2000001234"]


def test_a_key_may_do_what_it_was_made_for_and_nothing_else(product: Product) -> None:
    product.administer("tenant", "create", "narrow")
    key = product.key("narrow", "/checkout")
    assert send(product, key).status_code == 403
    assert send(product, key, source="/checkout/1").status_code == 202
    assert orders(product, key).status_code == 403


def test_a_listing_shows_every_key_and_no_secret(orderwatch: Orderwatch, product: Product) -> None:
    product.administer("tenant", "create", "lister")
    made = product.administer("key", "create", "--tenant", "lister", "--source", "/pos", "--read")
    listed = orderwatch("key", "list", "--tenant", "lister")
    assert made["id"] in listed.stdout
    assert "/pos" in listed.stdout
    (row,) = product.administer("key", "list", "--tenant", "lister")
    assert (row["id"], row["source"], row["read"], row["revoked"]) == (
        made["id"], "/pos", True, None,
    )  # fmt: skip
    secret = made["key"].rpartition("_")[2]
    assert secret not in listed.output + json.dumps(row)
    names = [one["name"] for one in product.administer("tenant", "list")]
    assert {"default", "lister"} <= set(names)
    assert "lister" in orderwatch("tenant", "list").stdout


def test_a_revoked_key_is_refused_within_two_seconds(
    orderwatch: Orderwatch, product: Product
) -> None:
    product.administer("tenant", "create", "revoker")
    made = product.administer("key", "create", "--tenant", "revoker", "--source", "/", "--read")
    other = product.key("revoker", read=True)
    assert send(product, made["key"]).status_code == 202
    assert orderwatch("key", "revoke", made["id"], "--tenant", "revoker").exit_code == 0
    eventually(lambda: send(product, made["key"]).status_code == 401, "it is refused", within=SOON)
    assert orders(product, made["key"]).status_code == 401
    assert orders(product, other).status_code == 200


def test_a_disabled_tenant_is_refused_within_two_seconds_until_it_is_enabled(
    orderwatch: Orderwatch,
    product: Product,
) -> None:
    product.administer("tenant", "create", "sleeper")
    key = product.key("sleeper", read=True)
    assert send(product, key).status_code == 202
    assert orderwatch("tenant", "disable", "sleeper").exit_code == 0
    eventually(lambda: send(product, key).status_code == 401, "it is refused", within=SOON)
    (row,) = [one for one in product.administer("tenant", "list") if one["name"] == "sleeper"]
    assert row["disabled"].endswith("UTC")
    assert orderwatch("tenant", "disable", "sleeper", "--enable").exit_code == 0
    eventually(lambda: orders(product, key).status_code == 200, "it may again", within=SOON)
    assert [one["order_id"] for one in orders(product, key).json()["items"]] == ["2000001234"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tenant", "create", "default"), "There is a tenant default already."),
        (("tenant", "create", "Not A Name"), "small letters, digits and dashes"),
        (("tenant", "disable", "nobody"), "There is no tenant nobody; there are: "),
        (("key", "list", "--tenant", "nobody"), "There is no tenant nobody"),
        (("key", "create", "--tenant", "default", "--source", ""), "--source is the beginning"),
        (("key", "revoke", "unknown", "--tenant", "default"), "has no key unknown"),
        (("rebuild", "--tenant", "nobody"), "There is no tenant nobody"),
    ],
)
def test_what_cannot_be_done_is_said_and_exits_1(
    orderwatch: Orderwatch, product: Product, words: tuple[str, ...], told: str
) -> None:
    result = orderwatch(*words)
    assert result.exit_code == 1
    assert told in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_broken_template_makes_no_tenant(orderwatch: Orderwatch, product: Product) -> None:
    file = product.folder / "broken.yaml"
    file.write_text("template: broken\n")
    result = orderwatch("tenant", "create", "half", "--template", str(file))
    assert result.exit_code == 1
    assert str(file) in result.stderr.replace("\n", "")
    assert "half" not in [one["name"] for one in product.administer("tenant", "list")]


def test_settings_and_migrations_say_how_things_are(
    orderwatch: Orderwatch, product: Product
) -> None:
    assert product.administer("migrate") == {"applied": []}
    assert "Nothing to do" in orderwatch("migrate").stderr
    rows = {one["variable"]: one for one in product.administer("settings")}
    assert rows["ORDERWATCH_DATA_DIR"]["value"] == str(product.folder)


def test_beside_its_greeting_the_server_writes_nothing_but_ecs_lines(product: Product) -> None:
    lines = product.log.read_text().splitlines()
    spoken = [line for line in lines if not line.startswith("{")]
    assert f"Orderwatch answers at {product.url}" in spoken
    assert len(spoken) < 10  # where it answers, and how the first person signs in
    assert len(lines) > len(spoken)
    for line in lines:
        if line.startswith("{"):
            assert {"@timestamp", "log.level", "message", "ecs.version"} <= json.loads(line).keys()
    assert "ow_" not in product.log.read_text()
