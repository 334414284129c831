"""Conditions that customers write: CEL over the facts of a look, checked before it is used.

The library (docs/decisions/0090-alert-conditions.md) parses, checks types and evaluates;
`read_tokens.py` lets only what is bounded reach it. A condition that passed holds or does not hold
of any facts of its look; it fails only when a fact is missing or of another type.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

from cel_expr_python import cel

from orderwatch.core.alerting.condition import Condition, ConditionFailed
from orderwatch.core.alerting.facts import FACTS, Facts, FactType, FactValue
from orderwatch.core.alerting.read_tokens import (
    PREFIX,
    Token,
    facts_asked,
    for_the_checker,
    read_tokens,
)

_TYPES: Final = {
    FactType.TEXT: cel.Type.STRING,
    FactType.NUMBER: cel.Type.DOUBLE,
    FactType.FLAG: cel.Type.BOOL,
}
_KINDS: Final = {"string": "a text", "double": "a number", "bool": "true or false"}
_PLACE: Final = re.compile(r"<input>:1:(\d+): (.*)")
_OVERLOAD: Final = re.compile(r"no matching overload for '(.+?)' applied to '(.*)'")
_LOGIC: Final = frozenset({"_&&_", "_||_", "!_", "_?_:_"})


class _Program(Protocol):
    """A checked expression of the library."""

    def eval(self, *, data: Mapping[str, Any]) -> Any:
        """Its value."""

    def return_type(self) -> Any:
        """The type of its value."""


class Expression:
    """A checked condition; equal to another of the same text about the same look."""

    __slots__ = ("_asked", "_program", "look", "text")

    def __init__(self, text: str, look: str, program: _Program, asked: Sequence[str]) -> None:
        self.text = text
        self.look = look
        self._program = program
        self._asked = tuple(
            (name, PREFIX + name, FACTS[look][name].type is FactType.NUMBER) for name in asked
        )

    @property
    def asked(self) -> tuple[str, ...]:
        """The facts it asks."""
        return tuple(name for name, _, _ in self._asked)

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of these facts; raises ConditionFailed."""
        try:
            data = {
                known: float(facts[name]) if number else facts[name]
                for name, known, number in self._asked
            }
            answer = self._program.eval(data=data).value()
        except KeyError as error:
            raise ConditionFailed(f"{self.text}: nothing is known of {error.args[0]}") from None
        except (RuntimeError, TypeError, ValueError) as error:
            raise ConditionFailed(f"{self.text}: {_first_line(error)}") from None
        if answer is True or answer is False:
            return answer
        raise ConditionFailed(f"{self.text}: {answer}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and (self.text, self.look) == (other.text, other.look)

    def __hash__(self) -> int:
        return hash((self.text, self.look))

    def __repr__(self) -> str:
        return f"Expression({self.text!r}, {self.look!r})"


def compile_condition(text: str, look: str) -> Condition | str:
    """The condition a text writes about this look; or what is wrong with it, and the remedy."""
    text = " ".join(text.split("\n")).strip()
    tokens = read_tokens(text, FACTS[look])
    if isinstance(tokens, str):
        return tokens
    if complaint := _of_patterns(tokens):
        return complaint
    source, starts = for_the_checker(tokens)
    try:
        program: _Program = _environment(look).compile(source)
    except (RuntimeError, ValueError) as error:
        return _complaint(str(error), tokens, starts)
    if program.return_type() != cel.Type.BOOL:
        return "is not a question: compare something, so that the answer is true or false"
    return Expression(text, look, program, facts_asked(tokens))


@cache
def _environment(look: str) -> Any:
    """Where a look's conditions are checked: the names and types they may use."""
    return cel.NewEnv(
        variables={PREFIX + name: _TYPES[fact.type] for name, fact in FACTS[look].items()}
    )


def _of_patterns(tokens: Sequence[Token]) -> str | None:
    """A pattern that is none would fail at every evaluation: try it on nothing."""
    for place, token in enumerate(tokens[:-2]):
        if token.text == "matches" and token.kind == "word":
            pattern = tokens[place + 2].text
            try:
                tried: FactValue = _nothing().compile(f'"".matches({pattern})').eval().value()
            except (RuntimeError, ValueError) as error:
                return f"{pattern} is not a pattern: {_first_line(error)}"
            if not isinstance(tried, bool):
                return f"{pattern} is not a pattern: {str(tried).rpartition('expression: ')[2]}"
    return None


@cache
def _nothing() -> Any:
    return cel.NewEnv()


def _complaint(error: str, tokens: Sequence[Token], starts: Sequence[int]) -> str:
    """What the library says, in our words and at our place."""
    found = _PLACE.search(error)
    if found is None:
        return "is nested too deep: say it more plainly"
    place = max(0, bisect_right(starts, int(found.group(1)) - 1) - 1)
    where = f" (character {tokens[place].at + 1})"
    said = found.group(2)
    if overload := _OVERLOAD.search(said):
        return _of_types(overload.group(1), overload.group(2)) + where
    if "<EOF>" in said.partition(" expecting ")[0]:
        return "breaks off: something is missing at its end"
    if "Syntax error" in said:
        return f"does not fit together near {tokens[place].text[:30]}{where}"
    return f"is not a condition: {said.replace(PREFIX, '')[:200]}{where}"


def _of_types(operator: str, types: str) -> str:
    kinds = [_KINDS.get(kind, kind) for kind in types.strip("()").split(", ")]
    sign = operator.strip("_").replace("_", " ").replace("@", "")
    if operator in _LOGIC:
        return f'{sign} wants answers, not {" and ".join(kinds)}: compare, as in reason != ""'
    return (
        f"{sign} does not go with {' and '.join(kinds)}: "
        'a text is compared with a text in quotes ("failed"), a number with a number (0.05)'
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it cannot be evaluated"])[0][:200]
