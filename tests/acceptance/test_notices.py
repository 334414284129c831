"""Notices from the running product: told once, also over kill -9, and to nobody else's channels."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import msgspec
from tests.notices import message
from tests.product import REPOSITORY, Product, Tenant, eventually

from orderwatch.adapters import clock
from orderwatch.core.alerting.notice import Message

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Hook:
    """A webhook's receiver in this process, which may be told to keep its answers to itself."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answers = threading.Event()
        self.answers.set()
        self.status = 204
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.append((self.headers["webhook-id"], json.loads(body)["data"]))
                hook.answers.wait(30)
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @contextmanager
    def running(self) -> Iterator[Hook]:
        """Listens until left."""
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.answers.set()
            self._server.shutdown()
            thread.join(10)
            self._server.server_close()

    @property
    def keys(self) -> list[str]:
        """The id of each message that came, in order."""
        return [key for key, _ in self.got]


def test_killing_a_sender_before_it_has_the_answer_repeats_the_notice_under_the_same_key(
    new_product: Callable[..., Product],
) -> None:
    with Hook().running() as hook:
        product = new_product(settings=settings_of("alice"))
        alice, bob = product.tenant("alice"), product.tenant("bob")
        apply_book(alice, hook.url)
        hook.answers.clear()
        tell(alice, message("It burns"))
        eventually(lambda: hook.got, "the notice is on its way", product.tail)
        assert states(alice) == [("waiting", 1)]
        product.kill()
        hook.answers.set()
        product.start()
        eventually(lambda: states(alice) == [("sent", 2)], "it is told", product.tail)
        assert len(hook.keys) == 2
        assert len(set(hook.keys)) == 1
        tell(alice, message("And again"))
        eventually(lambda: len(hook.got) == 3, "the next is told", product.tail)
        assert [data["title"] for _, data in hook.got] == ["It burns", "It burns", "And again"]
        assert states(bob) == []


def test_a_notice_is_sent_within_a_second_and_is_measured(
    new_product: Callable[..., Product],
) -> None:
    with Hook().running() as hook:
        product = new_product(settings=settings_of("alice"))
        alice, bob = product.tenant("alice"), product.tenant("bob")
        apply_book(alice, hook.url)
        tell(bob, message("Bob has no such channel"))
        tell(alice, message("It burns", cause_at=clock.now()))
        took = eventually(lambda: states(alice) == [("sent", 1)], "it is told", product.tail)
        assert took < 5
        eventually(lambda: states(bob) == [("failed", 1)], "Bob's is given up", product.tail)
        assert len(hook.got) == 1
        told = httpx.get(f"{product.url}/metrics").text
        sent = 'orderwatch_notifications_total{channel="hook",result="sent",tenant="alice"} 1.0'
        assert sent in told
        assert 'orderwatch_detection_lag_seconds_count{rule="transmission_failed"' in told


def test_a_channel_that_fails_for_good_is_told_of_on_its_fallback(
    new_product: Callable[..., Product],
) -> None:
    with Hook().running() as hook:
        hook.status = 410
        product = new_product(settings=settings_of("alice"))
        alice, bob = product.tenant("alice"), product.tenant("bob")
        apply_book(alice, hook.url)
        tell(alice, message("It burns"))
        query = (
            "select state, message->>'title' from notices where channel = 'mailbox'"
            " and rule = 'delivery_failed'"
        )
        eventually(lambda: alice.rows(query), "the failure is told of", product.tail)
        eventually(lambda: alice.rows(query)[0][0] == "sent", "in the mailbox", product.tail)
        assert "hook" in alice.rows(query)[0][1]
        assert alice.rows("select state from notices where channel = 'hook'") == [("failed",)]
        assert bob.rows("select 1 from notices") == []


def test_a_channel_can_be_tried_from_the_command_line(
    new_product: Callable[..., Product],
) -> None:
    with Hook().running() as hook:
        product = new_product(settings=settings_of("alice"))
        alice, bob = product.tenant("alice"), product.tenant("bob")
        apply_book(alice, hook.url)
        words = ("alerts", "test-send", "hook", "--tenant")
        assert product.run(*words, "alice") == {"channel": "hook", "sent": True, "problem": None}
        assert hook.got[0][1]["title"] == "A test of the channel hook"
        product.do(*words, "bob", exits=2)
        apply_book(bob, hook.url)
        refused = product.run(*words, "bob", exits=1)
        assert "ORDERWATCH_CHANNEL_SECRET_BOB__HOOK" in refused["problem"]
        assert len(hook.got) == 1


def settings_of(tenant: str) -> dict[str, str]:
    return {
        "channel_hosts": "127.0.0.1",
        f"channel_secret_{tenant}__hook": SECRET,
        "public_url": "https://orders.example",
    }


def apply_book(tenant: Tenant, url: str, operations: str = "mailbox") -> None:
    """The default book, with one channel more; `operations` are told through this one."""
    source = (REPOSITORY / "templates" / "alerts" / "default.yaml").read_text()
    lines = ("kind: webhook", f"url: {url}", "secret: hook", "fallback: mailbox")
    hook = "channels:\n  hook:\n" + "".join(f"    {line}\n" for line in lines)
    told = "- teams: [operations]\n    to: "
    source = source.replace(f"{told}[mailbox]", f"{told}[{operations}]")
    tenant.rows(
        "insert into alert_books (tenant_id, version, name, source)"
        " values (bound_tenant(), 1, 'default', %s) returning version",
        source.replace("\nchannels:\n", f"\n{hook}"),
    )


def tell(tenant: Tenant, told: Message) -> None:
    """Put a notice into the outbox as evaluation does it, and wake the senders."""
    tenant.rows(
        "with one as (insert into notices (tenant_id, channel, kind, rule, message, created_at,"
        " due_at) values (bound_tenant(), 'hook', 'firing', %s, %s::json, now(), now())"
        " returning tenant_id) select pg_notify('orderwatch_notices', tenant_id::text) from one",
        told.rule,
        msgspec.json.encode(told).decode(),
    )


def states(tenant: Tenant) -> list[tuple[Any, ...]]:
    return tenant.rows("select state, attempts from notices order by notice_id")
