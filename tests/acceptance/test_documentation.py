"""What the documentation tells a newcomer to type works, and shows what it says it shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.pages import Reader, blocks_of, pages, shows, warm_orderwatch
from tests.product import REPOSITORY, Product, data_folder

LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
ON_PURPOSE = 2
"""Blocks that are not run, each with its reason. May it stay small."""


@pytest.fixture(scope="module")
def warm() -> Iterator[Path]:
    with data_folder() as folder, warm_orderwatch(folder) as socket:
        yield socket


@pytest.fixture(scope="module")
def lent() -> Iterator[Product]:
    """The running server that pages take for granted; each has orders of its own."""
    with data_folder() as folder, Product(folder) as product:
        yield product


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_block_of_a_page_works_as_it_is_written(
    page: Path, warm: Path, lent: Product, new_database: Callable[[], str]
) -> None:
    blocks = blocks_of(page)
    if not any(block.is_run and block.not_run is None for block in blocks):
        assert not any(block.language == "text" for block in blocks)
        return
    theirs = "postgresql://orderwatch@db.example/orderwatch"
    rewrites = {theirs: new_database()} if theirs in page.read_text("utf-8") else {}
    with data_folder() as folder, Reader(folder, warm, lent, rewrites) as reader:
        reader.follow(page)


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    left_out = [block for page in pages() for block in blocks_of(page) if block.not_run]
    assert len(left_out) <= ON_PURPOSE
    run = [block for page in pages() for block in blocks_of(page) if block.is_run]
    assert len(run) > 20


def test_a_command_is_never_hidden_from_these_tests_by_the_name_of_its_block() -> None:
    hidden = [
        f"{page.relative_to(REPOSITORY)}:{block.line}"
        for page in pages()
        for block in blocks_of(page)
        if block.language not in {"bash", "python", "text", "yaml"}
    ]
    assert hidden == []


def test_every_page_can_be_reached_from_the_first_one() -> None:
    first = REPOSITORY / "docs" / "README.md"
    linked = {(first.parent / link).resolve() for link in LINK.findall(first.read_text("utf-8"))}
    unlinked = {
        page.relative_to(REPOSITORY)
        for page in (REPOSITORY / "docs").rglob("*.md")
        if page != first and page not in linked
    }
    assert unlinked == set()


@pytest.mark.parametrize(
    ("said", "printed", "is_shown"),
    [
        ("accepted 2\nduplicate 0", "accepted      2\nduplicate     0\n", True),
        ("duplicate 0\naccepted 2", "accepted 2\nduplicate 0\n", False),
        ("Key ... may read", "Key 4f2a may read", True),
        ("accepted 3", "accepted 2", False),
    ],
)
def test_what_a_page_says_is_compared_with_what_was_printed(
    said: str, printed: str, is_shown: bool
) -> None:
    if is_shown:
        shows(said, printed, "here")
    else:
        with pytest.raises(AssertionError, match="here: it says"):
            shows(said, printed, "here")
