"""E-mail over SMTP with TLS: text and HTML, one thread for each incident.

The Message-ID is made of the notice's key: who gets it twice sees it once.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import aiosmtplib
from aiosmtplib import (
    SMTPConnectError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)
from msgspec import Struct

from orderwatch.adapters.notifiers.hosts import Hosts, NotAllowed, Unresolved
from orderwatch.adapters.notifiers.mail import Letter, letter_of
from orderwatch.adapters.notifiers.options import BadOption, one_of, text_of, texts_of
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.wording import one_line
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import NotSent, Outcome, Sent

_LOG: Final = logging.getLogger("orderwatch.email")
_SECURITY: Final = ("starttls", "tls", "none")
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_TIMEOUT_S: Final = 7.0
_CONNECT_S: Final = 3.0


class _Server(Struct, frozen=True):
    host: str
    port: int
    security: str
    user: str | None
    password: str | None


class Email:
    """Options `host`, `from`, `to`; `port`, `tls` (starttls, tls, none), `user` with `secret`."""

    def __init__(
        self,
        hosts: Hosts,
        secrets: ChannelSecrets,
        public_url: str,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        """`trusted`: whom to trust instead of the usual authorities."""
        self._hosts = hosts
        self._secrets = secrets
        self._public_url = public_url
        self._trusted = trusted

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Send one mail to all recipients; raises BadOption or NoSecret."""
        server = self._server(channel, parcel.tenant)
        sender, recipients = text_of(channel, "from"), texts_of(channel, "to")
        letter = letter_of(parcel, sender, recipients, self._public_url)
        try:
            addresses = await self._hosts.addresses(server.host, server.port)
            connection = await _connected(addresses, server.port)
        except NotAllowed as error:
            return NotSent(str(error), retryable=False)
        except Unresolved as error:
            return NotSent(str(error), retryable=True)
        except OSError as error:
            why = f"{server.host} cannot be reached: {error.strerror or type(error).__name__}."
            return NotSent(why, retryable=True)
        return await self._hand_over(server, connection, letter)

    def _server(self, channel: Channel, tenant: str) -> _Server:
        security = one_of(channel, "tls", _SECURITY)
        port = text_of(channel, "port", str(_PORTS[security]))
        if not port.isdecimal() or not 0 < int(port) < 65_536:
            raise BadOption(f"Channel {channel.name}: `port` must be a number up to 65535.")
        user = text_of(channel, "user") if "user" in channel.options else None
        if user is not None and security == "none":
            raise BadOption(f"Channel {channel.name}: no password is sent without `tls`.")
        password = self._secrets.of(tenant, channel) if user is not None else None
        return _Server(text_of(channel, "host"), int(port), security, user, password)

    async def _hand_over(
        self, server: _Server, connection: socket.socket, letter: Letter
    ) -> Outcome:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            sock=connection,
            timeout=_TIMEOUT_S,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._trusted or ssl.create_default_context(),
        )
        begun = False
        try:
            await client.connect()
            if server.user is not None and server.password is not None:
                await client.login(server.user, server.password)
            begun = True
            refused, _ = await client.send_message(
                letter.message, sender=letter.sender, recipients=list(letter.recipients)
            )
        except (SMTPException, OSError) as error:
            return judge(error, server.host, begun)
        finally:
            await _hang_up(client)
        if refused:
            codes = sorted({one.code for one in refused.values()})
            _LOG.warning("%d recipients of a notice were refused: %s", len(refused), codes)
        return Sent(letter.message_id)


def judge(error: Exception, host: str, begun: bool) -> NotSent:
    """What a failure means: 4xx may pass, 5xx never; an answer that is lost may have been yes."""
    if isinstance(error, SMTPRecipientsRefused):
        codes = [one.code for one in error.recipients]
        passing = any(400 <= code < 500 for code in codes)
        return NotSent(f"{host} refuses the recipients: {codes[0]}.", retryable=passing)
    if isinstance(error, SMTPResponseException):
        said = one_line(error.message, 200)
        why = f"{host} answered {error.code}: {said}"
        return NotSent(why, retryable=not 500 <= error.code < 600)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return NotSent(f"{host} does not show a certificate we trust.", retryable=True)
    if isinstance(error, SMTPTimeoutError | SMTPConnectError | OSError):
        why = f"{host} did not answer: {type(error).__name__}."
        return NotSent(why, retryable=True, maybe_taken=begun)
    return NotSent(f"{host}: {one_line(str(error), 200)}", retryable=False)


async def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    """A connection to the first of these addresses that takes one; raises OSError."""
    loop = asyncio.get_running_loop()
    problem: OSError = OSError("no address")
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setblocking(False)
        try:
            async with asyncio.timeout(_CONNECT_S):
                await loop.sock_connect(one, (address, port))
            return one
        except OSError as error:  # a time-out is one as well
            one.close()
            problem = error
    raise problem


async def _hang_up(client: aiosmtplib.SMTP) -> None:
    if client.is_connected:
        with suppress(SMTPException, OSError):
            async with asyncio.timeout(0.5):
                await client.quit()
    client.close()
