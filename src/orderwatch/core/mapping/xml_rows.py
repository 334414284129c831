"""XML files: each element of the table's name is a row.

A column is the path below it (`price`, `buyer/name`), an attribute `./@id` or `buyer/@id`; what is
repeated is a list. Namespace prefixes do not count. A DOCTYPE is refused: it could unfold.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from orderwatch.core.mapping.rows import Cell, Row, RowProblem, TableFile
from orderwatch.core.mapping.rules import TableRule


def read_xml(file: TableFile, rule: TableRule) -> Iterator[Row | RowProblem]:
    """Every row element; malformed XML ends the file with a problem."""
    collector = _Collector(file.name, rule.element)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, given: collector.start(
        name, given, parser.CurrentLineNumber
    )
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.text
    parser.StartDoctypeDeclHandler = collector.doctype
    try:
        for piece in file.open():
            parser.Parse(piece, False)
            yield from collector.take()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from collector.take()
        yield RowProblem(file.name, error.lineno, "", f"not XML: {expat.ErrorString(error.code)}")
    except _Doctype:
        line = parser.CurrentLineNumber
        yield RowProblem(file.name, line, "", "a DOCTYPE: remove it, it could unfold")
    yield from collector.take()


class _Doctype(Exception):
    """The document declares a type."""


class _Collector:
    """Gathers the cells of the row being read."""

    def __init__(self, file: str, element: str) -> None:
        self._file = file
        self._element = element
        self._path: list[str] | None = None
        self._line = 0
        self._texts: dict[str, list[str]] = {}
        self._said: list[list[str]] = []
        self._done: list[Row] = []

    def take(self) -> list[Row]:
        """The rows that were completed since the last time."""
        done, self._done = self._done, []
        return done

    def doctype(self, *_: object) -> None:
        raise _Doctype

    def start(self, name: str, given: dict[str, str], line: int) -> None:
        local = name.rpartition(":")[2]
        if self._path is None:
            if local != self._element:
                return
            self._path, self._line, self._texts = [], line, {}
        else:
            self._path.append(local)
        self._said.append([])
        here = "/".join(self._path) or "."
        for attribute, value in given.items():
            key = f"{here}/@{attribute.rpartition(':')[2]}"
            self._texts.setdefault(key, []).append(value.strip())

    def text(self, text: str) -> None:
        if self._said:
            self._said[-1].append(text)

    def end(self, _: str) -> None:
        if self._path is None:
            return
        said = "".join(self._said.pop()).strip()
        if self._path:
            if said or "/".join(self._path) not in self._texts:
                self._texts.setdefault("/".join(self._path), []).append(said)
            self._path.pop()
        else:
            self._done.append(Row(self._file, self._line, self._cells()))
            self._path = None

    def _cells(self) -> dict[str, Cell]:
        return {
            path: texts[0] if len(texts) == 1 else tuple(texts)
            for path, texts in self._texts.items()
        }
