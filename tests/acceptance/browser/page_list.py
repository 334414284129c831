"""Writes `docs/reference/pages.md` from the table of all pages.

.venv/bin/python -m tests.acceptance.browser.page_list > docs/reference/pages.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.acceptance.browser.every_page import PAGES, Shown

from orderwatch.core.people.roles import PERMISSIONS, Role

LIST: Final = Path(__file__).parents[3] / "docs" / "reference" / "pages.md"
_INTRODUCTION: Final = """# Pages

Every page of the console: what it answers, where it is, who sees it. In braces stands what an
address names. Pages move by themselves within a second of what happens, know light and dark,
keyboard and phone, and are there in English and Thai.
[How to watch orders](../how-to/watch-orders.md) tells how to work with them.

The pictures are of a simulated bad day, taken by `docs/images/make.py`; a test checks that no page
is missing here.
"""


def page_list() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *(line for name in PAGES for line in _lines(name))])


def _lines(name: str) -> Iterator[str]:
    shown = PAGES[name]
    yield f"## {name.replace('-', ' ').capitalize()}"
    yield ""
    yield f"{shown.says}{'' if shown.says.endswith('?') else '.'} {_where(shown)}; {_who(shown)}."
    yield ""
    yield _picture(name, "light", 420) + _picture(name, "dark", 420) + _picture(name, "phone", 121)
    yield ""


def _where(shown: Shown) -> str:
    by_form = " and its button" if shown.reached is not None else ""
    return f"`{shown.address}`{by_form}"


def _who(shown: Shown) -> str:
    roles, _ = PERMISSIONS[shown.permission]
    return (
        "everybody"
        if roles == frozenset(Role)
        else ", ".join(str(role) for role in Role if role in roles)
    )


def _picture(name: str, form: str, width: int) -> str:
    words = f"{name.replace('-', ' ')}, {form}"
    return f'<img src="../images/pages/{name}-{form}.jpg" width="{width}" alt="{words}">'


if __name__ == "__main__":
    sys.stdout.write(page_list())
