"""People are looked after on the command line beside a running server, and all of it is audited."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.product import Product, data_folder, only
from typer.testing import CliRunner, Result

from orderwatch.entrypoints.cli.main import app

PASSWORD = "purple monkey lamp"


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with data_folder() as folder, Product(folder) as product:
        yield product


def orderwatch(product: Product, *words: str) -> Result:
    """A command as a person types it, on the product's database."""
    with only(product.settings):
        return CliRunner().invoke(app, list(words))


@contextmanager
def sign_in(product: Product, name: str, password: str) -> Iterator[httpx.Client]:
    """A browser that tried to sign in."""
    with httpx.Client(base_url=product.url, headers={"origin": product.url}) as browser:
        browser.post("/login", data={"name": name, "password": password})
        yield browser


def reads(browser: httpx.Client) -> bool:
    answer = browser.get("/api/v1/orders")
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def test_the_first_start_prints_a_link_that_makes_the_administrator(product: Product) -> None:
    link = re.search(r"(http://\S+)/welcome\?token=(owi_\S+)", product.log.read_text())
    assert link is not None
    with httpx.Client(base_url=product.url, headers={"origin": product.url}) as browser:
        typed = {"token": link[2], "name": "root@example.com", "password": PASSWORD}
        answer = browser.post("/welcome", data=typed | {"again": PASSWORD})
        assert answer.status_code == 303, answer.text
        assert reads(browser)
    names = {one["name"]: one for one in product.administer("user", "list")}
    assert names["root@example.com"]["role"] == "administrator"


def test_an_account_made_here_signs_in_there_and_is_ended_from_here(product: Product) -> None:
    made = product.administer("user", "create", "Anna", "--role", "operator", "--generate")
    assert (made["name"], made["role"], made["tenant"]) == ("anna", "operator", "default")
    with sign_in(product, "anna", made["password"]) as browser:
        assert reads(browser)
        (session,) = product.administer("session", "list", "--user", "anna")
        assert session["user"] == "anna"
        assert session["address"] == "127.0.0.1"
        assert orderwatch(product, "session", "revoke", session["id"]).exit_code == 0
        assert not reads(browser)
    assert product.administer("session", "list", "--user", "anna") == []
    assert orderwatch(product, "session", "revoke", session["id"]).exit_code == 1


def test_a_password_comes_from_a_file(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\nno more\n")
    made = product.administer(
        "user", "create", "bert", "--role", "viewer", "--password-file", str(file)
    )
    assert "password" not in made
    with sign_in(product, "bert", PASSWORD) as browser:
        assert reads(browser)
        file.write_text("green monkey lamp")
        product.administer("user", "password", "bert", "--password-file", str(file))
        assert not reads(browser)
    with sign_in(product, "bert", "green monkey lamp") as browser:
        assert reads(browser)
        assert orderwatch(product, "user", "role", "bert", "manager").exit_code == 0
        assert not reads(browser)
    with sign_in(product, "bert", "green monkey lamp") as browser:
        assert orderwatch(product, "user", "disable", "bert").exit_code == 0
        assert not reads(browser)
    with sign_in(product, "bert", "green monkey lamp") as browser:
        assert not reads(browser)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "root@example.com", "--role", "viewer"), "There is a user root@example.com"),
        (("create", "an na", "--role", "viewer"), "A name has small letters"),
        (("disable", "nobody"), "There is no user nobody"),
        (("role", "root@example.com", "viewer"), "is the last administrator"),
        (("list", "--tenant", "nowhere"), "There is no tenant nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_reason(
    product: Product, words: tuple[str, ...], says: str
) -> None:
    done = orderwatch(product, "user", *words)
    assert done.exit_code == 1
    assert says in " ".join(done.output.split())


def test_wrong_usage_is_told_from_what_failed(product: Product) -> None:
    assert orderwatch(product, "user", "create", "x", "--role", "emperor").exit_code == 2


def test_the_log_says_who_did_what_and_is_whole(product: Product) -> None:
    rows = product.administer("audit", "list", "--action", "user.created", "--limit", "1")
    assert rows[0]["actor"] == getpass.getuser()
    assert rows[0]["kind"] == "cli"
    assert rows[0]["action"] == "user.created"
    verdict = product.administer("audit", "verify")
    assert verdict["ok"] is True
    (default,) = [one for one in verdict["tenants"] if one["tenant"] == "default"]
    assert re.fullmatch(r"[0-9]+:[0-9a-f]{64}", default["head"])
    assert default["rows"] == int(default["head"].split(":")[0])
    shown = orderwatch(product, "audit", "list")
    assert PASSWORD not in shown.output
    again = product.administer("audit", "verify", "--tenant", "default", "--head", default["head"])
    assert again["ok"] is True


def test_a_log_that_was_tampered_with_is_found(product: Product) -> None:
    product.tenant("victim")
    with product.owner() as owner:
        owner.execute("alter table audit_log disable trigger audit_log_kept")
        owner.execute(
            "update audit_log set actor = 'somebody else' from tenants "
            "where tenants.tenant_id = audit_log.tenant_id and name = 'victim' and seq = 2"
        )
        owner.execute("alter table audit_log enable trigger audit_log_kept")
    told = orderwatch(product, "audit", "verify", "--json")
    assert told.exit_code == 1
    verdict = json.loads(told.stdout.splitlines()[-1])
    broken = {one["tenant"]: one["broken"] for one in verdict["tenants"]}
    assert verdict["ok"] is False
    assert broken["default"] is None
    assert broken["victim"] == {"row": 2, "what": "it was changed after it was written"}


def test_a_head_that_is_none_is_said_so(product: Product) -> None:
    assert orderwatch(product, "audit", "verify", "--head", "17").exit_code == 1
