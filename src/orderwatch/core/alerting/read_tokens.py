"""A condition's words and signs: what may stand in it, before any library sees it.

Nothing but facts, texts, numbers, comparisons and a few functions of texts gets through, so what a
condition can cost is known from its length. Names and numbers come out as the checker wants them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from msgspec import Struct

from orderwatch.core.yaml_fields import did_you_mean

MAX_LENGTH: Final = 500
MAX_DEPTH: Final = 10
FUNCTIONS: Final = {
    "startsWith": "whether the text begins so",
    "endsWith": "whether it ends so",
    "contains": "whether this is anywhere in it",
    "matches": "whether a regular expression (RE2: linear time, no counted repetition) is found",
}
"""What may be asked of a text, as `reason.startsWith("PAY")`."""

PREFIX: Final = "fact_"
"""Before each name on its way to the checker: some facts are words of CEL itself, such as type."""

_WORDS: Final = frozenset({"true", "false", "in"})
_MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map", "has", "size"})
_OTHER_LANGUAGES: Final = {
    "and": "&&", "AND": "&&", "or": "||", "OR": "||", "not": "!", "NOT": "!",
    "True": "true", "False": "false", "is": "==", "null": '"" or 0',
}  # fmt: skip
_OTHER_SIGNS: Final = {"=": "==", "&": "&&", "|": "||", "<>": "!="}
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"(?:[^"\\\r\n]|\\["'\\nrt])*"|'(?:[^'\\\r\n]|\\["'\\nrt])*')
    |(?P<number>[0-9]{1,15}(?:\.[0-9]{1,15})?(?![\w.]))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|<(?!>)|>|\+|-|\*|/|!|\?|:|\(|\)|\[|\]|,|\.)
    |(?P<wrong><>|=|&|\||["']|[0-9][\w.]*|.)""",
    re.VERBOSE | re.DOTALL,
)


class Token(Struct, frozen=True):
    """One word or sign: its kind, as written, and where (0-based)."""

    kind: str
    text: str
    at: int


def read_tokens(text: str, facts: Collection[str]) -> list[Token] | str:
    """The parts of a condition that asks only these facts; or what is wrong with it."""
    if len(text) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters: make two rules of it"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "holds half a character: write it in full"
    tokens = [
        Token(found.lastgroup or "", found.group(), found.start())
        for found in _TOKEN.finditer(text)
        if found.lastgroup != "space"
    ]
    if not tokens:
        return 'is empty: write a comparison, such as class == "failed"'
    return _first_complaint(tokens, facts) or tokens


def _first_complaint(tokens: Sequence[Token], facts: Collection[str]) -> str | None:
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if depth > MAX_DEPTH:
            return f"is nested deeper than {MAX_DEPTH} brackets: say it more plainly"
        if complaint := _complaint(tokens, place, facts):
            return f"{complaint} (character {token.at + 1})"
    return None


def _complaint(tokens: Sequence[Token], place: int, facts: Collection[str]) -> str | None:
    token = tokens[place]
    before = tokens[place - 1].text if place else ""
    after = tokens[place + 1].text if place + 1 < len(tokens) else ""
    if token.kind == "wrong":
        return _of_a_sign(token.text)
    if token.kind != "word":
        return None
    if before == ".":
        return _of_a_function(tokens, place)
    if after == "(" and token.text not in _WORDS:
        return _of_a_call(token.text)
    return _of_a_name(token.text, facts)


def _of_a_sign(sign: str) -> str:
    if sign in _OTHER_SIGNS:
        return f"{sign} is no sign of a condition: write {_OTHER_SIGNS[sign]}"
    if sign in ('"', "'"):
        return (
            f"a text that begins with {sign} does not end on the same line, or holds a strange \\"
        )
    if sign[0].isdigit():
        return f"{sign[:20]} is not a number: write it as 20 or 0.05"
    return f"{sign} has no place in a condition"


def _of_a_function(tokens: Sequence[Token], place: int) -> str | None:
    name = tokens[place].text
    if name in _MACROS:
        return f"{name} is not offered: no fact is a list, and a condition goes through none"
    if name not in FUNCTIONS:
        return f"no function {name}: {did_you_mean(name, FUNCTIONS)}"
    return _of_a_pattern(tokens[place + 1 :]) if name == "matches" else None


def _of_a_pattern(tokens: Sequence[Token]) -> str | None:
    """A pattern is written out, so that it is known before anything is asked of it."""
    if len(tokens) < 3 or tokens[1].kind != "text" or tokens[2].text != ")":
        return 'matches wants a pattern in quotes: reason.matches("^PAY-[0-9]+$")'
    if "{" in tokens[1].text:
        return "a pattern has no counted repetition {n}: write it out, or use * or +"
    return None


def _of_a_call(name: str) -> str:
    if name in FUNCTIONS:
        return f'{name} stands behind its text: reason.{name}("...")'
    if name in _MACROS:
        return f"{name} is not offered: no fact is a list, and a condition goes through none"
    return f"no function {name}: {did_you_mean(name, FUNCTIONS)}"


def _of_a_name(name: str, facts: Collection[str]) -> str | None:
    if name in facts or name in _WORDS:
        return None
    if name in _OTHER_LANGUAGES:
        return f"{name} is no word of a condition: write {_OTHER_LANGUAGES[name]}"
    return f"no fact {name} here: {did_you_mean(name, facts)}"


def facts_asked(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The facts among the tokens, each once, in the order they are asked."""
    names = {
        token.text: None
        for place, token in enumerate(tokens)
        if token.kind == "word"
        and token.text not in _WORDS
        and (not place or tokens[place - 1].text != ".")
    }
    return tuple(names)


def for_the_checker(tokens: Sequence[Token]) -> tuple[str, list[int]]:
    """The condition as the checker takes it: names prefixed, numbers with a point.

    Beside it, for each token, where it begins there.
    """
    asked = frozenset(facts_asked(tokens))
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for place, token in enumerate(tokens):
        behind_a_dot = place > 0 and tokens[place - 1].text == "."
        part = _for_the_checker(token, is_fact=token.text in asked and not behind_a_dot)
        starts.append(length)
        parts.append(part)
        length += len(part) + 1
    return " ".join(parts), starts


def _for_the_checker(token: Token, *, is_fact: bool) -> str:
    if token.kind == "number" and "." not in token.text:
        return f"{token.text}.0"
    return PREFIX + token.text if token.kind == "word" and is_fact else token.text
