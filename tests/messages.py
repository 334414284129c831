"""The texts of the console and their catalogues: found in code, templates and scripts.

`./dev messages` runs this: new texts come into every catalogue untranslated, those nobody says any
more leave it. The test of the catalogues then names what is still to be translated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

SOURCE: Final = Path(__file__).resolve().parents[1] / "src" / "orderwatch"
CONSOLE: Final = SOURCE / "entrypoints" / "console"
CATALOGUES: Final = CONSOLE / "catalogues"
KEYWORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("_", "N_", "gettext", "markup", "say", "sentence")),
    **dict.fromkeys(("ngettext", "nmarkup"), (1, 2)),
}
SCRIPT_KEYWORDS: Final[dict[str, Any]] = {"said": None}
_JINJA: Final = {
    "trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false",
    "newstyle_gettext": "true",
}  # fmt: skip
_BORN: Final = datetime(2026, 11, 25, tzinfo=UTC)
"""A date that never changes: a catalogue differs when its texts do, not each time it is renewed."""


def sources() -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Every file that may say something to a reader, and how its texts are found."""
    for folder in (CONSOLE, SOURCE / "core", SOURCE / "app"):
        yield from ((path, "python", {}) for path in sorted(folder.rglob("*.py")))
    templates = sorted((CONSOLE / "templates").glob("*.html"))
    yield from ((path, "jinja2.ext:babel_extract", _JINJA) for path in templates)
    yield from ((path, "javascript", {}) for path in sorted((CONSOLE / "static").glob("*.js")))


def said() -> Catalog:
    """Every text there is."""
    found = Catalog(creation_date=_BORN)
    for path, method, options in sources():
        keywords = SCRIPT_KEYWORDS if method == "javascript" else KEYWORDS
        with path.open("rb") as file:
            for _, message, comments, _ in extract(method, file, keywords, (), options):
                name = str(path.relative_to(CONSOLE if CONSOLE in path.parents else SOURCE))
                found.add(message, None, [(name, 0)], auto_comments=comments)
    return found


def known(path: Path) -> Catalog:
    """A catalogue as it is kept."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def renew(path: Path) -> int:
    """Make a catalogue hold exactly the texts there are; how many are not translated."""
    catalogue = known(path)
    catalogue.update(said(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version, catalogue.msgid_bugs_address = "Orderwatch", "", "-"
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, sort_by_file=True, include_lineno=False)
    return sum(1 for message in catalogue if message.id and not translated(message.string))


def translated(string: str | Sequence[str] | None) -> bool:
    """Whether a text, or each form of a plural, has words."""
    forms = (string,) if isinstance(string, str) else string or ()
    return all(forms) and bool(forms)


def main() -> int:
    """Renew every catalogue."""
    for path in sorted(CATALOGUES.glob("*.po")):
        sys.stdout.write(f"{path.name}: {renew(path)} texts are not translated\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
