"""Lines of drawings as SVG paths: straight ones through some points, with round corners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Point = tuple[float, float]

_ROUND: Final = 7
_HEAD: Final = 6


def round_path(points: Sequence[Point]) -> str:
    """Straight lines through the points, with round corners; it ends where its arrow begins."""
    points = _shortened(
        [point for n, point in enumerate(points) if not n or points[n - 1] != point]
    )
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _toward(corner, before), _toward(corner, after)
        path.append(f"L{near[0]:.4g} {near[1]:.4g}Q{corner[0]:.4g} {corner[1]:.4g}")
        path.append(f" {far[0]:.4g} {far[1]:.4g}")
    return "".join([*path, f"L{points[-1][0]:g} {points[-1][1]:g}"])


def _shortened(points: list[Point]) -> list[Point]:
    (x, y), before = points[-1], points[-2]
    dx, dy = _direction(before, (x, y))
    return [*points[:-1], (x - dx * _HEAD, y - dy * _HEAD)]


def _toward(corner: Point, other: Point) -> Point:
    """A little way from a corner, at most half of the way to the next one."""
    far = max(abs(other[0] - corner[0]), abs(other[1] - corner[1]))
    dx, dy = _direction(corner, other)
    step = min(_ROUND, far / 2)
    return corner[0] + dx * step, corner[1] + dy * step


def _direction(start: Point, end: Point) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    far = max(abs(dx), abs(dy)) or 1.0
    return dx / far, dy / far


def arrow_head(before: Point, at: Point) -> str:
    """The triangle at the end of a line that comes from `before`."""
    dx, dy = _direction(before, at)
    left = (at[0] - dx * _HEAD - dy * 3.5, at[1] - dy * _HEAD + dx * 3.5)
    right = (at[0] - dx * _HEAD + dy * 3.5, at[1] - dy * _HEAD - dx * 3.5)
    return f"M{at[0]:g} {at[1]:g}L{left[0]:g} {left[1]:g}L{right[0]:g} {right[1]:g}Z"
