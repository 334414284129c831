"""`orderwatch alerts`: rules are checked, listed, and put in force beside a running server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.integration.administration.conftest import Orderwatch
from tests.product import Product, Tenant
from tests.story import TEMPLATES
from typer.testing import Result

DEFAULT = (TEMPLATES / "alerts" / "default.yaml").read_text("utf-8")
RESTAURANT = str(TEMPLATES / "restaurant.yaml")


@pytest.fixture
def tenant(product: Product, request: pytest.FixtureRequest) -> Tenant:
    return product.tenant(f"a{abs(hash(request.node.name))}")


def rules(folder: Path, before: str = "", after: str = "") -> str:
    """A file with the default rules, changed in this."""
    file = folder / "rules.yaml"
    file.write_text(DEFAULT.replace(before, after) if before else DEFAULT, "utf-8")
    return str(file)


def said(result: Result) -> str:
    return " ".join(result.stderr.split())


def test_valid_rules_are_said_to_be_valid(orderwatch: Orderwatch, tmp_path: Path) -> None:
    checked = orderwatch("alerts", "check", rules(tmp_path))
    assert checked.exit_code == 0
    assert "default version 1 is valid (13 rules, 13 of them on, 1 channels)" in checked.stdout


def test_a_mistake_is_told_with_line_and_field(orderwatch: Orderwatch, tmp_path: Path) -> None:
    file = rules(tmp_path, "when: error_share", "when: eror_share")
    checked = orderwatch("alerts", "check", file)
    assert checked.exit_code == 1
    line = DEFAULT[: DEFAULT.index("when: error_share")].count("\n") + 1
    assert f"{file}:{line}:11: rules.system_unhealthy.when: no fact eror_share" in checked.stdout
    asked = json.loads(orderwatch("alerts", "check", file, "--json").stdout)
    assert (asked["valid"], asked["problems"][0]["line"]) == (False, line)


def test_rules_are_checked_against_the_flow_one_names(
    orderwatch: Orderwatch, tmp_path: Path
) -> None:
    file = rules(tmp_path, "when: overdue", 'when: overdue && system == "stock"')
    assert orderwatch("alerts", "check", file).exit_code == 0
    checked = orderwatch("alerts", "check", file, "--flow", RESTAURANT)
    assert checked.exit_code == 1
    assert 'system is never "stock"' in checked.stdout
    assert orderwatch("alerts", "check", file, "--flow", file).exit_code == 2


def test_a_tenant_begins_with_the_default_rules(orderwatch: Orderwatch, tenant: Tenant) -> None:
    assert orderwatch("alerts", "show", "--tenant", tenant.name).stdout == DEFAULT
    assert orderwatch("alerts", "check", "--tenant", tenant.name).exit_code == 0
    listed = orderwatch("alerts", "list", "--tenant", tenant.name, "--json")
    document = json.loads(listed.stdout)
    assert (document["version"], len(document["rules"])) == (0, 13)
    assert document["rules"][1]["watches"][0]["when"] == "trouble_share > 0.05"
    table = orderwatch("alerts", "list", "--tenant", tenant.name).stdout
    assert "quiet_s >= 300" in table


def test_rules_are_put_in_force_and_what_they_change_is_said(
    orderwatch: Orderwatch, tenant: Tenant, tmp_path: Path
) -> None:
    file = rules(tmp_path, "trouble_share > 0.05", "trouble_share > 0.1")
    asking = orderwatch("alerts", "apply", file, "--tenant", tenant.name)
    assert asking.exit_code == 2, "nobody is there to be asked"
    applied = orderwatch("alerts", "apply", file, "--tenant", tenant.name, "--yes", "--json")
    assert applied.exit_code == 0
    change = "rule failure_rate: when was trouble_share > 0.05, is trouble_share > 0.1"
    assert change in said(applied)
    document = json.loads(applied.stdout.splitlines()[-1])
    assert (document["applied"], document["version"], document["changes"]) == (True, 1, [change])
    shown = orderwatch("alerts", "show", "--tenant", tenant.name)
    assert shown.stdout == Path(file).read_text("utf-8")
    again = orderwatch("alerts", "apply", file, "--tenant", tenant.name, "--yes")
    assert again.exit_code == 0
    assert "nothing would change" in said(again)


def test_wrong_rules_are_not_put_in_force(
    orderwatch: Orderwatch, tenant: Tenant, tmp_path: Path
) -> None:
    file = rules(tmp_path, "team: development", "team: develop")
    applied = orderwatch("alerts", "apply", file, "--tenant", tenant.name, "--yes")
    assert applied.exit_code == 1
    assert "did you mean development?" in said(applied)
    assert orderwatch("alerts", "show", "--tenant", tenant.name).stdout == DEFAULT


def test_a_rule_is_tried_on_the_past(
    orderwatch: Orderwatch, tenant: Tenant, tmp_path: Path
) -> None:
    tenant.send([placed("o-1"), rejected("o-1")])
    tried = orderwatch(
        "alerts", "backtest", "order_failed", "--since", "1h", "--tenant", tenant.name, "--json"
    )
    assert tried.exit_code == 0, tried.output
    document = json.loads(tried.stdout)
    assert (document["events"], document["orders"]) == (2, 1)
    assert [one["orders"] for one in document["draft"]] == [["o-1"]]
    assert document["draft"] == document["active"]
    told = orderwatch(
        "alerts", "backtest", "order_failed", "--since", "1h", "--tenant", tenant.name
    )
    assert "1 order failed at" in " ".join(told.stdout.split())


def test_a_draft_is_tried_beside_what_is_in_force(
    orderwatch: Orderwatch, tenant: Tenant, tmp_path: Path
) -> None:
    tenant.send([placed("o-1"), rejected("o-1")])
    never = 'when: what == "status" && class == "failed" && amount > 1000000'
    draft = rules(tmp_path, 'when: what == "status" && class == "failed"', never)
    words = ("alerts", "backtest", "order_failed", "--draft", draft, "--tenant", tenant.name)
    document = json.loads(orderwatch(*words, "--json").stdout)
    assert (document["draft"], len(document["active"])) == ([], 1)


def test_what_cannot_be_tried_is_said(orderwatch: Orderwatch, tenant: Tenant) -> None:
    of = ("--tenant", tenant.name)
    unknown = orderwatch("alerts", "backtest", "order_faild", *of)
    assert unknown.exit_code == 1
    assert "There is no rule order_faild" in said(unknown)
    assert orderwatch("alerts", "backtest", "order_failed", "--since", "soon").exit_code == 2
    of_notices = orderwatch("alerts", "backtest", "incident_summary", *of)
    assert "not recorded with orders" in said(of_notices)


def test_a_report_is_sent_when_somebody_asks(orderwatch: Orderwatch, tenant: Tenant) -> None:
    sent = json.loads(orderwatch("alerts", "report", "--tenant", tenant.name, "--json").stdout)
    assert sent["notices"] == 1
    (message,) = tenant.rows("select message ->> 'title' from notices where rule = 'report'")
    assert message[0].startswith("Yesterday: 0 orders")


def placed(order: str) -> dict[str, object]:
    return word(order, "phoenix_oms", "PENDING")


def rejected(order: str) -> dict[str, object]:
    return word(order, "commerce_engine", "REJECTED")


def word(order: str, system: str, status: str) -> dict[str, object]:
    """A system's word of this moment."""
    return {
        "specversion": "1.0",
        "id": f"{order}-{system}-{status}",
        "source": f"/{system}",
        "type": "orderwatch.status.v1",
        "subject": order,
        "time": datetime.now(UTC).isoformat(),
        "data": {"system": system, "status": status},
    }
