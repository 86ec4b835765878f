"""What ``import hitwatch`` offers: logs as a table, the report as a value."""

from __future__ import annotations

import ctypes
import doctest
import gzip
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.program.running import environment, line, run

import hitwatch
from hitwatch.errors import FormatError, InputError, SettingsError, UsageError
from hitwatch.follow.chunk import Chunk
from hitwatch.hits import reader
from hitwatch.hits.parser import Parser
from hitwatch.render.report_json import to_object
from hitwatch.sources.files import read_file

ROOT = Path(__file__).parents[2]
T0 = 1_767_225_600
LONG = 60_000
"""Lines that are more than are read at once."""


def lines_of(count: int, first: int = T0) -> str:
    """Lines of several sections, a second each."""
    return "".join(
        line(first + n, ("/a", "/b", "/c/d")[n % 3], size=n).replace(" 200 ", f" {200 + n % 5} ")
        for n in range(count)
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that is read in several pieces, with a line that is none."""
    path = tmp_path_factory.mktemp("logs") / "access.log"
    path.write_text(lines_of(100) + "nonsense\n" + lines_of(LONG - 100, T0 + 100))
    return path


@pytest.fixture
def read_chunks(monkeypatch: pytest.MonkeyPatch) -> list[Chunk]:
    """The pieces of files that have been read."""
    found: list[Chunk] = []

    def counted(path: str, *, numbered: bool, warn: Any) -> Any:
        for chunk in read_file(path, numbered=numbered, warn=warn):
            found.append(chunk)
            yield chunk

    monkeypatch.setattr("hitwatch.run.inputs.read_file", counted)
    return found


def test_the_examples_of_the_documentation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every example of docs/python.md gives what is printed there."""
    text = (ROOT / "docs" / "python.md").read_text()
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    sample = next(body for kind, body in blocks if kind == "text")
    (tmp_path / "access.log").write_text(sample)
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(body for kind, body in blocks if kind == "python")
    test = doctest.DocTestParser().get_doctest(examples, {}, "docs/python.md", None, None)
    assert len(test.examples) > 25
    said: list[str] = []
    found = doctest.DocTestRunner().run(test, out=said.append)
    assert found.failed == 0, "".join(said)


def test_importing_is_cheap() -> None:
    """Nothing heavy is loaded before it is used, and everything that is offered is there."""
    program = (
        "import sys, hitwatch; print([n for n in ('polars', 'numpy', 'click', 'hitwatch._kernel')"
        " if n in sys.modules]); print(all(getattr(hitwatch, n) for n in hitwatch.__all__))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout == "[]\nTrue\n", ended.stderr
    with pytest.raises(AttributeError, match="nothing_such"):
        hitwatch.nothing_such  # noqa: B018 - the look-up is what is tested


def test_a_plain_report_is_made_in_the_kernel(log: Path) -> None:
    """Neither Polars nor a reader of databases is loaded until somebody chooses hits or places."""
    program = (
        "import sys, hitwatch; hitwatch.report(sys.argv[1], anonymize='truncate', redact=True);"
        " print([n for n in ('polars', 'maxminddb') if n in sys.modules]);"
        " hitwatch.report(sys.argv[1], bots=False); print('polars' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(log)], capture_output=True, text=True
    )
    assert ended.stdout == "[]\nTrue\n", ended.stderr


def test_the_table_is_what_parse_writes(log: Path, tmp_path: Path) -> None:
    """The same columns, types and rows, whatever columns are added."""
    output = tmp_path / "rows.parquet"
    assert run("parse", str(log), "-o", str(output), "--line-numbers").returncode == 0
    table = hitwatch.scan(log, line_numbers=True)
    assert table.collect_schema() == pl.read_parquet_schema(output)
    assert_frame_equal(table.collect(), pl.read_parquet(output))
    own = tmp_path / "own.log"
    own.write_text("192.0.2.7|1767225600.250|GET /a HTTP/1.1|gold\n")
    spec = "$remote_addr|$msec|$request|$tier"
    row = hitwatch.scan(own, log_format=spec, all_fields=True, where='tier == "gold"').collect()
    assert (row["tier"].item(), row["status"].item(), row.columns[-1]) == ("gold", None, "origin")


Step = Callable[[pl.LazyFrame], pl.LazyFrame]
_PREDICATES = [
    pl.col("status") == 404,
    pl.col("bytes") % 7 < 3,
    pl.col("section") == "/c",
    pl.col("user").is_null() & (pl.col("line_number") > 101),
    pl.col("time") < datetime(2026, 1, 1, 0, 1, tzinfo=UTC),
]


def _steps() -> st.SearchStrategy[Step]:
    columns = ["time", "section", "status", "bytes", "user", "origin", "line_number"]
    return st.one_of(
        st.sampled_from(_PREDICATES).map(lambda p: lambda table: table.filter(p)),
        st.integers(0, 300).map(lambda n: lambda table: table.head(n)),
        st.tuples(st.integers(0, 150), st.integers(0, 150)).map(
            lambda span: lambda table: table.slice(*span)
        ),
        st.permutations(columns).map(lambda order: lambda table: table.select(order)),
    )


@given(
    steps=st.lists(_steps(), max_size=4),
    last=st.sampled_from([["origin"], ["status", "time"], ["user"], ["line_number", "bytes"]]),
    engine=st.sampled_from(["streaming", "in-memory"]),
)
def test_a_query_says_the_same_lazily_and_on_all_rows(
    steps: Sequence[Step], last: list[str], engine: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is pushed down into reading, the rows are those of the whole table."""
    path = tmp_path_factory.getbasetemp() / "pushed.log"
    if not path.exists():
        path.write_text(lines_of(250))
    lazy = hitwatch.scan(path, line_numbers=True)
    eager = lazy.collect().lazy()
    for step in steps:
        lazy, eager = step(lazy), step(eager)
    assert_frame_equal(lazy.select(last).collect(engine=engine), eager.select(last).collect())


def test_only_needed_columns_are_built(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel is asked for what the query and the condition name, and for nothing else."""
    built: list[set[str]] = []

    class Noted(Parser):
        def parse(self, *words: Any, **more: Any) -> Any:
            built.append({column.name for column in self.columns})
            return super().parse(*words, **more)

    table = hitwatch.scan(log, where='method == "GET"')
    monkeypatch.setattr(reader, "Parser", Noted)
    query = table.filter(pl.col("status") == 404).group_by("section").agg(pl.col("bytes").sum())
    query.collect()
    assert built
    assert all(names == {"method", "status", "section", "bytes"} for names in built)


def test_enough_is_enough(log: Path, read_chunks: list[Chunk]) -> None:
    """Once a query has its rows, nothing more is read."""
    table = hitwatch.scan(log)
    assert not read_chunks
    assert len(table.head(50).collect()) == 50
    assert len(read_chunks) == 1
    read_chunks.clear()
    assert table.select(pl.len()).collect().item() == LONG
    assert len(read_chunks) > 1


def test_a_script_that_ends_early(log: Path) -> None:
    """A program may end as soon as it has its first rows."""
    program = (
        "import sys, hitwatch, polars as pl;"
        "table = hitwatch.scan(sys.argv[1]).filter(pl.col('status') == 204);"
        "print(len(table.head(2).collect()))"
    )
    ended = subprocess.run([sys.executable, "-c", program, log], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "2\n"), ended.stderr


def test_several_logs_are_one_table(tmp_path: Path) -> None:
    """Globs and directories, compressed files among them, in the order of their times."""
    (tmp_path / "access.log").write_text(lines_of(10, T0 + 200))
    (tmp_path / "access.log.1").write_text(lines_of(10, T0 + 100))
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(lines_of(10).encode()))
    for words in ([tmp_path], [f"{tmp_path}/access*"], sorted(tmp_path.iterdir())):
        found = hitwatch.scan(*words).collect()
        assert found["time"].is_sorted()
        assert [Path(name).suffix for name in found["origin"].unique(maintain_order=True)] == [
            ".gz",
            ".1",
            ".log",
        ]
    assert len(found) == 30


IIS = """#Fields: date time c-ip cs-method cs-uri-stem sc-status
2026-01-13 00:32:17 192.0.2.9 GET /robots.txt 404
#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)
2026-01-13 00:32:18 192.0.2.9 GET /b 200 curl/8
#Fields: time c-ip cs-method cs-uri-stem sc-status
00:32:19 192.0.2.9 GET /no/day 200
"""


@pytest.mark.parametrize(
    "text",
    [
        IIS,
        "".join(json.dumps({"log": line(T0 + n), "stream": "stdout"}) + "\n" for n in range(3)),
        "\ufeff" + lines_of(3) + IIS.splitlines()[1],
    ],
    ids=["layout that changes", "carried by Docker", "lines of another format"],
)
def test_what_parse_undoes_is_undone(tmp_path: Path, text: str) -> None:
    """Changing layouts, carriers and strange lines come out as in parse, each time anew."""
    log = tmp_path / "access.log"
    log.write_text(text)
    wanted = [json.loads(row) for row in run("parse", str(log)).stdout.splitlines()]
    table = hitwatch.scan(log)
    for _ in range(2):
        found = table.select("path", "status", "user_agent", "origin").collect().to_dicts()
        assert found == [{name: row[name] for name in found[0]} for row in wanted]


@pytest.mark.parametrize(
    "text",
    [
        IIS,
        lines_of(9).replace("00:00:03", "00:99:03").replace(" 200 5 ", " 2x0 5 ")
        + line(T0).replace("GET ", "\\x16\\x03 ").replace(" HTTP/1.1", ""),
    ],
    ids=["a day that is missing", "fields that cannot be read"],
)
def test_a_line_is_a_hit_whatever_is_asked(tmp_path: Path, text: str) -> None:
    """Columns that are not built are held to the format all the same."""
    log = tmp_path / "access.log"
    log.write_text(text)
    table = hitwatch.scan(log)
    whole = len(table.collect())
    names = table.collect_schema().names()
    assert {len(table.select(name).collect()) for name in names} == {whole}
    assert whole < len(text.splitlines())


def test_which_hits_are_rows(log: Path) -> None:
    """Conditions, points in time as texts and as values, and paths and clients left out."""

    def count(**words: Any) -> int:
        found: int = hitwatch.scan(log, **words).select(pl.len()).collect().item()
        return found

    assert count(where="status == 204 and bytes < 100") == 40
    assert count(since="2026-01-01T00:00:10", until="2026-01-01T00:00:20") == 10
    assert count(until=datetime(2026, 1, 1, 0, 1, tzinfo=UTC)) == 60
    assert count(until=datetime(2026, 1, 1, 1, 1), display_tz="Europe/Berlin") == 60
    assert count(exclude_path="/a/*") == count(exclude_path=["/a/*"]) == LONG - 20_001
    assert count(exclude_client="192.0.2.0/24") == 0
    assert count(host="example.com") == 0


def test_rejects_are_told(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Lines that are no hits are logged as a warning, or given to who asks for them."""
    caplog.set_level(logging.WARNING, "hitwatch")
    logging.getLogger("hitwatch").propagate = True
    assert len(hitwatch.scan(log).collect()) == LONG
    said = f"1 of {LONG + 1} lines could not be read and are no rows, most often: no ' - '"
    assert caplog.messages[0].startswith(said)
    caplog.clear()
    rejected: list[hitwatch.RejectedLine] = []
    hitwatch.scan(log, on_reject=rejected.append).collect()
    assert [(r.origin, r.line_number, r.line) for r in rejected] == [(str(log), 101, "nonsense")]
    assert not caplog.messages


def test_errors_say_what_is_wrong(tmp_path: Path, log: Path) -> None:
    """What cannot be read or makes no sense is an error, as early as it can be known."""
    (tmp_path / "other.log").write_text("something else\n" * 20)
    (tmp_path / "cut.log.gz").write_bytes(gzip.compress(log.read_bytes())[:-200_000])
    calls: tuple[Callable[..., object], ...] = (hitwatch.scan, hitwatch.report)
    for function in calls:
        with pytest.raises(InputError, match="no such file"):
            function(tmp_path / "none.log")
        with pytest.raises(InputError, match="in no known log format"):
            function(log, tmp_path / "other.log")
        with pytest.raises(UsageError, match="did you mean status"):
            function(log, where="statsu = 1")
        with pytest.raises(UsageError, match="invalid time"):
            function(log, since="tomorrowish")
        with pytest.raises(SettingsError, match="unknown time zone"):
            function(log, tz="Mars/Base")
        with pytest.raises(FormatError, match="unknown log format"):
            function(log, log_format="combned")
        with pytest.raises(SettingsError, match="section_depth must be a positive integer, not 0"):
            function(log, section_depth=0)
    damaged = hitwatch.scan(tmp_path / "cut.log.gz")
    with pytest.warns(hitwatch.DamageWarning, match="damaged or cut short"):
        rows = damaged.collect()
    with pytest.warns(hitwatch.DamageWarning, match="damaged or cut short"):
        report = hitwatch.report(tmp_path / "cut.log.gz")
    assert 0 < len(rows) == report.hits
    for words in ({"sort": "beauty"}, {"panel": "none"}, {"no_panel": "none"}):
        with pytest.raises(UsageError, match=r"unknown (metric 'beauty'|panel 'none')"):
            hitwatch.report(log, **words)  # type: ignore[arg-type]


def test_the_report_is_that_of_the_command(log: Path) -> None:
    """The value holds what the command writes, under the same arguments."""
    ended = run(
        *("report", str(log), "--output-format", "json", "--top", "3", "--sort", "bytes"),
        *("--where", "bytes < 500", "--bucket", "5m", "--section-depth", "2", "--short", "1m"),
        *("--top", "paths=1", "--sort", "statuses=hits", "--no-panel", "clients"),
        *("--since", "2026-01-01T00:01", "--until", "2026-01-01T00:02", "--compare", "previous"),
        *("--section-group", "all=/a*", "--collapse-ids"),
    )
    found = hitwatch.report(
        log,
        top=3,
        sort="bytes",
        tops={"paths": 1},
        sorts={"statuses": "hits"},
        no_panel="clients",
        where="bytes < 500",
        since="2026-01-01T00:01",
        until=datetime(2026, 1, 1, 0, 2, tzinfo=UTC),
        compare="previous",
        bucket="5m",
        section_depth=2,
        section_group="all=/a*",
        collapse_ids=True,
        short="1m",
    )
    assert isinstance(found, hitwatch.Report)
    told, wanted = msgspec.to_builtins(to_object(found)), json.loads(ended.stdout)
    for made in (told, wanted):
        assert made["totals"].pop("elapsed_s") > 0
    assert told == wanted


def test_standard_input_is_read_once() -> None:
    """A pipe is a table, too, but only one time."""
    program = (
        "import hitwatch; table = hitwatch.scan('-'); print(len(table.collect()));table.collect()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input=lines_of(5),
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert ended.stdout == "5\n"
    assert "standard input can be read only once" in ended.stderr


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs glibc")
def test_memory_is_bound_as_on_the_command_line(log: Path) -> None:
    """The allocator is told the same by ``hitwatch.report`` as by the command, once a process."""
    program = (
        "import ctypes, sys\n"
        "class Library:\n"
        "    def mallopt(self, number, value): print(number, value)\n"
        "ctypes.CDLL = lambda name: Library()\n"
    )
    for call in (
        "import hitwatch; hitwatch.report(sys.argv[2]); hitwatch.report(sys.argv[2])",
        "from hitwatch.cli import commands; commands.main([*sys.argv[1:], '--panel', 'days',"
        " '-o', '/dev/null'], standalone_mode=False)",
    ):
        ended = subprocess.run(
            [sys.executable, "-c", program + call, "report", str(log)],
            capture_output=True,
            text=True,
            env=environment(),
        )
        assert ended.stdout.split() == ["-8", "2", "-3", "33554432", "-1", "67108864"], ended.stderr
