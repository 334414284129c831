"""ARCHITECTURE.md follows one event through real paths; so they must be real."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATH = re.compile(r"`((?:src|templates|docs|tests)/[^`*]*)`")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def test_every_path_of_the_architecture_page_exists() -> None:
    named = PATH.findall((REPOSITORY / "ARCHITECTURE.md").read_text())
    assert len(named) > 20
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [REPOSITORY / "README.md", REPOSITORY / "ARCHITECTURE.md"]
    pages += sorted((REPOSITORY / "docs").rglob("*.md"))
    dead = [
        f"{page.relative_to(REPOSITORY)}: {link}"
        for page in pages
        for link in LINK.findall(page.read_text())
        if not (page.parent / link).exists()
    ]
    assert dead == []
