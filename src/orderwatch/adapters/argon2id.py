"""Password hashes by argon2id, made in threads of their own: one takes 64 MiB and some 50 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from orderwatch.app.sign_in import TooBusy

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE: Final = 2
MOST_WAITING: Final = 32
"""Checks that may wait, some two seconds' worth; whoever comes then is asked to try again."""


class Argon2idPasswords:
    """Implements the port Passwords. The parameters stand in each hash."""

    def __init__(self, parameters: Parameters = RFC_9106_LOW_MEMORY) -> None:
        """By default those RFC 9106 recommends where memory is short: 64 MiB, 3 passes, 4 lanes."""
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobodys: str | None = None

    def close(self) -> None:
        """Let the threads go; what they are at is finished first."""
        self._threads.shutdown()

    async def hash(self, password: str) -> str:
        """The hash to be stored, with the parameters it was made with."""
        return await self._run(self._hasher.hash, password)

    async def fits(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; takes as long when there is no such account."""
        if stored is not None:
            return await self._run(self._verify, stored, password)
        if self._nobodys is None:
            self._nobodys = await self.hash("nobody has this password")
        await self._run(self._verify, self._nobodys, password)
        return False

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than those in force."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        if self._waiting >= MOST_WAITING:
            raise TooBusy
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, partial(work, *args, **named))
        finally:
            self._waiting -= 1
