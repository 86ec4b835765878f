"""Nothing is said that is stronger than what was looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import line, objects, run

BEGIN = 1_767_225_600
COMMON = '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /a HTTP/1.1" 200 5\n'


@pytest.mark.parametrize(
    ("words", "column"),
    [
        (("--where", "upstream_duration_s > 1"), "upstream_duration_s"),
        (("--host", "www.example.com"), "host"),
        (("--only-bots",), "user_agent"),
    ],
)
def test_a_column_that_no_log_has_chooses_nothing_and_that_is_said(
    tmp_path: Path, words: tuple[str, ...], column: str
) -> None:
    """No hit of a log without the column is chosen: not because none is slow, or of that host."""
    log = tmp_path / "access.log"
    log.write_text(COMMON * 9)
    said = f"hits are chosen by {column}, which common does not log"
    for command in ("report", "parse", "replay"):
        assert said in run(command, *words, str(log)).stderr, command
    log.write_text(line(BEGIN) * 9)
    assert "chosen by" not in run("report", "--only-bots", str(log)).stderr


def test_a_replay_without_hits_tells_no_time(tmp_path: Path) -> None:
    """Where no hit says a time, no period of 1970 is told; the reason of the rejects is."""
    log = tmp_path / "access.log"
    log.write_text("no line of a log\n" * 9)
    forced = run("replay", "--log-format", "combined", str(log))
    assert "1970" not in forced.stdout
    assert "9 rejects" in forced.stdout
    assert "most frequent reject: no ' [' after user" in forced.stdout
    log.write_text(line(BEGIN) * 9)
    words = ("replay", "--output-format", "jsonl", "--since", "2027-01-01", str(log))
    (end,) = objects(run(*words).stdout)
    assert (end["type"], end["excluded"]) == ("end", 9)


def test_a_format_that_no_line_fits_is_not_detected(tmp_path: Path) -> None:
    """A format that was given and that no line fits is shown, and the exit code is 3."""
    log = tmp_path / "access.log"
    log.write_text("no line of a log\n" * 9)
    found = run("detect", "--log-format", "combined", str(log))
    assert "0 of the first 9 lines fit" in found.stdout
    assert found.returncode == 3


def test_a_report_says_nothing_of_what_is_not_logged(tmp_path: Path) -> None:
    """Of a log without user agents, no share of bots; a panel that it cannot have is named."""
    log = tmp_path / "access.log"
    log.write_text(COMMON * 9)
    told = run("report", "--panel", "hosts", "--panel", "paths", str(log))
    assert "; referrers and user agents are not logged" in told.stdout
    assert "by bots" not in told.stdout
    assert "there is no panel hosts: none of the logs has host" in told.stderr
    assert "panel paths" not in told.stderr
    log.write_text(line(BEGIN) * 9)
    told = run("report", str(log))
    assert "0 referrers; 0.0 % of the hits by bots and tools" in told.stdout
    assert "not logged" not in told.stdout
    assert not told.stderr


def test_the_head_of_a_report_does_not_depend_on_its_panels(tmp_path: Path) -> None:
    """Referrers are counted for the totals, whichever panels are asked for."""
    log = tmp_path / "access.log"
    log.write_text(line(BEGIN).replace('"-"', '"https://www.example.com/"') * 9)
    assert ", 1 referrer;" in run("report", "--panel", "paths", str(log)).stdout
