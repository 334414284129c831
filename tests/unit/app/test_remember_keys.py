"""Keys are asked for once in a while, and a revoked one is found out soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from tests.fakes.keys import ALICE, FakeKeys

from orderwatch.app.remember_keys import RememberedKeys


async def test_a_key_is_asked_for_once_a_while_and_its_revocation_seen_after() -> None:
    now = [0.0]
    keys = FakeKeys()
    made = keys.give(ALICE)
    remembered = RememberedKeys(keys, lambda: now[0], timedelta(seconds=2))
    for _ in range(5):
        assert await remembered.find(made.id) is keys.kept[made.id]
        assert await remembered.find("nobody") is None
    assert keys.questions == 2
    keys.kept[made.id] = replace(keys.kept[made.id], revoked_at=datetime.now(UTC))
    now[0] = 2.0
    found = await remembered.find(made.id)
    assert found is not None
    assert found.revoked_at is not None


async def test_guessing_ids_does_not_fill_the_memory() -> None:
    remembered = RememberedKeys(FakeKeys(), lambda: 0.0)
    for number in range(25_000):
        await remembered.find(str(number))
    assert len(remembered._known) <= 10_000
