"""Every deed has a sentence, and every group of the filter has deeds."""

from __future__ import annotations

import ast
import inspect

from orderwatch.core.alerting.incident import SilenceKind
from orderwatch.core.people import deeds
from orderwatch.entrypoints.console.audit_words import GROUPS, SENTENCES


def actions() -> set[str]:
    """The actions of all deeds there are: the first words of every `Deed(...)`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(deeds))):
        match node:
            case ast.Call(func=ast.Name(id="Deed"), args=[ast.JoinedStr(values=[_, end]), *_]):
                names |= {f"{kind}{ast.literal_eval(end)}" for kind in SilenceKind}
            case ast.Assign(targets=[ast.Name(id="action")], value=words):
                names |= words_of(words)
            case ast.Call(func=ast.Name(id="Deed"), args=[words, *_]):
                names |= words_of(words)
            case _:
                pass
    return names


def words_of(node: ast.AST) -> set[str]:
    return {
        word.value
        for word in ast.walk(node)
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }


def test_every_deed_has_a_sentence() -> None:
    assert actions() == set(SENTENCES)


def test_every_deed_is_in_a_group_of_the_filter() -> None:
    for action in SENTENCES:
        assert [begins for begins in GROUPS if action.startswith(begins)] != [], action
    for begins in GROUPS:
        assert any(action.startswith(begins) for action in SENTENCES), begins
