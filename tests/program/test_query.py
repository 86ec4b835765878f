"""SQL over logs, from outside."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.program.running import COMMAND, environment, line, objects, run

T0 = 1_767_225_600
HOSTILE = "\x1b[2J|`evil`\u202e"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of three sections, with a line that is none and one that means harm."""
    path = tmp_path / "access.log"
    lines = [line(T0 + n, ("/a", "/b", "/a/x")[n % 3], size=n) for n in range(90)]
    lines[50] = lines[50].replace('"test"', f'"{HOSTILE}"')
    path.write_text("".join([*lines[:40], "nonsense\n", *lines[40:]]))
    return path


def test_a_table_for_people(log: Path) -> None:
    """Aligned columns, numbers to the right, null as a dash; the balance on standard error."""
    sql = (
        "SELECT section, count(*) AS n, avg(bytes) AS mean, min(time) AS first, max(host) AS host"
        " FROM hits GROUP BY section ORDER BY n DESC"
    )
    ended = run("query", sql, str(log))
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == [
        "section   n  mean  first                 host",
        "/a       60  44.5  2026-01-01T00:00:00Z  -",
        "/b       30  44.5  2026-01-01T00:00:01Z  -",
    ]
    assert "91 lines = 90 hits + 1 reject" in ended.stderr


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet", "arrow", "md", "txt"])
def test_outputs_hold_the_same(log: Path, tmp_path: Path, ending: str) -> None:
    """The kind is told by the ending, and every kind holds the same rows."""
    output = tmp_path / f"rows.{ending}"
    sql = "SELECT path, bytes FROM hits WHERE section = '/b' ORDER BY bytes LIMIT 2"
    assert run("query", sql, str(log), "-o", str(output)).stdout == ""
    wanted = [{"path": "/b/x", "bytes": 1}, {"path": "/b/x", "bytes": 4}]
    data = output.read_bytes()
    readings: dict[str, Callable[[], object]] = {
        "jsonl": lambda: objects(data.decode()),
        "json": lambda: json.loads(data),
        "csv": lambda: [
            {"path": row["path"], "bytes": int(row["bytes"])}
            for row in csv.DictReader(io.StringIO(data.decode()))
        ],
        "parquet": lambda: pl.read_parquet(data).to_dicts(),
        "arrow": lambda: pl.read_ipc(data).to_dicts(),
        "md": lambda: _cells(data.decode().replace("|", " "), skipped=2),
        "txt": lambda: _cells(data.decode(), skipped=1),
    }
    assert readings[ending]() == wanted


def _cells(text: str, skipped: int) -> list[dict[str, object]]:
    rows = [row.split() for row in text.splitlines()[skipped:]]
    return [{"path": path, "bytes": int(size)} for path, size in rows]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("table", "path\n"), ("json", "[]\n"), ("jsonl", ""), ("csv", "path\n")],
)
def test_no_rows(log: Path, kind: str, wanted: str) -> None:
    """A result without rows still says what its columns are, where the output can."""
    sql = "SELECT path FROM hits WHERE status = 999"
    assert run("query", sql, str(log), "--output-format", kind).stdout == wanted


def test_all_columns_can_be_asked(tmp_path: Path) -> None:
    """Also line_number, origin and the format's own; joins and sub-queries are understood."""
    log = tmp_path / "own.log"
    log.write_text("".join(f"192.0.2.7|{T0}|GET /{n} HTTP/1.1|tier{n}\n" for n in range(3)))
    sql = (
        "WITH last AS (SELECT max(line_number) AS line_number FROM hits)"
        " SELECT h.line_number, h.origin, h.tier FROM hits AS h JOIN last"
        " ON h.line_number = last.line_number"
    )
    words = ["--log-format", "$remote_addr|$msec|$request|$tier", "--output-format", "jsonl"]
    ended = run("query", sql, str(log), *words)
    wanted = [{"line_number": 3, "origin": str(log), "tier": "tier2"}]
    assert objects(ended.stdout) == wanted, ended.stderr


