"""Gzip bodies: unpacked whole, or refused before they fill the memory."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.ingest.inflate import gunzip


@given(st.lists(st.binary(), min_size=1, max_size=4))
def test_what_was_packed_comes_out_in_one_or_several_members(parts: list[bytes]) -> None:
    packed = b"".join(gzip.compress(part) for part in parts)
    assert gunzip(packed, 10_000_000) == b"".join(parts)


def test_a_bomb_is_refused_as_soon_as_it_is_too_large() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert gunzip(bomb, 1000) == "too_large"
    assert gunzip(gzip.compress(b"0" * 600) * 2, 1000) == "too_large"
    assert gunzip(gzip.compress(b"0" * 1000), 1000) == b"0" * 1000


@pytest.mark.parametrize("spoil", [slice(0, -1), slice(0, 12), slice(1, None), slice(0, 0)])
def test_broken_gzip_is_called_broken(spoil: slice) -> None:
    assert gunzip(gzip.compress(b"0123456789" * 100)[spoil], 10_000) == "broken"


def test_what_follows_the_last_member_is_not_passed_over() -> None:
    assert gunzip(gzip.compress(b"good") + b"garbage", 10_000) == "broken"
    assert gunzip(gzip.compress(b"") * 2000, 10_000) == "broken"


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(packed: bytes) -> None:
    assert isinstance(gunzip(packed, 100), bytes | str)
