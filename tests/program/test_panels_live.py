"""Every panel of a report is live: a watch and a replay show the same rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import objects, run

PANELS = ("paths", "clients", "browsers", "bots", "statuses", "not_found", "days", "slowest_paths")
AGENTS = (
    "curl/8.5.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
)
FORMAT = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D'


def lines_of(minutes: range, seed: int = 7) -> str:
    """Lines of an hour of the log's time, with durations."""
    rng = random.Random(seed)
    lines = []
    for minute in minutes:
        for _ in range(20):
            status = rng.choice([200, 200, 200, 301, 404, 500])
            lines.append(
                f"192.0.2.{rng.randrange(40)} - - [10/Oct/2026:13:{minute:02}:00 +0000]"
                f' "GET /a/{rng.randrange(30)} HTTP/1.1" {status} {rng.randrange(9999)} "-"'
                f' "{rng.choice(AGENTS)}" {rng.randrange(1, 900_000)}\n'
            )
    return "".join(lines)


def report(*words: str) -> dict[str, Any]:
    """A report as JSON."""
    found: dict[str, Any] = json.loads(run("report", *words, "--output-format", "json").stdout)
    return found


def shown(*words: str) -> list[str]:
    """Options that show panels."""
    return [*(word for name in PANELS for word in ("--panel", name)), "--top", "1000", *words]


def test_since_the_start_a_replay_shows_what_a_report_shows(tmp_path: Path) -> None:
    """Rows, figures and order of all panels are the same."""
    log = tmp_path / "access.log"
    log.write_text(lines_of(range(60)))
    form = ("--log-format", FORMAT)
    words = (*shown("--panel-window", "start"), *form, "--output-format", "jsonl")
    said = objects(run("replay", str(log), *words).stdout)
    last = [each for each in said if each["type"] == "stats"][-1]
    found = report(str(log), *shown(), *form)
    assert last["panels"] == {name: found["panels"][name] for name in last["panels"]}
    assert set(last["panels"]) == set(PANELS)
    assert last["panel_window_s"] is None


def test_the_last_minutes(tmp_path: Path) -> None:
    """A window has what a report of just these minutes has, and the period is the usual one."""
    log, late = tmp_path / "access.log", tmp_path / "late.log"
    log.write_text(lines_of(range(60)))
    late.write_text("".join(log.read_text().splitlines(keepends=True)[-100:]))
    form = ("--log-format", FORMAT)
    jsonl = ("--output-format", "jsonl", "--every", "1m")
    said = objects(run("replay", str(log), *shown("--panel-window", "5m"), *form, *jsonl).stdout)
    last = [each for each in said if each["type"] == "stats"][-1]
    found = report(str(late), *shown(), *form)
    assert last["panels"] == {name: found["panels"][name] for name in last["panels"]}
    assert last["panel_window_s"] == 300
    usual = objects(run("replay", str(log), *shown(), *form, *jsonl).stdout)
    last = [each for each in usual if each["type"] == "stats"][-1]
    assert sum(row["hits"] for row in last["panels"]["statuses"]) == last["hits"] == 20
    assert last["panel_window_s"] == 60


def test_panels_show_no_more_than_they_may(tmp_path: Path) -> None:
    """Clients are cut where that is asked for, and distinct ones are counted all the same."""
    log = tmp_path / "access.log"
    log.write_text(lines_of(range(3)))
    words = ("--panel", "clients", "--anonymize", "truncate", "--panel-window", "start")
    said = run("replay", str(log), *words, "--log-format", FORMAT).stdout
    assert "192.0.2.0" in said
    assert "192.0.2.1 " not in said
    assert "Clients, in total (1)" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--panel", "pahts"), "unknown panel 'pahts' (did you mean 'paths'?)"),
        (("--panel", "paths", "--panel-window", "soon"), "panel-window"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], told: str) -> None:
    """An unknown panel or window is wrong usage, and named."""
    ran = run("watch", "-", *words)
    assert ran.returncode == 2
    assert told in ran.stderr
