"""A password is long and not one that everybody guesses first; a name is what one would type."""

from __future__ import annotations

import pytest

from orderwatch.core.people.accounts import (
    fault_of_name,
    fault_of_password,
    normal,
    same_name,
)


@pytest.mark.parametrize("name", ["anna", "a", "anna.schmidt", "anna@example.com", "o-2_b+c"])
def test_a_name_may_be_short_or_an_address(name: str) -> None:
    assert fault_of_name(name) is None


@pytest.mark.parametrize(
    "name", ["", "Anna", "an na", ".anna", "anna-", "\u0e2d", "a" * 101, "a\n"]
)
def test_a_name_is_nothing_that_could_be_mistaken(name: str) -> None:
    assert fault_of_name(name) is not None


def test_a_name_is_the_same_however_it_is_typed() -> None:
    assert same_name(" Anna ") == same_name("\uff21nna") == "anna"


@pytest.mark.parametrize(
    "password",
    [
        "purple monkey lamp",
        "correct horse battery",
        "x7!kQ2#mZp9w",
        "สวัสดีประเทศไทยครับ",
        "a b c d e f g",
    ],
)
def test_a_good_password_needs_no_signs_and_may_have_blanks_and_any_letters(password: str) -> None:
    assert fault_of_password(password, "anna") is None


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("x7!kQ2#mZp9", "at least 12"),
        ("ab1! " * 52, "at most"),
        ("anna.schmidt99", "the name"),
        ("XANNA.SCHMIDTX!", "the name"),
        ("Schmidt-2024-1", "the name"),
        ("abababababab", "different"),
        ("passwordpassword", "guessed"),
        ("Password12345!", "guessed"),
        ("Welcome2026!!!", "guessed"),
        ("qwertyuiopas", "guessed"),
        ("123456789012", "guessed"),
        ("zyxwvutsrqponml", "guessed"),
        ("correcthorsebatterystaple", "guessed"),
    ],
)
def test_a_password_that_others_think_of_first_is_refused(password: str, says: str) -> None:
    fault = fault_of_password(password, "anna.schmidt")
    assert fault is not None
    assert says in fault


def test_the_same_password_from_another_keyboard_is_the_same() -> None:
    assert normal("cafe\u0301") == normal("caf\u00e9")
