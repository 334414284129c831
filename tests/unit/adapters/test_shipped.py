"""Templates are found in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from orderwatch.adapters.shipped import shipped_templates


def test_the_first_template_ships() -> None:
    templates = shipped_templates()
    assert "lotus-o2o" in templates
    assert templates["lotus-o2o"].is_file()


def test_a_wheel_carries_them_inside_the_package(tmp_path: Path) -> None:
    inside = tmp_path / "orderwatch" / "templates"
    inside.mkdir(parents=True)
    (inside / "bakery.yaml").write_text("name: bakery\n")
    assert shipped_templates((inside, tmp_path / "nowhere")) == {"bakery": inside / "bakery.yaml"}
