"""HTTP for channels: one POST to a checked address, and what its answer means for a notice."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import msgspec
from msgspec import Struct

from orderwatch.adapters.notifiers.hosts import Hosts, NotAllowed, Unresolved
from orderwatch.core.alerting.notice import NotSent

MOST_BYTES: Final = 64 * 1024
"""Of an answer that are read."""
_MOST_SHOWN: Final = 200
_CONNECT_S: Final = 3.0
_READ_S: Final = 7.0
_LATER: Final = frozenset({408, 425, 429})
_UNSURE: Final = frozenset({502, 504})
"""A gateway gave up waiting: what is behind it may have taken the message."""


class Answer(Struct, frozen=True):
    """A channel's answer that says: taken."""

    status: int
    body: bytes

    def member(self, name: str) -> object:
        """A member of the JSON object that the body is; None if it has no such thing."""
        try:
            document = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return document.get(name) if isinstance(document, dict) else None


class Poster:
    """Posts to whatever the allowed hosts are. Redirects are not followed, no proxy is asked."""

    def __init__(self, hosts: Hosts, verify: ssl.SSLContext | None = None) -> None:
        """`verify`: whom to trust instead of the usual authorities."""
        self._hosts = hosts
        self._verify = verify
        self._client: httpx.AsyncClient | None = None
        # It logs whole addresses, and some of them are secrets.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def close(self) -> None:
        """Let the kept connections go."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def post(
        self, url: str, document: object, headers: Mapping[str, str] | None = None
    ) -> Answer | NotSent:
        """Post a document as JSON. No error text has more of the address than its host."""
        body = msgspec.json.encode(document)
        return await self.post_bytes(url, body, headers or {})

    async def post_bytes(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | NotSent:
        """The same with a body that is JSON already."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, TypeError):
            return NotSent("Its address is not a URL.", retryable=False)
        host, secure = target.host, target.scheme == "https"
        if not host or not (secure or (target.scheme == "http" and self._hosts.lists(host))):
            why = "Its address must begin with https:// (http:// for hosts the operator lists)."
            return NotSent(why, retryable=False)
        try:
            addresses = await self._hosts.addresses(host, target.port or (443 if secure else 80))
        except NotAllowed as error:
            return NotSent(str(error), retryable=False)
        except Unresolved as error:
            return NotSent(str(error), retryable=True)
        return await self._try(target, addresses, body, headers)

    async def _try(
        self, target: httpx.URL, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]
    ) -> Answer | NotSent:
        outcome: Answer | NotSent = NotSent(f"{target.host} has no address.", retryable=True)
        for address in addresses:
            outcome = await self._post(target, address, body, headers)
            if isinstance(outcome, Answer) or outcome.maybe_taken or not outcome.retryable:
                break
        return outcome

    async def _post(
        self, target: httpx.URL, address: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | NotSent:
        host = target.host
        sent = {
            "Content-Type": "application/json",
            "User-Agent": "Orderwatch",
            **headers,
            "Host": target.netloc.decode("ascii"),
        }
        pinned = target.copy_with(host=address)
        extensions = {"sni_hostname": host} if target.scheme == "https" else {}
        try:
            async with self._opened().stream(
                "POST", pinned, content=body, headers=sent, extensions=extensions
            ) as response:
                return judge(response, await _bounded(response), host)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return NotSent(f"{host} cannot be reached: {_named(error)}.", retryable=True)
        except httpx.HTTPError as error:
            why = f"{host} did not answer: {_named(error)}."
            return NotSent(why, retryable=True, maybe_taken=True)

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                verify=self._verify or True,
                timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S),
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
            )
        return self._client


async def _bounded(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) >= MOST_BYTES:
            break
    return body[:MOST_BYTES]


def judge(response: httpx.Response, body: bytes, host: str) -> Answer | NotSent:
    """What an answer means: 2xx is taken; 408, 425, 429 and 5xx may be tried again; else never."""
    status = response.status_code
    if 200 <= status < 300:
        return Answer(status, body)
    said = body[:_MOST_SHOWN].decode("utf-8", "replace")
    clean = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    why = f"{host} answered {status}" + (f": {clean}" if clean else "") + "."
    if status in _LATER or status >= 500:
        asked = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
        return NotSent(why, True, asked, maybe_taken=status in _UNSURE)
    if 300 <= status < 400:
        why = f"{host} answered {status}: redirects are not followed, write the final address."
    return NotSent(why, retryable=False)


def retry_after(text: str | None, date: str | None = None) -> timedelta | None:
    """Seconds or an HTTP date, as RFC 9110 has it; None when it is neither.

    A date is held against the answer's own `Date`, so that no two clocks are compared.
    """
    if text is None:
        return None
    if text.strip().isdecimal():
        return timedelta(seconds=min(int(text), 86_400))
    at, said_at = _http_date(text), _http_date(date or "")
    if at is None or said_at is None:
        return None
    return max(timedelta(), at - said_at)


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_NAMES: Final[dict[type[Exception], str]] = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.ReadTimeout: "no answer in time",
}


def _named(error: httpx.HTTPError) -> str:
    return _NAMES.get(type(error), type(error).__name__)
