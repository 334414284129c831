"""The languages of the pages: which there are, and how the one of this request says things.

English is what the code and the templates are written in; every other language is a catalogue,
`catalogues/<code>.po`, read at the start. A middleware says once per request which one is spoken
(language_choice.py); whoever writes for a reader asks here. Outside a request it is English.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final, TypeVar

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup
from msgspec import Struct

from orderwatch.core.saying import Sentence

FOLDER: Final = Path(__file__).parent / "catalogues"
SOURCE: Final = "en"
Key = TypeVar("Key")


class Language(Struct, frozen=True):
    """One language: its name in itself, its words, and how it writes numbers and months.

    `script_words` are those the browser's scripts say, by their English.
    """

    code: str
    name: str
    words: NullTranslations
    months: tuple[str, ...]
    group: str
    decimal: str
    script_words: dict[str, str]


def load(folder: Path) -> dict[str, Language]:
    """Every language with a catalogue in the folder, by its code; English first."""
    paths = sorted(folder.glob("*.po"))
    return {SOURCE: _language(SOURCE, Catalog())} | {
        path.stem: _language(path.stem, _read(path)) for path in paths
    }


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def _language(code: str, catalogue: Catalog) -> Language:
    locale = Locale.parse(code)
    symbols = locale.number_symbols["latn"]
    months = locale.months["format"]["abbreviated"]
    return Language(
        code=code,
        name=locale.get_display_name(code) or code,
        words=_words(catalogue) if len(catalogue) else NullTranslations(),
        months=tuple(months[number] for number in range(1, 13)),
        group=symbols["group"],
        decimal=symbols["decimal"],
        script_words={
            str(message.id): str(message.string)
            for message in catalogue
            if any(path.endswith(".js") for path, _ in message.locations)
        },
    )


def _words(catalogue: Catalog) -> GNUTranslations:
    """The catalogue as a dictionary; plurals follow its own rule. Fuzzy texts are left out."""
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


LANGUAGES: Final = load(FOLDER)
_SPOKEN: Final[ContextVar[Language]] = ContextVar("language", default=LANGUAGES[SOURCE])


def speaking() -> Language:
    """The language of this request."""
    return _SPOKEN.get()


@contextmanager
def spoken_in(language: Language) -> Iterator[None]:
    """As long as the block lasts this language is spoken."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def for_scripts() -> dict[str, object]:
    """What the scripts of a page say, and the months they write."""
    language = _SPOKEN.get()
    return {"months": language.months, "texts": language.script_words}


def gettext(message: str, /, **values: object) -> str:
    """A text in the reader's language: `gettext("of %(whole)s placed", whole="5")`.

    Values go in by name; a percent sign is written twice.
    """
    return _SPOKEN.get().words.gettext(message) % values


def told(text: str) -> str:
    """What a fault or refusal says: a Sentence in the reader's language, all else as it is."""
    return gettext(text.message, **text.values) if isinstance(text, Sentence) else text


def raw(message: str) -> str:
    """A text in the reader's language, for whoever puts the values in: it may lack some."""
    return _SPOKEN.get().words.gettext(message)


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """The same for a number of things, which is also the value `num`."""
    said = _SPOKEN.get().words.ngettext(one, many, n)
    return said % {"num": number(n), **values}


def markup(message: str, /, **values: object) -> Markup:
    """A text for a page. The catalogue's own marks stay; what values hold is escaped."""
    return Markup(_SPOKEN.get().words.gettext(message)) % values  # noqa: S704 - texts of ours


def nmarkup(one: str, many: str, n: int, /, **values: object) -> Markup:
    """The same for a number of things."""
    said = _SPOKEN.get().words.ngettext(one, many, n)
    return Markup(said) % {"num": number(n), **values}  # noqa: S704 - texts of ours


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it, by which texts are found
    """The text as it is, marked for the catalogues: for tables, which are made before any request.

    Whoever uses it later translates it.
    """
    return message


class Said(Mapping[Key, str]):
    """A table of texts marked with N_, whose words come out in the reader's language."""

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._texts = texts

    def __getitem__(self, key: Key) -> str:
        return gettext(self._texts[key])

    def say(self, key: Key, /, **values: object) -> str:
        """A text of the table with its values put in."""
        return gettext(self._texts[key], **values)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def number(value: Decimal | float, places: int = 0) -> str:
    """A number with its thousands apart, as the reader's language writes it: "1,250"."""
    text, language = f"{value:,.{places}f}", _SPOKEN.get()
    if (language.group, language.decimal) == (",", "."):
        return text
    return text.translate({ord(","): language.group, ord("."): language.decimal})
