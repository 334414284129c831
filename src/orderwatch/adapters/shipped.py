"""The flow templates and alert rules that ship, wherever this copy of Orderwatch was installed."""

from __future__ import annotations

from pathlib import Path

import orderwatch

PACKAGE = Path(orderwatch.__file__).parent
# In a wheel they lie inside the package; in a checkout beside src.
PLACES = (PACKAGE / "templates", PACKAGE.parent.parent / "templates")


def shipped_templates(places: tuple[Path, ...] = PLACES) -> dict[str, Path]:
    """Each template's name, such as lotus-o2o, and its file, from the first place there is."""
    folder = next(place for place in places if place.is_dir())
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def shipped_alerts(places: tuple[Path, ...] = PLACES) -> str:
    """The YAML text of the alert book every tenant begins with."""
    folder = next(place for place in places if place.is_dir())
    return (folder / "alerts" / "default.yaml").read_text("utf-8")
