"""Rows for other programs: SQLite databases, and CSV that spreadsheets may open."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests.program.running import COMMAND, environment, line, objects, run

EVIL = "=HYPERLINK(1)"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two lines, one by somebody who knows spreadsheets."""
    path = tmp_path / "access.log"
    path.write_text(line(1_700_000_000) + line(1_700_000_001).replace('"test"', f'"{EVIL}"'))
    return path


@pytest.mark.parametrize("ending", ["sqlite", "sqlite3", "db"])
def test_rows_become_a_database(log: Path, ending: str) -> None:
    """With the values of JSON lines: texts, numbers, times, and nothing."""
    out = log.with_name(f"rows.{ending}")
    assert run("parse", str(log), "-o", str(out)).returncode == 0
    expected = [tuple(row.values()) for row in objects(run("parse", str(log)).stdout)]
    with sqlite3.connect(out) as database:
        assert database.execute("SELECT * FROM hits").fetchall() == expected
        kinds = {name: kind for _, name, kind, *_ in database.execute("PRAGMA table_info(hits)")}
    assert (kinds["time"], kinds["status"], kinds["duration_s"]) == ("TEXT", "INTEGER", "REAL")


def test_a_query_can_be_one_too(log: Path) -> None:
    """Whatever its columns are called."""
    out = log.with_name("answer.db")
    sql = 'SELECT status AS "a ""b", count(*) AS n FROM hits GROUP BY status'
    assert run("query", sql, str(log), "-o", str(out)).returncode == 0
    with sqlite3.connect(out) as database:
        assert database.execute("SELECT * FROM hits").fetchall() == [(200, 2)]


def test_dates_and_times_of_day_of_a_query_are_texts(log: Path) -> None:
    """As of ISO 8601, beside times with a date, which are RFC 3339."""
    out = log.with_name("dates.db")
    sql = "SELECT CAST(time AS DATE) AS day, CAST(time AS TIME) AS at, time FROM hits LIMIT 1"
    assert run("query", sql, str(log), "-o", str(out)).returncode == 0
    with sqlite3.connect(out) as database:
        row = database.execute("SELECT * FROM hits").fetchone()
    assert row == ("2023-11-14", "22:13:20", "2023-11-14T22:13:20Z")


def test_only_a_database_of_ours_is_replaced(log: Path) -> None:
    """Another one is refused, and stays as it is."""
    own, other = log.with_name("own.db"), log.with_name("other.db")
    for _ in range(2):
        assert run("parse", str(log), "-o", str(own)).returncode == 0
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE precious (x)")
    before = other.read_bytes()
    ran = run("parse", str(log), "-o", str(other))
    assert ran.returncode == 2
    assert "is not an earlier output of this kind" in ran.stderr
    assert other.read_bytes() == before
    assert run("parse", str(log), "-o", str(other), "--overwrite").returncode == 0


def test_a_database_can_go_into_a_pipe(log: Path) -> None:
    """As other binary kinds; a terminal takes none."""
    piped = log.with_name("piped.db")
    words = ["parse", str(log), "--output-format", "sqlite", "--quiet"]
    with piped.open("wb") as out:
        subprocess.run([*COMMAND, *words], stdout=out, check=True, env=environment())
    with sqlite3.connect(piped) as database:
        assert database.execute("SELECT count(*) FROM hits").fetchall() == [(2,)]


def test_formulas_are_disarmed_where_that_is_asked_for(log: Path) -> None:
    """Rows are data, and as they were sent; a spreadsheet is told what is text."""
    for words in (
        ("parse", str(log), "--columns", "user_agent"),
        ("query", "SELECT user_agent FROM hits", str(log)),
    ):
        plain = run(*words, "--output-format", "csv").stdout.splitlines()
        assert plain == ["user_agent", "test", EVIL]
        safe = run(*words, "--output-format", "csv", "--spreadsheet-safe").stdout.splitlines()
        assert safe == ["user_agent", "test", f"'{EVIL}"]
