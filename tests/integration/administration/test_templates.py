"""A flow template is put in force for a tenant, and `rebuild` makes it count for every order."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.events import order_event
from tests.integration.administration.conftest import Orderwatch
from tests.product import Product, Tenant, command, eventually
from tests.story import TEMPLATES
from typer.testing import Result

LOTUS = (TEMPLATES / "lotus-o2o.yaml").read_text("utf-8")


@pytest.fixture
def tenant(product: Product, request: pytest.FixtureRequest) -> Tenant:
    return product.tenant(f"t{abs(hash(request.node.name))}")


def said(result: Result) -> str:
    return " ".join(result.stderr.split())


def patient(folder: Path) -> Path:
    """The LOTUS'S flow, but a PENDING order has two hours rather than 15 minutes."""
    file = folder / "patient.yaml"
    file.write_text(LOTUS.replace("15 min", "2 h", 1), "utf-8")
    return file


def pending(order_id: str, ago: timedelta) -> dict[str, Any]:
    at = datetime.now(UTC) - ago
    data = {"system": "phoenix_oms", "status": "PENDING", "fulfilment": "store"}
    return order_event(id=order_id, subject=order_id, time=at.isoformat(), data=data)


def test_a_changed_threshold_counts_for_new_orders_and_by_a_rebuild_for_all(
    orderwatch: Orderwatch, product: Product, tenant: Tenant, tmp_path: Path
) -> None:
    tenant.send([pending("late", timedelta(hours=1)), pending("fresh", timedelta(minutes=1))])
    assert allowed(tenant, "late") == allowed(tenant, "fresh") == timedelta(minutes=15)
    file = patient(tmp_path)
    applied = orderwatch("template", "apply", str(file), "--tenant", tenant.name, "--yes")
    assert applied.exit_code == 0
    assert "statuses 1 changed (PENDING), legs as before" in said(applied)
    assert f"orderwatch rebuild --tenant {tenant.name}" in said(applied)

    rebuilt = product.administer("rebuild", "--tenant", tenant.name)
    assert rebuilt["changed"] == 2
    assert product.administer("rebuild", "--tenant", tenant.name)["changed"] == 0

    def follows() -> bool:
        return allowed(tenant, "late") == allowed(tenant, "fresh") == timedelta(hours=2)

    eventually(follows, "the running server follows", within=3)
    tenant.send([pending("new", timedelta(0))])
    assert allowed(tenant, "new") == timedelta(hours=2)
    assert product.administer("rebuild", "--tenant", tenant.name)["changed"] == 0


def allowed(tenant: Tenant, order_id: str) -> timedelta:
    """How long the order may stay in its status."""
    order = tenant.get(f"orders/{order_id}").json()
    deadline, since = (datetime.fromisoformat(order[name]) for name in ("deadline", "status_since"))
    return deadline - since


def test_what_is_in_force_is_shown_as_it_was_written(
    orderwatch: Orderwatch, product: Product, tenant: Tenant, tmp_path: Path
) -> None:
    assert orderwatch("template", "show", "--tenant", tenant.name).stdout == LOTUS
    file = patient(tmp_path)
    product.administer("template", "apply", str(file), "--tenant", tenant.name, "--yes")
    shown = orderwatch("template", "show", "--tenant", tenant.name).stdout
    assert shown == file.read_text("utf-8")
    assert orderwatch("template", "show", "--tenant", "default").stdout == LOTUS


def test_what_is_in_force_already_is_not_put_in_force_again(
    orderwatch: Orderwatch, product: Product, tenant: Tenant
) -> None:
    file = str(TEMPLATES / "lotus-o2o.yaml")
    result = orderwatch("template", "apply", file, "--tenant", tenant.name)
    assert result.exit_code == 0
    assert "Nothing to do" in said(result)


def test_another_flow_altogether_is_told_part_by_part(
    orderwatch: Orderwatch, product: Product, tenant: Tenant
) -> None:
    file = str(TEMPLATES / "restaurant.yaml")
    words = ("template", "apply", file, "--tenant", tenant.name, "--yes", "--json")
    told = json.loads(orderwatch(*words).stdout)
    assert (told["template"], told["applied"]) == ("restaurant", True)
    assert "PENDING" in told["changed"]["statuses"]["removed"]
    assert "oms" in told["changed"]["other"]


def test_nobody_to_ask_is_wrong_usage_and_changes_nothing(
    orderwatch: Orderwatch, product: Product, tenant: Tenant, tmp_path: Path
) -> None:
    words = ("template", "apply", str(patient(tmp_path)), "--tenant", tenant.name)
    result = orderwatch(*words)
    assert result.exit_code == 2
    assert "--yes" in said(result)
    assert orderwatch("template", "show", "--tenant", tenant.name).stdout == LOTUS


@pytest.mark.parametrize(("answer", "exits"), [("n", 1), ("y", 0)])
def test_a_person_at_a_terminal_is_asked_first(
    orderwatch: Orderwatch,
    product: Product,
    tenant: Tenant,
    tmp_path: Path,
    answer: str,
    exits: int,
) -> None:
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    done = subprocess.run(
        command("template", "apply", str(patient(tmp_path)), "--tenant", tenant.name),
        env={**os.environ, **product.settings},
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(keyboard)
    os.close(terminal)
    assert done.returncode == exits, done.stderr
    assert "Put it in force?" in done.stderr
    shown = orderwatch("template", "show", "--tenant", tenant.name).stdout
    assert (shown == LOTUS) is (answer == "n")


def test_a_broken_template_is_told_with_its_line_and_never_put_in_force(
    orderwatch: Orderwatch, product: Product, tenant: Tenant, tmp_path: Path
) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(LOTUS.replace("15 min", "a while", 1), "utf-8")
    result = orderwatch("template", "apply", str(file), "--tenant", tenant.name, "--yes")
    assert result.exit_code == 1
    assert f"{file}:26:18: oms.statuses.PENDING.threshold" in result.stderr
    assert orderwatch("template", "show", "--tenant", tenant.name).stdout == LOTUS
