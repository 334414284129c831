"""Passwords are hashed with argon2id, off the event loop, and anew when the parameters change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from argon2 import Parameters, Type
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from orderwatch.adapters.argon2id import MOST_WAITING, Argon2idPasswords
from orderwatch.app.sign_in import TooBusy


@pytest.fixture
def passwords() -> Iterator[Argon2idPasswords]:
    made = Argon2idPasswords(CHEAPEST)
    yield made
    made.close()


async def test_a_password_fits_its_own_hash_and_no_other(passwords: Argon2idPasswords) -> None:
    stored = await passwords.hash("purple monkey lamp")
    assert stored.startswith("$argon2id$")
    assert await passwords.fits(stored, "purple monkey lamp")
    assert not await passwords.fits(stored, "purple monkey lamb")
    assert not await passwords.fits(None, "nobody has this password")
    assert not await passwords.fits("not a hash", "purple monkey lamp")


async def test_the_same_password_has_another_hash_each_time(passwords: Argon2idPasswords) -> None:
    assert await passwords.hash("purple monkey lamp") != await passwords.hash("purple monkey lamp")


async def test_a_hash_with_other_parameters_still_fits_and_is_outdated(
    passwords: Argon2idPasswords,
) -> None:
    stronger = Argon2idPasswords(Parameters(Type.ID, 19, 16, 32, 2, 16, 1))
    stored = await passwords.hash("purple monkey lamp")
    assert await stronger.fits(stored, "purple monkey lamp")
    assert stronger.is_outdated(stored)
    assert not passwords.is_outdated(stored)
    stronger.close()


async def test_by_default_the_parameters_are_those_of_the_rfc() -> None:
    passwords = Argon2idPasswords()
    stored = await passwords.hash("purple monkey lamp")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert RFC_9106_LOW_MEMORY.memory_cost == 65536
    passwords.close()


async def test_the_loop_goes_on_while_a_password_is_hashed() -> None:
    slow = Argon2idPasswords(Parameters(Type.ID, 19, 16, 32, 8, 65536, 1))
    hashing = asyncio.create_task(slow.hash("purple monkey lamp"))
    longest, last = 0.0, time.monotonic()
    while not hashing.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert (await hashing).startswith("$argon2id$")
    began = time.monotonic()
    await slow.hash("purple monkey lamp")
    assert longest < (time.monotonic() - began) / 2
    slow.close()


async def test_more_than_can_be_checked_are_asked_to_come_again(
    passwords: Argon2idPasswords,
) -> None:
    work = [asyncio.create_task(passwords.hash(str(n))) for n in range(MOST_WAITING + 5)]
    done = await asyncio.gather(*work, return_exceptions=True)
    assert [type(one) for one in done].count(TooBusy) == 5
    assert await passwords.hash("again")
