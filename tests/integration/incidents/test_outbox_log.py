"""How channels do, what they were told, and who may see and try them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.incidents import a_message, keep_notice
from tests.integration.people.conftest import Office
from tests.story import T0

from orderwatch.adapters.postgres.database import statements
from orderwatch.adapters.postgres.outbox_log import PostgresOutboxLog
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.app.read_outbox import Health
from orderwatch.core.alerting.book import Channel, ChannelKind
from orderwatch.core.alerting.notice import NoticeId
from orderwatch.entrypoints.console.channels import leads_to

MINUTE = timedelta(minutes=1)
SQL = statements("outbox_log")


async def told(office: Office, minute: int, state: str = "sent", **more: Any) -> int:
    at = T0 + minute * MINUTE
    ended = {} if state != "waiting" else {"ended_at": None}
    values = {"channel": "slack", "state": state} | ended | more
    return await keep_notice(office.house.database, office.alices.id, a_message(at), at, **values)


async def health(office: Office) -> Health:
    (found,) = await office.house.post.log.health(office.alices.id, ["slack"])
    return found


async def test_a_channel_nobody_used_says_nothing(office: Office) -> None:
    assert await health(office) == Health("slack")


async def test_a_channel_that_takes_notices_is_well(office: Office) -> None:
    await told(office, 1, "failed", problem="503")
    await told(office, 2)
    found = await health(office)
    assert found.sent_at == T0 + 2 * MINUTE
    assert found.failing_since is None
    assert found.problem is None


async def test_a_channel_that_takes_nothing_says_since_when_and_why(office: Office) -> None:
    await told(office, 1)
    await told(office, 2, "failed", problem="503")
    await told(office, 3, "waiting", attempts=4, problem="no answer")
    await told(office, 4, "waiting", attempts=0)
    found = await health(office)
    assert found.failing_since == T0 + 2 * MINUTE
    assert found.problem == "no answer"
    assert found.waiting == 2


async def test_its_log_is_read_page_by_page_newest_first(office: Office) -> None:
    made = [await told(office, minute) for minute in range(5)]
    log: PostgresOutboxLog = office.house.post.log
    first = await log.log(office.alices.id, "slack", 3, None)
    rest = await log.log(office.alices.id, "slack", 3, first[-1].id)
    assert [one.id for one in (*first, *rest)] == made[::-1]
    both = await log.kept(office.alices.id, ["slack", "mailbox"], 9, NoticeId(made[3]))
    assert [one.id for one in both] == made[2::-1]


async def test_bob_sees_nothing_of_what_alices_channels_were_told(office: Office) -> None:
    made = await told(office, 1, channel="mailbox")
    log = office.house.post.log
    assert await log.log(office.bobs.id, "mailbox", 9, None) == []
    assert await log.kept(office.bobs.id, ["mailbox"], 9, None) == []
    assert await log.message(office.bobs.id, NoticeId(made)) is None
    assert (await log.health(office.bobs.id, ["mailbox"])) == [Health("mailbox")]
    async with office.signed_in("operator", office.bobs) as bob:
        assert (await bob.get(f"/mailbox/{made}/mail")).status_code == 404
    async with office.signed_in("operator") as alice:
        mail = await alice.get(f"/mailbox/{made}/mail")
        assert mail.status_code == 200
        assert "frame-ancestors 'self'" in mail.headers["content-security-policy"]
        assert "script-src" not in mail.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("role", "reads", "tests"),
    [("viewer", 403, 403), ("operator", 200, 403), ("developer", 200, 303)],
)
async def test_each_role_may_look_at_channels_or_try_them_as_the_table_says(
    office: Office, role: str, reads: int, tests: int
) -> None:
    async with office.signed_in(role) as browser:
        assert (await browser.get("/channels")).status_code == reads
        assert (await browser.get("/incidents")).status_code == 200
        assert (await browser.get("/silences")).status_code == 200
        assert (await browser.post("/channels/mailbox/test")).status_code == tests


async def test_a_test_stands_in_the_log_and_in_the_audit_log(office: Office) -> None:
    async with office.signed_in("developer") as browser:
        assert (await browser.post("/channels/mailbox/test")).status_code == 303
        page = await browser.get("/channels/mailbox")
        assert "A test of the channel mailbox" in page.text
        assert (await browser.post("/channels/nowhere/test")).status_code == 404
    assert await office.done(action="channel.") == [("developer", "channel.tested", "mailbox")]


@pytest.mark.parametrize("role", ["viewer", "manager"])
async def test_who_may_only_look_silences_nothing(office: Office, role: str) -> None:
    async with office.signed_in(role) as browser:
        assert (await browser.post("/silences", data={"why": "x"})).status_code == 403
        assert (await browser.post("/silences/1/end")).status_code == 403
        assert "Make a silence" not in (await browser.get("/silences")).text


def test_where_a_channel_leads_is_shown_without_what_may_be_secret() -> None:
    def leads(**options: str | tuple[str, ...]) -> str:
        return leads_to(Channel(name="x", kind=ChannelKind.WEBHOOK, options=options))

    assert leads(url="https://user:pw@hooks.example/T0/secret") == "https://hooks.example"
    assert leads(to=("a@shop.example", "b@shop.example")) == "a@shop.example, b@shop.example"
    assert leads(secret="OPS_SLACK") == ""


@pytest.mark.parametrize("asked", [(), ("before",)], ids=["first", "next"])
@pytest.mark.parametrize("name", ["health", "log", "kept"])
async def test_what_became_of_notices_is_asked_of_an_index(
    office: Office, name: str, asked: tuple[str, ...]
) -> None:
    tenant = office.alices.id
    with psycopg.connect(office.url, autocommit=True) as owner:
        owner.execute(
            """insert into notices (tenant_id, channel, kind, rule, message, state, created_at,
                 due_at, ended_at)
               select %s, 'channel-' || n %% 5, 'firing', 'r', '{"title": "x"}', 'sent', %s, %s, %s
               from generate_series(1, 20000) as n""",
            [tenant, T0, T0, T0],
        )
        owner.execute("vacuum analyze notices")
    values = {"channels": ["channel-1", "channel-9"], "channel": "channel-1"}
    values |= {"most": 51, "before": 2**62}  # type: ignore[dict-item]
    async with office.house.database.tenant(tenant) as connection:
        explain = f"explain (analyze, format json) {assemble(SQL[name], asked)}"
        row = await (await connection.execute(explain, values, prepare=False)).fetchone()
    assert row is not None
    plan = json.dumps(row[0])
    assert '"Relation Name": "notices"' in plan
    assert "Seq Scan" not in plan
    assert '"Rows Removed by Filter": 1' not in plan
