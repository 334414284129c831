"""What changed between two versions of a text: lines taken out and put in, with some around."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Final, Literal

from msgspec import Struct

AROUND: Final = 3


class DiffLine(Struct, frozen=True):
    """One line, with its number in the older and in the newer text.

    `gap` stands for `text` lines that are the same in both.
    """

    kind: Literal["same", "out", "in", "gap"]
    before: int | None
    after: int | None
    text: str


def line_diff(before: str, after: str, around: int = AROUND) -> tuple[DiffLine, ...]:
    """What changed, in the order of the text; nothing when they are the same."""
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    lines: list[DiffLine] = []
    reached = 0
    for group in matcher.get_grouped_opcodes(around):
        lines += _gap(reached, group[0][1])
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [
                    DiffLine("same", n + 1, n + 1 - old_from + new_from, old[n])
                    for n in range(old_from, old_to)
                ]
                continue
            lines += [DiffLine("out", n + 1, None, old[n]) for n in range(old_from, old_to)]
            lines += [DiffLine("in", None, n + 1, new[n]) for n in range(new_from, new_to)]
        reached = group[-1][2]
    return (*lines, *_gap(reached, len(old))) if lines else ()


def _gap(start: int, end: int) -> list[DiffLine]:
    return [DiffLine("gap", None, None, str(end - start))] if end > start else []
