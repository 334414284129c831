"""Servers at the far end of channels: a web server that does as it is told, an SMTP server."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from msgspec import Struct, field
from tests.product import free_port

HOST = "127.0.0.1"


class Got(Struct, frozen=True):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


class Reply(Struct, frozen=True, kw_only=True):
    """What is answered. `hang`: nothing. `half`: the connection ends in mid-answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hang: bool = False
    half: bool = False


Answering = Callable[[Got], Reply]


class WebSink:
    """Takes what is posted, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answer: Answering = lambda _: Reply()
        self.url = ""
        self.arrived = asyncio.Event()
        self._released = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[WebSink]:
        """Listens on a free port until left."""
        server = await asyncio.start_server(self._serve, HOST, 0)
        self.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self._released.set()
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            reply = self.answer(await self._read(reader))
            if reply.hang:
                await self._released.wait()
                return
            lines = [f"HTTP/1.1 {reply.status} Said so", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in reply.headers.items()]
            length = len(reply.body) + (1000 if reply.half else 0)
            lines += [f"Content-Length: {length}", "", ""]
            writer.write("\r\n".join(lines).encode() + reply.body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Got:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        got = Got(head[0].split(" ")[1], headers, body)
        self.got.append(got)
        self.arrived.set()
        return got


class MailSink:
    """An SMTP server that takes mail, when those who bring it show what it asks for."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.answer = "250 taken"
        self.port = 0
        self.passwords = {b"alice": b"secret"}
        self.logins: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd's hook."""
        if self.answer.startswith("250"):
            self.got.append(envelope)
        return self.answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """aiosmtpd's hook."""
        assert isinstance(data, LoginPassword)
        known = self.passwords.get(data.login) == data.password
        self.logins.append(data.login)
        return AuthResult(success=known, handled=False)

    @contextmanager
    def running(self, authority: Authority | None, *, login: bool = False) -> Iterator[MailSink]:
        """Listens on a free port, with STARTTLS when there is an authority, until left."""
        context = authority.server() if authority else None
        controller = Controller(
            self,
            hostname=HOST,
            port=free_port(),
            tls_context=context,
            require_starttls=context is not None,
            authenticator=self.authenticate if login else None,
            auth_required=login,
        )
        controller.start()
        self.port = controller.port
        try:
            yield self
        finally:
            controller.stop()


class Authority:
    """A certificate authority of this test run, and whom it vouches for."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self._certificate = self._authority.issue_cert(HOST, "localhost")

    def server(self) -> ssl.SSLContext:
        """What a server shows."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._certificate.configure_cert(context)
        return context

    def client(self) -> ssl.SSLContext:
        """What trusts it."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context
