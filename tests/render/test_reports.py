"""Every output of a report, byte by byte as it should be.

``UPDATE_GOLDENS=1 pytest tests/render/test_reports.py`` writes them anew; look at the diff.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import MINUTE, SECOND
from hitwatch.readmodel import PanelRows, Report, SourceRow, View
from hitwatch.render.panels import table
from hitwatch.render.report_text import to_text
from hitwatch.render.reports import OUTPUTS
from hitwatch.render.units import columns
from hitwatch.run.logs import open_logs
from hitwatch.run.readers import Readers
from hitwatch.run.report import Reporting, columns_for
from hitwatch.select.filter import Filter
from hitwatch.stats.panels import panels
from hitwatch.stats.rows import OTHER, Bounds, PanelRow
from hitwatch.tally import Balance

GOLDENS = Path(__file__).parent / "goldens"
BEGAN = 1_767_225_600
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36"
)
GPTBOT = "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"
LINES = "".join(
    f"192.0.2.{n % 5} - {'ann' if n % 7 == 0 else '-'}"
    f" [01/Jan/2026:{n // 20:02}:{n % 20:02}:00 +0000]"
    f' "{"POST" if n % 6 == 0 else "GET"} {path} HTTP/1.1" {status} {n * 37} "{referrer}" "{agent}"'
    f" {n * 1000}\n"
    for n, (path, status, referrer, agent) in enumerate(
        [
            ("/", 200, "-", BROWSER),
            ("/shop/cart?id=1", 200, "https://www.example.org/a", BROWSER),
            ("/img/a.png", 304, "-", BROWSER),
            ("/wp-login.php", 404, "-", "curl/8.5.0"),
            ("/api/|x|<b>`", 503, "-", GPTBOT),
            ("/\\x1b[31mred", 200, "=cmd", "-"),
        ]
        * 10
    )
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A report of one hour beside the hour before it."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "access.log").write_text(f"{LINES}no line\n")
    shown = tuple(panel for panel in panels() if not panel.off)
    hour = 60 * MINUTE
    hit_filter = Filter(time_range=(BEGAN * SECOND + hour, BEGAN * SECOND + 2 * hour))
    here = Path.cwd()
    os.chdir(folder)
    try:
        reporting = Reporting(
            logs=open_logs(["access.log"], Readers(columns_for(shown, hit_filter)), print),
            panels=shown,
            rule=SurgeRule(
                short=2 * MINUTE, long=5 * MINUTE, resolution=MINUTE, threshold=Fraction(9, 8)
            ),
            hit_filter=hit_filter,
            notify=print,
            stopped=lambda: False,
            previous=(BEGAN * SECOND, BEGAN * SECOND + hour),
        )
        return replace(reporting.make(View(10)), elapsed_s=0.25)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("kind", ["text", "json", "jsonl", "csv", "md"])
def test_outputs_are_as_they_were(made: Report, kind: str) -> None:
    """Nothing of an output changes unseen; what a log holds breaks none of them."""
    drawn = OUTPUTS[kind](made)
    golden = GOLDENS / f"report.{kind}"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_bytes(drawn)
    assert drawn == golden.read_bytes()


def test_colours_are_added_to_the_same_text(made: Report) -> None:
    """A terminal gets the same words, and nothing of a log can colour them."""
    colored = to_text(made, color=True)
    bare = colored.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert bare == to_text(made) != colored
    assert "\x1b[31m" not in colored


def test_parquet_has_the_rows_of_csv(made: Report, tmp_path: Path) -> None:
    """The table is the same, with types."""
    path = tmp_path / "report.parquet"
    path.write_bytes(OUTPUTS["parquet"](made))
    table = pl.read_parquet(path)
    rows = OUTPUTS["csv"](made).decode().count("\r\n") - 1
    assert len(table) == rows
    assert table.schema["hits"].is_integer()


def path_panel(*keys: str) -> PanelRows:
    """A panel with a row of ever fewer hits for each key, all with durations."""
    rows = tuple(
        PanelRow(
            key,
            1000 - n * 400,
            10,
            5_000,
            1,
            errors_5xx=2,
            bots=3,
            largest=9,
            duration={"mean_s": 0.1, "p50_s": 0.1, "p95_s": 0.2, "p99_s": 0.3, "max_s": 0.4},
        )
        for n, key in enumerate(keys)
    )
    return PanelRows("paths", "Paths", rows, Bounds(len(rows)))


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (60, "hits share visitors"),
        (80, "hits share visitors bytes 5xx"),
        (100, "hits share visitors bytes 4xx 5xx p95"),
        (120, "hits share visitors bytes 4xx 5xx bots p50 p95"),
        (250, "hits share visitors bytes 4xx 5xx bots p50 p95"),
        (None, "hits share visitors bytes 4xx 5xx bots p50 p95"),
    ],
)
def test_a_table_fits_its_terminal(width: int | None, heads: str) -> None:
    """A narrow one leaves columns out, a wide one has longer keys, and bars where there is room."""
    long = f"/{'long/' * 12}end"
    head, first, second, third = table(path_panel("/a", long, "/日本語" * 9), 2000, width)
    assert head.split() == heads.split()
    lines = (head, first, second, third)
    assert width is None or all(columns(line) <= width for line in lines)
    assert (long in second) == (width == 250)
    assert ("█" in first) == (width == 250)
    assert first.count("█") == 20 * (width == 250)
    if width == 250:
        assert (second.count("█"), third.count("█")) == (12, 4)


@given(st.integers(60, 300), st.integers(0, 5))
def test_no_line_of_a_report_is_wider_than_its_terminal(
    made: Report, width: int, logs: int
) -> None:
    """Sentences go on in the next line, and lose nothing."""
    sources = tuple(SourceRow(f"/var/log/{'x' * 40 * n}/a.log", "common") for n in range(logs))
    wordy = replace(made, sources=sources)
    fitted, whole = to_text(wordy, width=width), to_text(wordy)
    assert max(columns(line) for line in fitted.splitlines()) <= width
    for begin, end in (("", "What grew"), ("Alerts", "")):
        parts = [each[each.rindex(begin) :].partition(end or "\0")[0] for each in (fitted, whole)]
        assert "".join(parts[0].split()) == "".join(parts[1].split())


def test_of_many_logs_it_is_said_how_many_have_which_format(made: Report) -> None:
    """A month of rotated logs takes a line, not thirty."""
    some = [SourceRow(f"{n}.gz", "common", balance=Balance(2, 1, 1, 0)) for n in range(30)]
    said = to_text(replace(made, sources=(*some, SourceRow("odd.log", "squid"))))
    assert "  30 logs: common, 30 hits, 30 rejects\n  1 log: squid, 0 hits, 0 rejects\n" in said
    few = to_text(replace(made, sources=tuple(some[:5])))
    assert few.count(": common, 1 hit, 1 reject\n") == 5


def test_a_page_has_fewer_rows_but_what_was_evicted_and_what_is_asked_for(made: Report) -> None:
    """Rows that follow the largest are left out."""
    others = PanelRow(OTHER, 1, 1, 1, 0, errors_5xx=0, bots=0, largest=1)
    panel = path_panel("/a", "/b", "/c")
    panel = replace(panel, rows=(*(replace(row, raw=row.key) for row in panel.rows), others))
    whole = replace(made, panels=(panel, replace(panel, name="clients")))
    cut = whole.with_rows(1, but={"clients"})
    assert [row.key for row in cut.panels[0].rows] == ["/a", OTHER]
    assert len(cut.panels[1].rows) == 4
