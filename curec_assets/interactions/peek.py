"""A first look into a file that nobody has described: its delimiter, its columns by their usual names, some values."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from curec_assets.interactions.delimited import first_line, read_header
from curec_assets.interactions.proposal import NUMBER
from curec_assets.interactions.rows import SourceError, SourceFile, event_rows, item_rows, json_names

USUAL_NAMES = {
    "user": "userid user customerid customer reviewerid reviewer visitorid memberid member accountid personid uid",
    "item": "itemid item productid product parentasin asin sku movieid movie bookid isbn songid trackid articleid",
    "timestamp": "timestamp ts time datetime date eventtime createdat unixreviewtime ratedat boughtat orderdate day",
    "rating": "rating ratings stars score overall",
    "title": "title name itemname productname producttitle movietitle booktitle itemtitle",
    "year": "year releaseyear publicationyear yearofpublication",
    "categories": "categories category genres genre tags class path kinds topics department",
    "description": "description overview tagline blurb summary plot abstract",
}
"""Column names by what they usually hold, likeliest first; compared without case, punctuation and ``:type``."""
PEEKED_ROWS = 1000
NO_COLUMN = "-"
"""The answer that none of the columns is the one asked for."""
AskColumn = Callable[[str, Sequence[str]], str]
"""Puts a question to a person, with the columns that can be the answer; gives back one of them."""


@dataclass(frozen=True)
class Peek:
    """Looks into files over a connection that has the macros of sources; what must be rewritten goes to ``scratch``."""

    connection: duckdb.DuckDBPyConnection
    scratch: Path

    def file(self, path: Path) -> SourceFile:
        """The file, with the delimiter that its first line has most of."""
        file = SourceFile(path)
        if file.format != "text":
            return file
        line = first_line(path)
        return SourceFile(path, max(("\t", ",", ";", "|"), key=line.count))

    def names(self, file: SourceFile) -> list[str]:
        """The file's columns.

        Raises:
            SourceError: text whose first line holds values.
        """
        if file.format == "json":
            return json_names(self.connection, file.path)
        if file.format == "parquet":
            return list(self.connection.read_parquet(str(file.path)).columns)
        header = read_header(file.path, file.delimiter)
        if any(NUMBER.fullmatch(name) for name in header):
            raise SourceError(
                f"The file {file.path} has no column names in its first line ({first_line(file.path)[:80]}). Write a "
                "line of names above it, or read it with kind: query and read_csv(…, names = […])."
            )
        return header

    def values(self, file: SourceFile, column: str, items: bool = False) -> list[str]:
        """The texts of a column in the first rows that have any."""
        rows = (item_rows if items else event_rows)(self.connection, file, [column], self.scratch)
        cells = rows.relation.select(rows.columns[column].text()).limit(PEEKED_ROWS).fetchall()
        return [cell for (cell,) in cells if cell]


@dataclass(frozen=True)
class Told:
    """A file's columns as they were given, or else by their usual names."""

    path: Path
    names: Sequence[str]
    flag: str
    given: Mapping[str, str]
    ask: AskColumn | None

    def one(self, what: str) -> str:
        """The column that holds the needed ``what``, asked for where nothing tells it.

        Raises:
            SourceError: nothing tells it and nobody can be asked.
        """
        found = self.maybe(what)
        if found is not None:
            return found
        question = f"Which column of {self.path} holds the {what}?"
        if self.ask:
            return self._there(self.ask(question, self.names))
        raise SourceError(f"{question} Its columns are {', '.join(self.names)}; say {self.flag} {what}=NAME.")

    def maybe(self, what: str) -> str | None:
        """The column that holds ``what``, if there is one."""
        if what in self.given:
            return self._there(self.given[what])
        plain = {_plain(name): name for name in reversed(self.names)}
        return next((plain[usual] for usual in USUAL_NAMES[what].split() if usual in plain), None)

    def choice(self, what: str, names: Sequence[str]) -> str | None:
        """One of ``names``, as a person says who can be asked; None for none of them."""
        assert self.ask is not None
        answer = self.ask(f"Which column of {self.path} holds the {what} ({NO_COLUMN} for none)?", [*names, NO_COLUMN])
        return None if answer == NO_COLUMN else self._there(answer)

    def given_names(self, what: str) -> tuple[str, ...]:
        """The columns that were given for ``what``, parted by ``+``."""
        return tuple(self._there(name) for name in self.given[what].split("+")) if what in self.given else ()

    def several(self, what: str) -> tuple[str, ...]:
        """All columns that hold ``what``."""
        return self.given_names(what) or tuple(name for name in self.names if _plain(name) in USUAL_NAMES[what].split())

    def _there(self, name: str) -> str:
        if name not in self.names:
            raise SourceError(f"The file {self.path} has no column {name!r}; its columns are {', '.join(self.names)}.")
        return name


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.partition(":")[0].lower())


def is_tsv(path: Path) -> bool:
    """Whether the name of a file says that tabs part its columns."""
    return path.name.removesuffix(".gz").endswith(".tsv")
