"""Hits composed into lines and parsed again come back."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.hits.compile import Parser
from hitwatch.hits.compose import compose
from hitwatch.hits.formats import builtin

# Text of a quoted field: anything but a line end; "-" and "" stand for nothing at all.
QUOTED = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20).filter(
    lambda text: text not in ("", "-")
)
WORD = st.from_regex(r"[A-Za-z0-9._:]{1,12}", fullmatch=True)
PATH = st.text(st.characters(codec="utf-8", exclude_characters="\n "), max_size=20)
HITS = st.fixed_dictionaries(
    {
        "time": st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(
            lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
        ),
        "client": WORD,
        "user": st.none() | WORD,
        "method": st.sampled_from(["GET", "POST", "BREW"]),
        "target": PATH.map(lambda path: "/" + path),
        "protocol": st.sampled_from(["HTTP/1.1", "HTTP/2.0"]),
        "status": st.integers(100, 599),
        "bytes": st.integers(0, 2**50),
        "referrer": st.none() | QUOTED,
        "user_agent": st.none() | QUOTED,
        "host": WORD.filter(lambda name: ":" not in name),
        "duration_s": st.integers(0, 10**7).map(lambda millis: millis / 1000),
    }
)


@pytest.mark.parametrize("name", sorted(builtin()))
@given(rows=st.lists(HITS, min_size=1, max_size=5))
def test_round_trip(name: str, rows: list[dict[str, object]]) -> None:
    """What a format can say survives being written and read, hostile texts included."""
    log_format = builtin()[name]
    known = [column.name for column in log_format.columns]
    schema = {"user": pl.String, "referrer": pl.String, "user_agent": pl.String}
    frame = pl.DataFrame(rows, schema_overrides=schema)
    lines = "".join(line + "\n" for line in compose(frame, log_format))
    parsed = Parser(log_format).parse(lines.encode())
    assert parsed.rejected == 0
    columns = [column for column in frame.columns if column in known]
    assert parsed.frame(columns).rows() == frame.select(columns).rows()
