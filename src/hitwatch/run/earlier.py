"""Whether a file that is there is an output of an earlier run, which may be replaced unasked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from hitwatch.formats.columns import COLUMNS
from hitwatch.hits.batch import LINE_NUMBER
from hitwatch.hits.reader import Reader
from hitwatch.outputs.database import APPLICATION
from hitwatch.select.derived import DERIVED_COLUMNS
from hitwatch.tables.rows import ORIGIN

_OWN_COLUMNS = {column.name for column in (*COLUMNS, *DERIVED_COLUMNS, ORIGIN, LINE_NUMBER)}
_ALWAYS_THERE = {"section", "origin"}
_ROWS = (".jsonl", ".ndjson", ".json")

_BEGINNINGS = {
    "text": re.compile(rb"[\d,]+ lines? = "),
    "md": re.compile(rb"# Access log report|\| "),
    "csv": re.compile(rb"(?:\xef\xbb\xbf)?[\"A-Za-z_]"),
    "json": re.compile(rb"\s*[{\[]"),
    "jsonl": re.compile(rb"\{"),
    "table": re.compile(rb"[^\x00-\x08\x0e-\x1f]+\Z"),
    "parquet": re.compile(rb"PAR1"),
    "arrow": re.compile(rb"ARROW1"),
    "sqlite": re.compile(rb"SQLite format 3\0.{52}" + APPLICATION.to_bytes(4, "big"), re.DOTALL),
    "rejects": re.compile(rb'\{"origin":'),
    "template": re.compile(rb"(?!)"),
    "truth": re.compile(rb'\{\s*"seed":'),
}
"""How outputs of each kind begin."""

_REPORT = re.compile(rb'\{\s*"schema_version":\s*\d+,\s*"sources":\s*\[')
"""How a report as JSON begins: it is told at once, for one is mostly made again and again."""

_TELLING = ("text", "parquet", "arrow", "sqlite", "rejects", "truth")
"""Kinds that no log begins like."""


def is_earlier(kind: str, path: Path) -> Callable[[bytes], bool]:
    """What tells whether a file is an earlier output.

    A file counts as one when it begins as outputs of that kind do and holds no log. Rows of
    a query may be called anything, so JSON lines without the marks of a server's log count
    too, unless the file is called like a log.

    Args:
        kind: of the output: one of a report or query, ``rejects`` or ``truth``.
        path: of the file.

    Returns:
        What is given the first 64 KiB.

    """

    def check(head: bytes) -> bool:
        if not _BEGINNINGS[kind].match(head):
            return False
        is_told = kind in _TELLING or _REPORT.match(head) is not None
        return is_told or _are_rows(head) or not _is_log(head, path)

    return check


def _are_rows(head: bytes) -> bool:
    """Whether the first line is a row of ``parse``."""
    try:
        row = msgspec.json.decode(head.partition(b"\n")[0], type=dict[str, object])
    except msgspec.MsgspecError:
        return False
    return bool(row) and (row.keys() <= _OWN_COLUMNS or row.keys() >= _ALWAYS_THERE)


def _is_log(head: bytes, path: Path) -> bool:
    reader = Reader(None)
    if not reader.recognise(head) or reader.log_format is None:
        return False
    return reader.log_format.name != "json" or path.suffix.lower() not in _ROWS
