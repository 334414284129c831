"""CSV files: one header, then records; a broken record costs only its own first line.

A quoted cell may hold line ends. If such a record never closes, or does not fit the header, its
first line is reported and reading goes on with the next, so one stray quote swallows nothing.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Final

from orderwatch.core.mapping.rows import LONGEST_LINE, Row, RowProblem, TableFile
from orderwatch.core.mapping.rules import TableRule
from orderwatch.core.yaml_fields import did_you_mean

_MOST_LINES: Final = 100
_UNCLOSED: Final = "a quote is never closed"

_Line = tuple[int, str | None]
_Record = tuple[int, list[str] | str]


def read_csv(file: TableFile, rule: TableRule) -> Iterator[Row | RowProblem]:
    """Every record under its header, or the problem of a record."""
    records = _Records(file, rule)
    header = records.header()
    if isinstance(header, RowProblem):
        yield header
        return
    missing = tuple(_missing_columns(file, rule, header))
    yield from missing
    if missing:
        return
    for line, record in records.below(header):
        if isinstance(record, str):
            yield RowProblem(file.name, line, "", record)
        else:
            cells = {name: cell.strip() for name, cell in zip(header, record, strict=True)}
            yield Row(file.name, line, dict(cells))


def _missing_columns(file: TableFile, rule: TableRule, header: list[str]) -> Iterator[RowProblem]:
    for name, count in Counter(header).items():
        if count > 1 and name in rule.columns:
            yield RowProblem(file.name, 1, name, "this column is there twice: rename one")
    for name, user in rule.columns.items():
        if name not in header and name not in rule.optional:
            message = f"no such column, which {user} uses: {did_you_mean(name, header)}"
            yield RowProblem(file.name, 1, name, message)


class _Records:
    """The records of one file; lines that turn out not to belong to a record are given back."""

    def __init__(self, file: TableFile, rule: TableRule) -> None:
        self._file = file
        self._separator = rule.separator
        self._lines = decoded_lines(file.open(), rule.encoding)
        self._returned: deque[_Line] = deque()

    def header(self) -> list[str] | RowProblem:
        for line, text in self._remaining():
            if text is None:
                break
            cells = self._split([text])
            if isinstance(cells, str):
                return RowProblem(self._file.name, line, "", f"the header cannot be read: {cells}")
            return [cell.strip() for cell in cells]
        return RowProblem(self._file.name, 1, "", "no header: the first line must name the columns")

    def below(self, header: list[str]) -> Iterator[_Record]:
        for line, text in self._remaining():
            if text is None:
                yield line, "cannot be read: not in the encoding of the table, or far too long"
            else:
                yield line, self._record(text, len(header))

    def _record(self, text: str, width: int) -> list[str] | str:
        """The cells of the record that begins with a line, or what is wrong with it."""
        texts = [text]
        taken: list[_Line] = []
        cells = self._split(texts)
        while cells == _UNCLOSED and len(taken) < _MOST_LINES:
            following = next(self._remaining(blank=True), None)
            if following is None:
                break
            taken.append(following)
            if following[1] is None:
                break
            texts.append(following[1])
            cells = self._split(texts)
        if isinstance(cells, list) and len(cells) != width:
            cells = f"has {len(cells)} cells where the header has {width}"
        if isinstance(cells, str):
            self._returned.extendleft(reversed(taken))
        return cells

    def _split(self, texts: list[str]) -> list[str] | str:
        if len(texts) == 1 and '"' not in texts[0]:
            return texts[0].split(self._separator)
        lines = [text + "\n" for text in texts]
        try:
            return next(csv.reader(lines, strict=True, delimiter=self._separator))
        except csv.Error as error:
            return _UNCLOSED if "end of data" in str(error) else f"cannot be read: {error}"

    def _remaining(self, *, blank: bool = False) -> Iterator[_Line]:
        """The lines still to come; empty ones only if `blank`."""
        while True:
            line = self._returned.popleft() if self._returned else next(self._lines, None)
            if line is None:
                return
            if blank or line[1] is None or line[1].strip():
                yield line


def decoded_lines(pieces: Iterable[bytes], encoding: str) -> Iterator[_Line]:
    """Numbered lines without their ends; None for one that is too long or not in the encoding."""
    number, cut = 0, False
    for piece in pieces:
        number += not cut
        continued, cut = cut, not piece.endswith(b"\n") and len(piece) >= LONGEST_LINE
        if continued:
            continue
        yield number, None if cut else _decoded(piece, encoding, first=number == 1)


def _decoded(piece: bytes, encoding: str, *, first: bool) -> str | None:
    try:
        text = piece.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    return text.removeprefix("\ufeff") if first else text
