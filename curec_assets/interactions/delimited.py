"""Delimited text files of any encoding, made ready for DuckDB to stream.

DuckDB's reader loses text at a lone carriage return and refuses bytes that are not UTF-8. A file with neither is read
where it lies; any other is rewritten once, block by block, as clean UTF-8 lines.
"""

import csv
from pathlib import Path

import duckdb

BLOCK_BYTES = 1 << 24
NEVER_A_DELIMITER = "\U0010ffff"
"""A Unicode noncharacter: text read with it as the delimiter comes back as whole lines."""
LONGEST_LINE_BYTES = 1 << 25


def read_header(path: Path, delimiter: str) -> list[str]:
    """Column names in the first line of a delimited file, spaces and byte order mark dropped."""
    with path.open("rb") as file:
        first = _decode_line(file.readline()).removeprefix("\ufeff")
    return [name.strip() for name in next(csv.reader([first.strip("\r\n")], delimiter=delimiter), [])]


def as_clean_text(path: Path, scratch: Path) -> Path:
    """``path`` itself if it is UTF-8 with one kind of line end, else a rewritten copy in the folder ``scratch``.

    Lines that are not valid UTF-8 are taken as Windows-1252, which is what mixed exports hold; the few bytes that it
    leaves undefined become U+FFFD. Every ``\\r``, ``\\n`` and ``\\r\\n`` ends a line.
    """
    if _is_clean(path):
        return path
    copy = scratch / f"{path.name}.utf8"
    with path.open("rb") as source, copy.open("w", encoding="utf-8", newline="") as target:
        while lines := source.readlines(BLOCK_BYTES):
            for line in lines:
                text = _decode_line(line).replace(NEVER_A_DELIMITER, "\ufffd")
                target.write(text.replace("\r\n", "\n").replace("\r", "\n"))
    return copy


def read_lines(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """Relation with one text column ``line``: the lines of a clean file after its header, blank ones left out."""
    return connection.read_csv(
        str(path),
        sep=NEVER_A_DELIMITER,
        header=False,
        skiprows=1,
        columns={"line": "VARCHAR"},
        auto_detect=False,
        quotechar="",
        escapechar="",
        na_values="\x02",
        strict_mode=False,
        null_padding=True,
        max_line_size=LONGEST_LINE_BYTES,
    )


def read_records(connection: duckdb.DuckDBPyConnection, path: Path, delimiter: str) -> duckdb.DuckDBPyRelation:
    """Relation of text columns named by the header; quoted fields may hold delimiters and line ends.

    Short rows end in nulls; what DuckDB cannot read as a row at all is left out.
    """
    return connection.read_csv(
        str(path),
        sep=delimiter,
        header=False,
        skiprows=1,
        columns=dict.fromkeys(read_header(path, delimiter), "VARCHAR"),
        auto_detect=False,
        quotechar='"',
        escapechar='"',
        strict_mode=False,
        null_padding=True,
        ignore_errors=True,
        parallel=False,
        max_line_size=LONGEST_LINE_BYTES,
    )


def _is_clean(path: Path) -> bool:
    newlines = returns = pairs = 0
    with path.open("rb") as file:
        # Blocks end at line ends, so no character and no \r\n is ever cut in two.
        while lines := file.readlines(BLOCK_BYTES):
            block = b"".join(lines)
            try:
                block.decode("utf-8")
            except UnicodeDecodeError:
                return False
            if NEVER_A_DELIMITER.encode() in block:
                return False
            newlines += block.count(b"\n")
            returns += block.count(b"\r")
            pairs += block.count(b"\r\n")
    return returns == 0 or returns == pairs == newlines


def _decode_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")
