"""``report --sample``: some lines are counted, and stand for all."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from tests.program.running import run

LINE = '192.0.2.{} - - [01/Jan/2026:{:02}:{:02}:00 +0000] "GET /{} HTTP/1.1" 200 1000 "-" "curl"\n'
LINES = 60_000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sections, one three times as busy as the other."""
    path = tmp_path_factory.mktemp("logs") / "access.log"
    with path.open("w") as file:
        for number in range(LINES):
            hour, minute = divmod(number * 24 * 60 // LINES, 60)
            section = "few/1" if number % 4 == 0 else "many/1"
            file.write(LINE.format(number % 250, hour, minute, section))
    return path


def test_figures_are_those_of_all_lines_within_what_is_said(log: Path) -> None:
    """Of hits, bytes and rows; the errors are those of the formula."""
    found = json.loads(run("report", str(log), "--sample", "10%", "--output-format", "json").stdout)
    sample, totals = found["sample"], found["totals"]
    assert sample["one_in"] == 10
    # Twice what holds in 95 of 100 samples: this one, which is always the same, is none of luck.
    assert abs(totals["hits"] - LINES) <= 2 * sample["hits_error"] * LINES
    assert abs(totals["bytes"] - LINES * 1000) <= 2 * sample["bytes_error"] * LINES * 1000
    assert sample["hits_error"] == pytest.approx(1.96 * (9 / totals["hits"]) ** 0.5, rel=1e-3)
    assert sample["bytes_error"] == pytest.approx(sample["hits_error"], rel=0.06)
    assert totals["hits"] % 10 == 0
    rows = {row["key"]: row for row in found["panels"]["sections"]}
    for key, hits in (("/many", LINES * 3 // 4), ("/few", LINES // 4)):
        row = rows[key]
        assert abs(row["hits"] - hits) <= 2 * row["hits_error"] * hits
        assert sum(row["trend"]) == row["hits"]
        assert row["hits_error"] == pytest.approx(1.96 * (9 / row["hits"]) ** 0.5, abs=1e-4)
    assert found["alerts"] == []
    assert found["judged_from"] is None
    assert found["range"]["gaps"] == []
    assert sum(source["hits"] for source in found["sources"]) == totals["hits"]


def test_people_are_told_what_they_read(log: Path) -> None:
    """The head says that these are estimates, how good, and what is none; alerts are not judged."""
    text = run("report", str(log), "--sample", "1/100").stdout
    head = text.splitlines()[1]
    assert head.startswith("estimates from one line in 100: hits ± ")
    assert "a row of 10,000 hits ± 20%" in head
    assert "distinct counts, as of visitors, are those of the lines read" in head
    assert "Alerts: not judged; the rule needs all lines, and these are a sample" in text
    markdown = run("report", str(log), "--sample", "1/100", "--output-format", "md").stdout
    assert "- estimates from one line in 100" in markdown


def test_the_same_lines_are_read_each_time_also_of_compressed_logs(log: Path) -> None:
    """Of one log, twice; a compressed one, and standard input, have pieces of their own."""
    words = ("--sample", "5%", "--output-format", "csv")
    first, second = (run("report", str(log), *words).stdout for _ in range(2))
    assert first == second
    packed = log.with_suffix(".log.gz")
    packed.write_bytes(gzip.compress(log.read_bytes(), 1))
    found = json.loads(
        run("report", str(packed), "--sample", "5%", "--output-format", "json").stdout
    )
    assert found["totals"]["hits"] == pytest.approx(LINES, rel=2 * found["sample"]["hits_error"])
    piped = run("report", "-", "--sample", "5%", "--output-format", "json", text=log.read_text())
    hits = json.loads(piped.stdout)["totals"]["hits"]
    assert hits == pytest.approx(LINES, rel=2 * found["sample"]["hits_error"])


def test_hosts_have_samples_of_their_own(tmp_path: Path) -> None:
    """What all reports have together is as much as they have."""
    path = tmp_path / "access.log"
    lines = [
        f"{'a' if number % 3 else 'b'}.example " + LINE.format(1, 1, 1, "x")
        for number in range(6_000)
    ]
    path.write_text("".join(lines))
    words = ("--by", "host", "--sample", "1/5", "--output-format", "json")
    found = json.loads(run("report", str(path), "--log-format", "vhost-combined", *words).stdout)
    assert found["hits"] == sum(made["totals"]["hits"] for made in found["reports"])
    errors = {made["host"]: made["sample"]["bytes_error"] for made in found["reports"]}
    assert errors["a.example"] < errors["b.example"]


def test_directives_by_which_lines_are_read_are_all_kept(tmp_path: Path) -> None:
    """In W3C logs, whose fields change in the middle."""
    path = tmp_path / "u_ex.log"
    one = "#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes\n"
    two = "#Fields: date time cs-uri-stem cs-method c-ip sc-bytes sc-status\n"
    path.write_text(
        one
        + "2026-01-01 00:00:00 192.0.2.1 GET /a/x 200 10\n" * 5_000
        + two
        + "2026-01-01 01:00:00 /b/x GET 192.0.2.1 20 404\n" * 5_000
    )
    found = json.loads(run("report", str(path), "--sample", "2%", "--output-format", "json").stdout)
    assert found["totals"]["rejects"] == 0
    assert set(found["totals"]["statuses"]) == {"200", "404"}
    assert found["totals"]["hits"] == pytest.approx(10_000, rel=0.3)


def test_lines_that_are_parts_of_others_cannot_be_sampled(tmp_path: Path) -> None:
    """A container's log, whose long lines go on in the next."""
    path = tmp_path / "c-json.log"
    inner = LINE.format(1, 1, 1, "a").rstrip("\n").replace('"', '\\"')
    record = f'{{"log":"{inner}\\n","stream":"stdout","time":"2026-01-01T01:01:00Z"}}\n'
    path.write_text(record * 100)
    done = run("report", str(path), "--sample", "10%")
    assert done.returncode == 3
    assert "cannot be sampled" in done.stderr
    assert "leave --sample out" in done.stderr


@pytest.mark.parametrize("said", ["0", "0%", "101%", "1/0", "x", "-1%", "1e-3", "0.00001%", ""])
def test_what_is_no_share_is_refused(log: Path, said: str) -> None:
    """With what is expected."""
    done = run("report", str(log), f"--sample={said}")
    assert done.returncode == 2
    assert "'1%' or '1/100'" in done.stderr


def test_all_lines_are_no_sample(log: Path) -> None:
    """A share of one reads everything, as ever."""
    done = run("report", str(log), "--sample", "100%", "--output-format", "json")
    found = json.loads(done.stdout)
    assert found["sample"] is None
    assert found["totals"]["hits"] == LINES


def test_alerts_of_a_sample_cannot_be_asked_for(log: Path) -> None:
    """Its rule is not judged."""
    done = run("report", str(log), "--sample", "1%", "--fail-on-alert")
    assert done.returncode == 2
    assert "a sample is not judged" in done.stderr
