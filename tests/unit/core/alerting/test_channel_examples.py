"""The channels shown in the documentation are valid ones, and every kind is among them."""

from __future__ import annotations

import re

from tests.product import REPOSITORY
from tests.story import lotus

from orderwatch.core.alerting.book import Book, ChannelKind
from orderwatch.core.alerting.parse import parse_book

_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def test_every_channel_of_the_page_can_be_put_into_a_book_as_it_stands() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "tell-people.md").read_text("utf-8")
    shown = [block for block in _YAML.findall(page) if "    kind: " in block]
    channels = "".join(block.removeprefix("channels:\n") for block in shown)
    source = (REPOSITORY / "templates" / "alerts" / "default.yaml").read_text("utf-8")
    book = parse_book(source.replace("\nchannels:\n", f"\nchannels:\n{channels}"), lotus())
    assert isinstance(book, Book), book
    assert {one.kind for one in book.channels.values()} == set(ChannelKind)
