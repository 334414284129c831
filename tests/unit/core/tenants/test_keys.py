"""Keys: told once, kept as a hash, recognised again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from orderwatch.core.model import TenantId
from orderwatch.core.tenants.keys import (
    RANDOM_BYTES,
    ApiKey,
    PresentedKey,
    new_key,
    parse_key,
    verify,
)

MADE = new_key(bytes(range(RANDOM_BYTES)))
KEPT = ApiKey(
    id=MADE.id, tenant=TenantId(1), source_prefix="/phoenix-", secret_hash=MADE.secret_hash
)


def test_a_key_is_recognised_by_its_text() -> None:
    presented = parse_key(MADE.text)
    assert presented is not None
    assert presented.id == MADE.id == KEPT.id
    assert verify(KEPT, presented)


def test_what_is_kept_of_a_key_does_not_tell_the_key() -> None:
    secret = MADE.text.split("_", 2)[2]
    assert secret not in repr(KEPT)
    assert secret.encode() not in KEPT.secret_hash


def test_another_secret_an_unknown_and_a_revoked_key_are_refused_alike() -> None:
    presented = parse_key(MADE.text)
    assert presented is not None
    assert not verify(KEPT, PresentedKey(MADE.id, presented.secret[:-1] + "A"))
    assert not verify(None, presented)
    assert not verify(replace(KEPT, revoked_at=datetime.now(UTC)), presented)


@pytest.mark.parametrize(
    "text",
    ["", "ow_", "ow__", MADE.text[:-1], MADE.text + "=", MADE.text + "\n", "xx" + MADE.text[2:],
     MADE.text.upper(), "ow_ไทย_x", "ow_" + "0" * 10_000],
)  # fmt: skip
def test_what_is_not_a_key_is_not_read_as_one(text: str) -> None:
    assert parse_key(text) is None


def test_a_key_speaks_for_sources_that_begin_with_its_prefix() -> None:
    assert KEPT.may_speak_for("/phoenix-oms")
    assert not KEPT.may_speak_for("/checkout")
    anyone = replace(KEPT, source_prefix="/")
    assert anyone.may_speak_for("/checkout")
    assert anyone.may_speak_for("https://checkout.example")


def test_a_key_needs_all_its_randomness() -> None:
    with pytest.raises(ValueError, match=str(RANDOM_BYTES)):
        new_key(b"short")
