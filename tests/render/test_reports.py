"""Every output of a report, byte by byte as it should be.

``UPDATE_GOLDENS=1 pytest tests/render/test_reports.py`` writes them anew; look at the diff.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace

from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import MINUTE, SECOND
from hitwatch.readmodel import Report, View
from hitwatch.render.report_text import to_text
from hitwatch.render.reports import OUTPUTS
from hitwatch.run.readers import Readers
from hitwatch.run.report import Reporting, columns_for
from hitwatch.select.filter import Filter
from hitwatch.stats.panels import panels

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
            paths=["access.log"],
            reader_of=Readers(columns_for(shown, hit_filter)),
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
