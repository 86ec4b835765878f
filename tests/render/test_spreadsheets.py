"""CSV in spreadsheets: nothing that a stranger can write into a log is a formula."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.program.running import run

from hitwatch.render.spreadsheets import no_formula, to_safe_csv

EVIL = [f"{sign}cmd|' /C calc'!A0" for sign in ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")]
EVIL += ['=HYPERLINK("http://x","y")', "-1+1", "="]


def log_of(folder: Path) -> Path:
    """A log whose agents, users, hosts and fields of its own begin as formulas do."""
    path = folder / "app.log"
    rows = [
        {
            "time": f"2026-01-01T00:00:{n:02}Z",
            "remote_addr": "192.0.2.1",
            "request": "GET /a HTTP/1.1",
            "status": 200,
            "body_bytes_sent": 5,
            "http_user_agent": text,
            "http_referer": text,
        }
        for n, text in enumerate(EVIL)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    "words",
    [
        ["parse", "LOG", "--output-format", "csv", "--all-fields", "--spreadsheet-safe"],
        [
            "query",
            'SELECT *, -bytes AS less, user_agent AS "=x" FROM hits',
            *("LOG", "--spreadsheet-safe"),
        ],
        ["report", "LOG", "--panel", "referrers"],
    ],
)
def test_no_formula_is_written_for_spreadsheets(words: list[str], tmp_path: Path) -> None:
    """Texts of a log stand behind an apostrophe; numbers below zero are left alone."""
    path = log_of(tmp_path)
    named = [str(path) if word == "LOG" else word for word in words]
    written = run(*named, *(["--output-format", "csv"] if "csv" not in words else []))
    assert written.returncode == 0, written.stderr
    header, *rows = csv.reader(io.StringIO(written.stdout, newline=""))
    assert rows
    for row in [header, *rows]:
        for name, value in zip(header, row, strict=True):
            assert name == "less" or value[:1] not in tuple("=+-@\t\r\n\uff1d"), (name, value)
    assert any(value.startswith("'=") for row in rows for value in row)
    if "less" in header:
        assert {row[header.index("less")] for row in rows} == {"-5"}


@given(st.lists(st.text(max_size=5) | st.none()))
def test_frames_and_texts_are_treated_alike(texts: list[str | None]) -> None:
    """The rows of a table are what ``no_formula`` makes of each text, in every type of texts."""
    frame = pl.DataFrame({"=a": texts, "b": range(len(texts))}, schema={"=a": pl.String, "b": int})
    for kind in (pl.String(), pl.Categorical()):
        made = to_safe_csv(frame.cast({"=a": kind}), header=True).decode()
        expected = [text and no_formula(text) for text in texts]
        assert made == pl.DataFrame({"'=a": expected, "b": frame["b"]}).write_csv()
