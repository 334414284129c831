"""What changed between two versions of a template."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.flow.line_diff import line_diff

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "  d"]), max_size=14)


def test_a_changed_line_with_some_around_and_what_is_left_out() -> None:
    before = "\n".join(map(str, range(20)))
    after = before.replace("\n9\n", "\nnine\n")
    lines = line_diff(before, after)
    assert [(one.kind, one.text) for one in lines] == [
        ("gap", "6"),
        ("same", "6"),
        ("same", "7"),
        ("same", "8"),
        ("out", "9"),
        ("in", "nine"),
        ("same", "10"),
        ("same", "11"),
        ("same", "12"),
        ("gap", "7"),
    ]
    assert (lines[4].before, lines[4].after, lines[5].before, lines[5].after) == (
        10,
        None,
        None,
        10,
    )


def test_what_is_the_same_has_no_differences() -> None:
    assert line_diff("a\nb", "a\nb") == ()


@given(LINES, LINES)
def test_the_differences_lead_from_one_text_to_the_other(
    before: list[str], after: list[str]
) -> None:
    lines = line_diff("\n".join(before), "\n".join(after), around=99)
    old, new = "\n".join(before).splitlines(), "\n".join(after).splitlines()
    if old == new:
        assert lines == ()
        return
    assert [one.text for one in lines if one.kind in ("same", "out")] == old
    assert [one.text for one in lines if one.kind in ("same", "in")] == new
    assert all(old[one.before - 1] == one.text for one in lines if one.before)
    assert all(new[one.after - 1] == one.text for one in lines if one.after)
