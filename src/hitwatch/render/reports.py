"""The outputs of a report by name."""

from __future__ import annotations

from collections.abc import Callable

from hitwatch.readmodel import Report
from hitwatch.render.report_json import to_json, to_jsonl
from hitwatch.render.report_tables import to_csv, to_markdown, to_parquet
from hitwatch.render.report_text import to_text


def _encoded(draw: Callable[[Report], str]) -> Callable[[Report], bytes]:
    return lambda report: draw(report).encode("utf-8", "backslashreplace")


OUTPUTS: dict[str, Callable[[Report], bytes]] = {
    "text": _encoded(to_text),
    "json": _encoded(to_json),
    "jsonl": _encoded(to_jsonl),
    "csv": _encoded(to_csv),
    "md": _encoded(to_markdown),
    "parquet": to_parquet,
}
"""Outputs by name; a file's ending names one too."""
