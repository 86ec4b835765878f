"""What stands above the panels of a report: what a person must know, in ten lines."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.program.running import run
from tests.program.test_terminal import on_a_terminal

DAY = 86_400
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
)
FORMAT = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Five days, the third the busiest, with failures, slow paths, bots and a silent night."""
    path = tmp_path / "access.log"
    lines = []
    for day, hits in enumerate((100, 200, 800, 400, 300)):
        for n in range(hits):
            at = 1_767_225_600 + day * DAY + n * 30
            stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at))
            slow = n % 10 == 0
            target = "/search" if slow else "/wp-login.php" if n % 7 == 0 else f"/{n % 4}"
            status = 404 if target == "/wp-login.php" else 502 if n % 50 == 1 else 200
            agent = AGENTS[n % 4 % 3]
            lines.append(
                f'192.0.2.{n % 9} - - [{stamp}] "GET {target} HTTP/1.1" {status} 500 "-"'
                f' "{agent}" {900_000 if slow else 2_000}\n'
            )
    path.write_text("".join(lines))
    return path


def head(*words: str) -> list[str]:
    """The lines above the first panel."""
    ran = run("report", *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split("\n\n")[0].splitlines()


def test_ten_lines_say_what_a_person_must_know(log: Path) -> None:
    """Traffic and its days, errors, what is slow, bots, alerts, gaps."""
    words = (str(log), "--log-format", FORMAT, "--since", "2026-01-03", "--compare", "previous")
    lines = head(*words)
    assert len(lines) <= 10
    told = "\n".join(lines)
    for each in (
        "1,500 hits",
        "from 2026-01-03 00:00:00 to 2026-01-05 02:29:30 UTC",
        "client errors (",
        "server errors (",
        "; most often 404 /wp-login.php: ",
        "slowest /search, p95 897 ms",
        "of the hits by bots and tools (search 25.0 %, ai 25.0 %)",
        "no hit for 20h40m, from 2026-01-04 03:19:40 to 2026-01-05 00:00:00 UTC",
        "compared with ",
    ):
        assert each in told, each


def test_days_are_a_line_of_bars(log: Path) -> None:
    """The busiest is named; of little time it is hours."""
    words = (str(log), "--log-format", FORMAT)
    assert "by day ▁▂█▄▃  most 800, 2026-01-03" in head(*words)
    (hours,) = [each for each in head(*words, "--until", "2026-01-03") if each.startswith("by ")]
    assert hours == "by hour "[:8] + hours[8:]
    assert not [
        each for each in head(*words, "--where", "false" and 'path == "/no"') if "by " in each[:3]
    ]


def test_what_it_says_does_not_depend_on_the_panels_shown(log: Path) -> None:
    """Nor does any total."""
    words = (str(log), "--log-format", FORMAT)
    whole, one = head(*words), head(*words, "--panel", "clients")

    def told(lines: list[str]) -> list[str]:
        return [each for each in lines if " of logs read in " not in each]

    assert told(whole) == told(one)


def test_what_is_higher_than_the_terminal_is_paged(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the program in PAGER; not where nobody asked, where it fits, or in a pipe."""
    pager = log.with_name("pager")
    pager.write_text("#!/bin/sh\necho PAGED; cat\n")
    pager.chmod(0o755)
    monkeypatch.setenv("PAGER", str(pager))
    monkeypatch.setenv("TERM", "xterm")
    words = ("report", "access.log", "--log-format", FORMAT)
    shown = on_a_terminal(100, *words, folder=log.parent)
    assert shown.startswith("PAGED\n1,800 lines = 1,800 hits")
    assert "\nAlerts that would have fired" in shown
    assert not on_a_terminal(100, *words, "--no-pager", folder=log.parent).startswith("PAGED")
    one = ("--panel", "methods", "--until", "2026-01-02")
    assert not on_a_terminal(100, *words, *one, folder=log.parent).startswith("PAGED")
    assert not run(*words, folder=log.parent, PAGER=str(pager)).stdout.startswith("PAGED")
