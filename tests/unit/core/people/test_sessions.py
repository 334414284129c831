"""A session ends when it is idle too long, too old, or ended; its token is kept nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from orderwatch.core.model import TenantId
from orderwatch.core.people.accounts import UserId
from orderwatch.core.people.roles import Role
from orderwatch.core.people.sessions import (
    RANDOM_BYTES,
    SEEN_EVERY,
    Lasting,
    Session,
    invitation_hash,
    new_invitation_token,
    new_session_token,
    session_hash,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LASTING = Lasting(idle=2 * HOUR, longest=24 * HOUR)
SESSION = Session(
    tenant=TenantId(1),
    id="s",
    user=UserId(1),
    name="anna",
    role=Role.VIEWER,
    seen_at=T0,
    expires_at=T0 + LASTING.longest,
)


def test_a_token_is_known_by_its_hash_alone() -> None:
    made = new_session_token(bytes(range(RANDOM_BYTES)))
    assert session_hash(made.text) == made.hash
    assert len(made.hash) == 32
    assert made.text.encode() not in made.hash
    assert made.id not in made.text


@pytest.mark.parametrize("text", ["", "ows_", "ows_" + "x" * 42, "owi_" + "x" * 43, "v1.a.1.b"])
def test_what_is_not_a_sessions_token_has_no_hash(text: str) -> None:
    assert session_hash(text) is None


def test_an_invitation_opens_no_session_and_a_session_invites_nobody() -> None:
    random = bytes(range(RANDOM_BYTES))
    assert session_hash(new_invitation_token(random).text) is None
    assert invitation_hash(new_session_token(random).text) is None


def test_too_little_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="random bytes"):
        new_session_token(bytes(8))


def test_a_session_ends_when_it_is_idle_too_long() -> None:
    assert SESSION.is_live(T0 + 2 * HOUR - timedelta(seconds=1), LASTING)
    assert not SESSION.is_live(T0 + 2 * HOUR, LASTING)


def test_a_session_that_is_used_ends_all_the_same_when_it_is_too_old() -> None:
    used = replace(SESSION, seen_at=T0 + 23.5 * HOUR)
    assert used.is_live(T0 + 23.9 * HOUR, LASTING)
    assert not used.is_live(T0 + 24 * HOUR, LASTING)


def test_a_session_that_was_ended_is_dead_at_once() -> None:
    assert not replace(SESSION, ended=True).is_live(T0, LASTING)


def test_a_use_is_noted_once_a_minute() -> None:
    assert not SESSION.must_be_noted(T0 + SEEN_EVERY / 2)
    assert SESSION.must_be_noted(T0 + SEEN_EVERY)
