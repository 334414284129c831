"""The style keeps its promises: contrast in both themes, nothing from elsewhere, nothing inline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orderwatch.entrypoints.console import static_files
from orderwatch.entrypoints.console.static_files import (
    BUILT,
    FILES,
    FOLDER,
    address_of,
    load,
    missing_files,
)

LISTED = Path(__file__).parents[4] / "browser" / "files.txt"
TEMPLATES = FOLDER.parent / "templates"
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)",
        (FOLDER / "console.css").read_text(),
    )
}
TEXT_ON = {
    "ink": ("ground", "card", "raised", "accent-ground"),
    "ink-soft": ("ground", "card", "raised"),
    "accent": ("ground", "card", "accent-ground", "raised"),
    "success": ("ground", "card", "raised"),
    "failed": ("ground", "card", "raised", "failed-ground"),
    "overdue": ("ground", "card", "raised", "overdue-ground"),
    "waiting": ("ground", "card", "raised"),
}
AREAS = ("failed-area", "overdue-area")


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), [(t, g) for t, gs in TEXT_ON.items() for g in gs])
def test_text_can_be_read_on_every_ground_it_stands_on(text: str, ground: str, theme: int) -> None:
    assert contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("area", AREAS)
def test_trouble_stands_out_from_its_ground(area: str) -> None:
    light, dark = (contrast(COLOURS[area][theme], COLOURS["card"][theme]) for theme in (0, 1))
    assert light >= 2.2  # shape and word stand beside it
    assert dark >= 3


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "path", [*TEMPLATES.iterdir(), *FOLDER.iterdir()], ids=lambda path: path.name
)
def test_nothing_comes_from_another_host_and_nothing_is_inline(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?://|url\((?!#|\"\./)|@import", text) == []
    if path.suffix == ".html":
        text = text.replace('<script type="application/json"', "")  # words, which nobody runs
        assert re.findall(r"\sstyle=|\son[a-z]+=|<style|<script(?! src=)|javascript:", text) == []


def test_a_file_has_the_hash_of_its_content_in_its_address() -> None:
    assert re.fullmatch(r"/static/console\.[0-9a-f]{12}\.css", address_of("console.css"))


def test_a_script_imports_others_by_their_hashed_names() -> None:
    text = FILES["console.js"].content.decode()
    assert f'from "{address_of("live.js")}"' in text
    assert 'from "./' not in text


def test_a_changed_file_changes_the_address_of_what_imports_it(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";')
    (tmp_path / "b.js").write_text("export const b = 1;")
    before = load(tmp_path)["a.js"].address
    (tmp_path / "b.js").write_text("export const b = 2;")
    assert load(tmp_path)["a.js"].address != before


def test_a_style_names_its_fonts_by_their_hashed_names(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text('src: url("./b-1.woff2"), url("./gone.woff2");')
    (tmp_path / "b-1.woff2").write_bytes(b"letters")
    files = load(tmp_path, tmp_path / "nowhere")
    text = files["a.css"].content.decode()
    assert text == f'src: url("{files["b-1.woff2"].address}"), url("./gone.woff2");'
    assert files["b-1.woff2"].media_type == "font/woff2"


def test_every_file_that_pages_need_of_others_was_built() -> None:
    assert missing_files() == []
    assert {Path(line).name for line in LISTED.read_text().split()} == {
        path.name for path in BUILT.iterdir()
    }


def test_what_was_not_built_has_an_address_where_nothing_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(static_files, "FILES", {})
    assert "inter-latin-wght-normal.woff2" in missing_files()
    assert address_of("inter-latin-wght-normal.woff2") == "/static/inter-latin-wght-normal.woff2"
