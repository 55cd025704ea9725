"""Text files of any encoding, gzipped or not, made ready for DuckDB to stream.

DuckDB's reader loses text at a lone carriage return and refuses bytes that are not UTF-8. A file with neither is read
where it lies; any other is rewritten once, block by block, as clean UTF-8 lines.
"""

import csv
import gzip
from functools import lru_cache
from io import BufferedIOBase
from pathlib import Path
from tempfile import mkdtemp

import duckdb

BLOCK_BYTES = 1 << 24
NEVER_A_DELIMITER = "\U0010ffff"
"""A Unicode noncharacter: text read with it as the delimiter comes back as whole lines."""
LONGEST_LINE_BYTES = 1 << 25


def first_line(path: Path) -> str:
    """The first line of a text file, byte order mark and line end dropped.

    Raises:
        OSError, EOFError: a ``.gz`` file that is not gzip, or is cut off.
    """
    with open_text(path) as file:
        return _decode_line(file.readline(LONGEST_LINE_BYTES)).removeprefix("\ufeff").strip("\r\n")


def read_header(path: Path, delimiter: str) -> list[str]:
    """Column names in the first line of a delimited file, spaces dropped."""
    return [name.strip() for name in next(csv.reader([first_line(path)], delimiter=delimiter), [])]


def open_text(path: Path) -> BufferedIOBase:
    """The bytes of a text file; those inside, of a ``.gz``."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def as_clean_text(path: Path, scratch: Path) -> Path:
    """``path`` itself if it is UTF-8 with one kind of line end, else a rewritten copy in the folder ``scratch``.

    Lines that are not valid UTF-8 are taken as Windows-1252, which is what mixed exports hold; the few bytes that it
    leaves undefined become U+FFFD. Every ``\\r``, ``\\n`` and ``\\r\\n`` ends a line.
    """
    found = path.stat()
    if _is_clean(path, found.st_ino, found.st_size, found.st_mtime_ns):
        return path
    copy = Path(mkdtemp(dir=scratch)) / f"{path.name.removesuffix('.gz')}.utf8"
    with open_text(path) as source, copy.open("w", encoding="utf-8", newline="") as target:
        while lines := source.readlines(BLOCK_BYTES):
            for line in lines:
                text = _decode_line(line).replace(NEVER_A_DELIMITER, "\ufffd")
                target.write(text.replace("\r\n", "\n").replace("\r", "\n"))
    return copy


def read_lines(connection: duckdb.DuckDBPyConnection, path: Path, skip: int) -> duckdb.DuckDBPyRelation:
    """Relation with one text column ``line``: lines of a clean file after the first ``skip``, blank ones left out."""
    return connection.read_csv(
        str(path),
        sep=NEVER_A_DELIMITER,
        header=False,
        skiprows=skip,
        columns={"line": "VARCHAR"},
        auto_detect=False,
        quotechar="",
        escapechar="",
        na_values="\x02",
        strict_mode=False,
        null_padding=True,
        max_line_size=LONGEST_LINE_BYTES,
        buffer_size=LONGEST_LINE_BYTES,
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
        buffer_size=LONGEST_LINE_BYTES,
    )


@lru_cache(maxsize=64)
def _is_clean(path: Path, *identity: int) -> bool:
    """Whether DuckDB reads the file right as it is; looked up once a process, as each window opens its source anew."""
    newlines = returns = pairs = 0
    with open_text(path) as file:
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
