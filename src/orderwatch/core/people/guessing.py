"""Passwords are not to be guessed: after some failures each next try has to wait, ever longer.

Counted for the account and for the address the tries come from. A try counts as failed from its
beginning until its password was found right, so that many at once are not let through.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from orderwatch.core.people.accounts import fault_of_name


class Of(StrEnum):
    """What failures are counted of."""

    ACCOUNT = "account"
    ADDRESS = "address"


FREE: Final = {Of.ACCOUNT: 5, Of.ADDRESS: 30}
"""Failures that cost no wait. Many people may sit behind one address."""
LONGEST_WAIT: Final = timedelta(minutes=15)
"""96 tries a day: nobody guesses 12 letters so, and nobody can lock another out for a day."""
FORGOTTEN_AFTER: Final = timedelta(hours=24)
_NETWORK: Final = 64
"""Of an IPv6 address, the bits that a provider gives to one customer."""


class Failures(Struct, frozen=True):
    """How often it failed in a row, and when the next try may be made."""

    count: int
    last_at: datetime
    next_at: datetime


def wait_for(failures: Failures | None, at: datetime) -> timedelta:
    """How long the next try has to wait; nothing: it may be made."""
    if failures is None:
        return timedelta()
    return max(timedelta(), failures.next_at - at)


def one_more(failures: Failures | None, of: Of, at: datetime) -> Failures:
    """The failures with the try that begins now."""
    fresh = failures is None or at - failures.last_at >= FORGOTTEN_AFTER
    count = 1 if fresh or failures is None else failures.count + 1
    return Failures(count, at, at + _pause_after(count - FREE[of]))


def _pause_after(too_many: int) -> timedelta:
    if too_many < 0:
        return timedelta()
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(too_many, 20)))


def counted_name(name: str) -> str:
    """What a name is counted as: itself, or when nobody can have it what cannot be read again."""
    if fault_of_name(name) is None:
        return name
    return "#" + hashlib.sha256(name.encode(errors="replace")).hexdigest()


def counted_address(address: str) -> str:
    """What an address is counted as: itself, or the network one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45] or "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _NETWORK), strict=False))