def test_conditions_and_options_of_reading(log: Path) -> None:
    """What parse takes to read and to choose lines is taken here, too."""
    words = ["--where", 'section == "/a/x"', "--section-depth", "2", "--since", "2026-01-01T00:01"]
    ended = run("query", "SELECT count(*) AS n FROM hits", str(log), *words)
    assert ended.stdout.split() == ["n", "20"]
    assert "91 lines = 20 hits + 1 reject + 70 excluded" in ended.stderr


def test_standard_input(log: Path) -> None:
    """A pipe can be asked; a query that would read it twice is refused."""
    ended = run("query", "SELECT max(bytes) AS n FROM hits", "-", text=log.read_text())
    assert ended.stdout.split() == ["n", "89"], ended.stderr
    sql = "SELECT count(*) AS n FROM hits WHERE bytes = (SELECT max(bytes) FROM hits)"
    assert run("query", sql, str(log)).stdout.split() == ["n", "1"]
    ended = run("query", sql, "-", text=log.read_text())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "standard input can be read only once" in ended.stderr


def test_texts_cannot_harm(log: Path) -> None:
    """What strangers wrote is spelled out in tables, and is no markup in Markdown."""
    sql = "SELECT user_agent FROM hits WHERE user_agent <> 'test'"
    spelled = r"\x1b[2J|`evil`\u202e"
    assert run("query", sql, str(log)).stdout.splitlines()[1] == spelled
    marked = run("query", sql, str(log), "--output-format", "md").stdout.splitlines()[2]
    assert marked == r"| \\x1b\[2J\|\`evil\`\\u202e |"
    failing = run("query", "SELECT cast(user_agent AS int) AS n FROM hits", str(log))
    assert failing.returncode == 2
    assert "\x1b" not in failing.stderr


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT sectoin FROM hits", "unknown column 'sectoin'\n  SELECT sectoin FROM hits\n"),
        ("SELECT h.sectoin FROM hits h", "^ did you mean section?"),
        ("SELECT path FROM log", "unknown table 'log'"),
        ("SELECT section, count(*) GROUP BY section", "no FROM clause"),
        ("SELECT FROM FROM hits WHERE", "Expected: an expression"),
        ("SELECT path FROM hits; SELECT path FROM hits", "only one"),
        ("SELECT path FROM hits WHERE path > 5", "cannot compare string with numeric type"),
        ("SELECT nothing(path) FROM hits", "unsupported function 'nothing'"),
        ("DROP TABLE hits", "only SELECT is allowed, not DROP"),
        ("/* a remark */ -- more\nDELETE FROM hits", "only SELECT is allowed, not DELETE"),
        ("", "not a SELECT statement"),
    ],
)
def test_what_makes_no_sense(log: Path, sql: str, said: str) -> None:
    """Queries that cannot be run say what is wrong, and where; exit 2."""
    ended = run("query", sql, str(log))
    assert ended.returncode == 2
    assert ended.stderr.startswith("hitwatch: query: ")
    assert said in ended.stderr
    assert not ended.stdout


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{}')",
        "SELECT * FROM READ_CSV ('{}')",
        "SELECT * FROM \"read_csv\"('{}')",
        "SELECT * FROM read_csv/* */('{}')",
        "SELECT path FROM hits WHERE path IN (SELECT a FROM read_csv('{}'))",
        "WITH x AS (SELECT * FROM read_csv('{}')) SELECT * FROM x, hits",
        "SELECT '\\' FROM read_csv('{}')",
        "SELECT * FROM read_parquet('{}')",
        "SELECT * FROM read_ipc('{}')",
        "SELECT * FROM read_json('{}')",
        "SELECT * FROM '{}'",
        'SELECT * FROM "{}"',
    ],
)
def test_no_other_file_is_read(log: Path, tmp_path: Path, sql: str) -> None:
    """A query reads the logs that were named, however it asks for something else."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\nhush,1\n")
    ended = run("query", sql.format(secret), str(log))
    assert ended.returncode == 2
    assert "hush" not in ended.stdout + ended.stderr
    assert "reads files" in ended.stderr or "unknown table" in ended.stderr


def test_inputs_that_cannot_be_read(log: Path, tmp_path: Path) -> None:
    """One bad file among several is said, and the others are asked; exit 3."""
    bad = tmp_path / "bad.log"
    bad.write_text("what is this\n" * 10)
    ended = run("query", "SELECT count(*) AS n FROM hits", str(bad), str(log))
    assert ended.returncode == 3
    assert ended.stdout.split() == ["n", "90"]
    assert ended.stderr.count("in no known log format") == 1
    assert run("query", "SELECT path FROM hits", str(bad)).returncode == 3
    assert run("query", "SELECT path FROM hits", str(tmp_path / "none")).returncode == 3


def test_an_ending_that_means_nothing(log: Path, tmp_path: Path) -> None:
    """A file whose ending tells nothing is refused before anything is written."""
    output = tmp_path / "rows.xls"
    assert run("query", "SELECT path FROM hits", str(log), "-o", str(output)).returncode == 2
    assert not output.exists()


def test_a_reader_that_has_enough(tmp_path: Path) -> None:
    """The output may be closed before all is written; nothing is said on that but one line."""
    log = tmp_path / "access.log"
    log.write_text("".join(line(T0 + n) for n in range(60_000)))
    with subprocess.Popen(
        [*COMMAND, "query", "SELECT * FROM hits", str(log)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as query:
        assert query.stdout
        assert query.stderr
        query.stdout.readline()
        query.stdout.close()
        assert len(query.stderr.read().splitlines()) == 1
    assert query.returncode == 0


def test_an_interrupt_ends_a_query(log: Path) -> None:
    """INT ends a query that waits for its input, at once and without a table."""
    with subprocess.Popen(
        [*COMMAND, "query", "SELECT count(*) AS n FROM hits", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as query:
        assert query.stdin
        assert query.stdout
        query.stdin.write(log.read_bytes())
        query.stdin.flush()
        time.sleep(2)
        query.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert query.wait(20) == 128 + signal.SIGINT
        assert time.monotonic() - began < 5
        assert query.stdout.read() == b""


def test_who_asked_is_a_column(tmp_path: Path) -> None:
    """``agent_kind`` tells humans, search engines, AI, tools and monitors apart, everywhere."""
    agents = {
        "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0": "human",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "search",
        "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)": "ai",
        "curl/8.5.0": "tool",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)": "monitor",
        "-": "unknown",
    }
    log = tmp_path / "access.log"
    lines = [
        f'192.0.2.{n} - - [10/Oct/2026:13:55:36 +0000] "GET /{n} HTTP/1.1" 200 5 "-" "{agent}"\n'
        for n, agent in enumerate(agents)
    ]
    log.write_text("".join(2 * lines))
    sql = "SELECT agent_kind, count(*) AS hits FROM hits GROUP BY agent_kind ORDER BY agent_kind"
    ran = run("query", sql, str(log), "--output-format", "jsonl")
    found = {row["agent_kind"]: row["hits"] for row in objects(ran.stdout)}
    assert found == dict.fromkeys(agents.values(), 2)
    for kind in found:
        chosen = run("parse", str(log), "--where", f'agent_kind == "{kind}"', "--columns", "path")
        assert len(objects(chosen.stdout)) == 2, kind
    words = ("--where", 'agent_kind not in ("human", "unknown")', "--output-format", "json")
    made = json.loads(run("report", str(log), *words).stdout)
    assert made["totals"]["hits"] == made["totals"]["bots"] == 8
    rows = objects(run("parse", str(log), "--columns", "agent_kind,path").stdout)
    assert [row["agent_kind"] for row in rows] == 2 * list(agents.values())
    assert "agent_kind" in objects(run("parse", str(log), "--all-fields").stdout)[0]
    assert "agent_kind" not in objects(run("parse", str(log)).stdout)[0]
    bare = tmp_path / "bare.log"
    bare.write_text('192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 5\n' * 3)
    assert objects(run("parse", str(bare), "--columns", "agent_kind").stdout) == 3 * [
        {"agent_kind": None}
    ]
    told = run("parse", str(bare), "--where", "agent_kind is null")
    assert len(objects(told.stdout)) == 3
    assert "hits are chosen by user_agent, which common does not log" in told.stderr
