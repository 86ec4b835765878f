"""Hits composed into lines and parsed again come back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.formats.compose import compose
from hitwatch.formats.fields import FieldSpec, Kind
from hitwatch.formats.format import Format, Quotes
from hitwatch.formats.registry import builtin
from hitwatch.hits.parser import Parser

# Text of a quoted field: anything but a line end; "-" and "" stand for nothing at all.
QUOTED = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20).filter(
    lambda text: text not in ("", "-")
)
WORD = st.from_regex(r"[A-Za-z0-9._:]{1,12}", fullmatch=True)
HOST = st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True)
CLIENT = HOST | st.ip_addresses().map(str)
PATH = st.text(st.characters(codec="utf-8", exclude_characters="\n "), max_size=20)
HITS = st.fixed_dictionaries(
    {
        "time": st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(
            lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
        ),
        "client": CLIENT,
        "user": st.none() | WORD,
        "method": st.sampled_from(["GET", "POST", "BREW"]),
        "target": PATH.map(lambda path: "/" + path),
        "protocol": st.sampled_from(["HTTP/1.1", "HTTP/2.0"]),
        "status": st.integers(100, 599),
        "bytes": st.integers(0, 2**50),
        "referrer": st.none() | QUOTED,
        "user_agent": st.none() | QUOTED,
        "host": HOST,
        "duration_s": st.integers(0, 10**7).map(lambda millis: millis / 1000),
    }
)


def sayable(rows: list[dict[str, Any]], log_format: Format) -> list[dict[str, Any]]:
    """The rows with texts made plain where the format has no way to write others.

    Between blanks there can be no blank, and `+` for a blank cannot say `+`. Where path and query
    have names of their own, an empty query cannot be told from none.
    """
    kinds = {key.spec.kind for key in log_format.keys}
    if Kind.PATH in kinds and Kind.TARGET not in kinds:
        mark = r"\?.*" if Kind.QUERY not in kinds else r"\?+$|\?(?=\?)"
        rows = [row | {"target": re.sub(mark, "", row["target"], flags=re.S)} for row in rows]
    free = {"backslash", "doubled", "json"}
    quoted = {
        field.spec.column or field.spec.kind.value
        for line in log_format.lines[:1]
        for field in line.fields
        if field.quotes is not Quotes.NEVER and (field.spec.escape or log_format.escape) in free
    }
    if "request" in quoted or log_format.keys:
        quoted |= {"target"}
    if log_format.keys:
        quoted |= {"referrer", "user_agent"}
    plain = [name for name in ("target", "referrer", "user_agent") if name not in quoted]
    return [row | {name: made_plain(row[name]) for name in plain} for row in rows]


def made_plain(text: str | None) -> str | None:
    """A text of harmless characters."""
    return None if text is None else re.sub(r"[^A-Za-z0-9/._]", "", text) or "/x"


@pytest.mark.parametrize("name", sorted(builtin()))
@given(rows=st.lists(HITS, min_size=1, max_size=5))
def test_round_trip(name: str, rows: list[dict[str, Any]]) -> None:
    """What a format can say survives being written and read, hostile texts included."""
    log_format = builtin()[name]
    if "%y" in log_format.time_format:
        # Two digits of a year are those of 1969 to 2068 (POSIX strptime).
        rows = [row | {"time": row["time"].replace(year=2024, day=1)} for row in rows]
    written = {spec.column or spec.kind.value for spec in readings(log_format)}
    if "request" in written or "target" in written or "path" in written:
        written |= {"target"}
    if "request" in written:
        written |= {"method", "protocol"}
    schema = {"user": pl.String, "referrer": pl.String, "user_agent": pl.String}
    frame = pl.DataFrame(sayable(rows, log_format), schema_overrides=schema)
    lines = "".join(line + "\n" for line in compose(frame, log_format))
    parsed = Parser(log_format).parse(lines.encode())
    assert parsed.rejected == 0, parsed.rejects
    columns = [c for c in frame.columns if c in written and log_format.fills(c)]
    assert parsed.frame(columns).rows() == frame.select(columns).rows()


def readings(log_format: Format) -> list[FieldSpec]:
    """The readings of the fields that are written."""
    if log_format.keys:
        return [key.spec for key in log_format.keys]
    return [field.spec for field in log_format.lines[0].fields]
