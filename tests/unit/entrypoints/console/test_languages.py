"""Texts in the reader's language, and catalogues that say everything there is to say."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from markupsafe import Markup
from msgspec.structs import replace
from tests.messages import CATALOGUES, KEYWORDS, known, said, sources, translated

from orderwatch.entrypoints.console.language_choice import COOKIE, language_of
from orderwatch.entrypoints.console.languages import (
    LANGUAGES,
    Said,
    gettext,
    markup,
    ngettext,
    number,
    spoken_in,
)

THAI = LANGUAGES["th"]
CATALOGUE_FILES = sorted(CATALOGUES.glob("*.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
TAG = re.compile(r"</?\w+[^>]*>")
all_catalogues = pytest.mark.parametrize("path", CATALOGUE_FILES, ids=lambda path: path.stem)


def sides(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts of a message in English and in the other language."""
    source, other = message.id, message.string
    return (
        (source,) if isinstance(source, str) else tuple(source),
        (other,) if isinstance(other, str) else tuple(other or ()),
    )


@all_catalogues
def test_a_catalogue_has_every_text_and_none_that_nobody_says(path: Path) -> None:
    catalogue = known(path)
    texts, there = ({message.id for message in one if message.id} for one in (said(), catalogue))
    assert texts - there == set(), "run ./dev messages, then translate what it adds"
    assert there - texts == set(), "run ./dev messages, which takes them out"
    unfinished = {it.id for it in catalogue if it.id and (it.fuzzy or not translated(it.string))}
    assert unfinished == set()


@all_catalogues
def test_a_translation_has_the_values_and_marks_of_its_source(path: Path) -> None:
    for message in known(path):
        if not message.id:
            continue
        sources, others = sides(message)
        for find in (PLACEHOLDER, TAG):
            wanted = set(find.findall(sources[-1]))
            for text in others:
                assert set(find.findall(text)) == wanted, sources[0]
        assert '"' not in "".join(TAG.sub("", text) for text in others), "it may be an attribute"


def test_no_text_hides_where_the_catalogues_do_not_look() -> None:
    there = {text for message in said() for text in sides(message)[0]}
    for path, method, _ in sources():
        if method != "python":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYWORDS:
                texts = [it.value for it in node.args[:1] if isinstance(it, ast.Constant)]
                assert set(texts) <= there, f"{path}:{node.lineno}"


OURS = {"Orderwatch", "ow_", "ow_…", "default", "data-try-again"}
"""Names and values, which are the same in every language."""
ATTRIBUTES = re.compile(r"{% block (?:body|html|head) %}.*?{% endblock %}", re.DOTALL)
TEMPLATE_CODE = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
LETTERS = re.compile(r"[^\W\d_]{2,}")


class Unmarked(HTMLParser):
    """Collects what a reader would read of a template that is not marked to be translated."""

    def __init__(self) -> None:
        super().__init__()
        self.within: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "code", "pre", "kbd"}:
            self.within.append(tag)
        read = {"aria-label", "title", "placeholder", "alt"}
        self.found += [text for name, text in attrs if name in read and text]

    def handle_endtag(self, tag: str) -> None:
        if self.within and self.within[-1] == tag:
            self.within.pop()

    def handle_data(self, data: str) -> None:
        if not self.within:
            self.found.append(data)


@pytest.mark.parametrize(
    "path", sorted((CATALOGUES.parent / "templates").glob("*.html")), ids=lambda path: path.name
)
def test_a_template_says_nothing_that_is_not_marked(path: Path) -> None:
    if path.name == "live.html":
        return  # attributes alone
    parser = Unmarked()
    parser.feed(TEMPLATE_CODE.sub(" ", ATTRIBUTES.sub(" ", path.read_text("utf-8"))))
    words = {word for text in parser.found if LETTERS.search(text) for word in text.split()}
    assert {word for word in words if LETTERS.search(word)} <= OURS


def test_a_text_is_said_in_the_language_that_is_spoken() -> None:
    assert gettext("Overdue") == "Overdue"
    with spoken_in(THAI):
        assert gettext("Overdue") == "เกินกำหนด"
    assert gettext("Overdue") == "Overdue"


def test_what_nobody_translated_is_said_in_english() -> None:
    with spoken_in(THAI):
        assert gettext("no such text, %(name)s", name="o-1") == "no such text, o-1"
        assert ngettext("%(num)s moon", "%(num)s moons", 1200) == "1,200 moons"


def test_a_table_of_texts_comes_out_in_the_language_that_is_spoken() -> None:
    words = Said({"failed": "Failed"})
    with spoken_in(THAI):
        assert dict(words) == {"failed": "ล้มเหลว"}
    assert dict(words) == {"failed": "Failed"}


def test_what_a_text_is_filled_with_is_escaped_and_its_own_marks_are_kept() -> None:
    said_ = markup("<b>%(name)s</b> is here", name="<script>")
    assert isinstance(said_, Markup)
    assert said_ == "<b>&lt;script&gt;</b> is here"


def test_a_number_is_written_as_the_language_does() -> None:
    assert number(1_234_567) == "1,234,567"
    with spoken_in(THAI):
        assert number(1234.5, 2) == "1,234.50"
    with spoken_in(replace(THAI, group=".", decimal=",")):
        assert number(1234.5, 2) == "1.234,50"


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        (None, "", "en"),
        (None, "th-TH,th;q=0.9,en;q=0.8", "th"),
        (None, "en-GB,en;q=0.9,th;q=0.8", "en"),
        (None, "fr,th;q=0.4,en;q=0.3", "th"),
        (None, "th;q=0, en", "en"),
        (None, "fr-CH, de;q=0.9, *;q=0.5", "en"),
        (None, ";;q=,=,th;q=much", "en"),
        ("en", "th", "en"),
        ("th", "en", "th"),
        ("xx", "th", "th"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_best_the_browser_accepts(
    cookie: str | None, accepted: str, code: str
) -> None:
    cookies = {} if cookie is None else {COOKIE: cookie}
    assert language_of(cookies, accepted).code == code
