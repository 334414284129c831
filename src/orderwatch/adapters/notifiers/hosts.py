"""Where a channel may lead: a tenant names the address, the operator says which are allowed.

A name is resolved once, and the connection goes to the very address that was checked: a name that
changes its mind in between leads nowhere else.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from orderwatch.core.errors import OrderwatchError

PUBLIC: Final = "public"
"""In the list of allowed hosts: every host whose addresses are all on the public internet."""
ANY: Final = "*"
_NAT64: Final = IPv6Network("64:ff9b::/96")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NotAllowed(OrderwatchError):
    """A channel leads where it may not; the message names the host and the setting."""


class Unresolved(OrderwatchError):
    """A host has no address just now."""

    retryable = True


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host; raises Unresolved."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unresolved(f"{host} has no address.") from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class Hosts:
    """The hosts that channels may lead to."""

    def __init__(self, allowed: Sequence[str], resolve: Resolve = resolve) -> None:
        """`allowed`: names, `*.DOMAIN`, addresses, `public`, or `*` for any."""
        self._allowed = frozenset(one.strip().lower() for one in allowed if one.strip())
        self._resolve = resolve

    def lists(self, host: str) -> bool:
        """Whether the operator named this host, so that it may be a private one."""
        name = host.lower().rstrip(".")
        parts = name.split(".")
        wild = {f"*.{'.'.join(parts[place:])}" for place in range(1, len(parts))}
        return bool(self._allowed & ({name, ANY} | wild))

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Where to connect to; raises NotAllowed or Unresolved."""
        listed = self.lists(host)
        if not listed and PUBLIC not in self._allowed:
            raise NotAllowed(f"{host} is not one of ORDERWATCH_CHANNEL_HOSTS.")
        found = await self._resolve(host, port)
        if not listed and not all(is_public(address) for address in found):
            raise NotAllowed(
                f"{host} is not on the public internet: if channels may lead there, "
                "name it in ORDERWATCH_CHANNEL_HOSTS."
            )
        return found


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, whatever clothes it wears."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return False
        ip = ip.ipv4_mapped or ip.sixtofour or ip
    return ip.is_global and not ip.is_multicast
