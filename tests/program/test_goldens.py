"""What every command says, as it is: nothing of it changes unseen, and none of it is too wide.

``UPDATE_GOLDENS=1 pytest tests/program/test_goldens.py`` writes ``goldens`` anew.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from tests.program.running import run

from hitwatch.cli import commands

GOLDENS = Path(__file__).parent / "goldens"
WIDTHS = (80, 120, 200)
BEGAN = 1_767_222_000  # 31 December 2025, 23:00 UTC

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
GPT = "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"
TARGETS = ("/", "/shop/caf%C3%A9", "/shop/cart?id=1", "/img/a.png", "/api/v1/user/17", "/old")

SQL = "SELECT section, count(*) AS hits, sum(bytes) AS bytes FROM hits GROUP BY section ORDER BY 1"
CASES: dict[str, tuple[str, ...]] = {
    "report": ("report", "access.log"),
    "report-compare": ("report", "access.log", "--since", "2026-01-01", "--compare", "previous"),
    "report-markdown": ("report", "access.log", "--output-format", "md"),
    "report-nothing": ("report", "empty.log"),
    "report-zone": ("report", "access.log", "--display-tz", "+02:00", "--panel", "days"),
    "replay": ("replay", "access.log"),
    "replay-periods": ("replay", "access.log", "--every", "40m", "--panel", "clients"),
    "query": ("query", SQL, "access.log"),
    "query-markdown": ("query", SQL, "access.log", "--output-format", "md"),
    "parse": ("parse", "access.log", "--columns", "time,path,status", "--where", "status >= 500"),
    "detect": ("detect", "access.log"),
    "detect-line": ("detect", "--line", "192.0.2.1 no log line"),
    "detect-format": ("detect", "access.log", "--log-format", "iis-w3c"),
    "formats": ("formats",),
    "simulate": ("simulate", "--rate", "1", "--duration", "3s", "--seed", "3"),
    "obvious": ("access.log", "--panel", "methods"),
    "wrong-word": ("reprot", "access.log"),
    "wrong-file": ("acess.log",),
    "wrong-option": ("report", "access.log", "--pannel", "paths"),
    "wrong-panel": ("report", "access.log", "--panel", "pahts"),
    "wrong-time": ("report", "access.log", "--since", "yesterdy"),
    "wrong-condition": ("report", "access.log", "--where", "statsu >= 500"),
    "wrong-format": ("report", "access.log", "--log-format", "apache-combind"),
    "no-log": ("report", "missing.log"),
    "no-format": ("report", "strange.log"),
    "binary": ("report", "binary.log"),
    "help": ("--help",),
    **{f"help-{name}": (name, "--help") for name in sorted(commands.commands)},
}

LIVE: dict[str, tuple[str, ...]] = {
    "watch": ("watch", "-"),
    "watch-panel": ("watch", "-", "--panel", "clients", "--top", "3"),
    "watch-jsonl": ("watch", "-", "--output-format", "jsonl"),
}
"""What follows standard input, where the log stands. Its pace is the machine's."""

_PACE = (
    (re.compile(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "), "NOW "),
    (
        re.compile(r"hits, [\d,.]+/s; (\S+ \S+) sent, outflow [^;\n]+"),
        r"hits, N/s; \1 sent, outflow N",
    ),
    (re.compile(r'("type":"(?:stats|end)","at":)"[^"]+"'), r'\1"NOW"'),
    (re.compile(r'"(period_s|lines_per_s)":[\d.]+'), r'"\1":1'),
)

_VOLATILE = (
    (re.compile(r"read in \d+\.\d\d s"), "read in 0.00 s"),
    (re.compile(r"hitwatch: times are shown .*\n"), ""),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of all sorts: two hours with a surge, a line that is none, nothing, and no log."""
    path = tmp_path_factory.mktemp("goldens")
    lines = []
    for n in range(0, 7200, 5):
        at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(BEGAN + n))
        target, agent = TARGETS[n // 5 % 6], (FIREFOX, GOOGLE, FIREFOX, GPT)[n // 5 % 4]
        status = 502 if n % 1000 == 15 else 404 if target == "/old" else 200
        size = 90_000 if 5000 <= n < 5400 and target.startswith("/img") else 2_000 + n % 7
        referrer = "https://www.example.org/x" if n % 3 else "-"
        lines.append(
            f'192.0.2.{n // 5 % 11} - - [{at}] "GET {target} HTTP/1.1" {status} {size}'
            f' "{referrer}" "{agent}"\n'
        )
    lines.insert(100, "\x16\x03\x01 no line\n")
    (path / "access.log").write_text("".join(lines))
    os.utime(path / "access.log", (BEGAN, BEGAN))
    (path / "empty.log").write_text("")
    (path / "strange.log").write_text("nobody knows this\n" * 30)
    (path / "binary.log").write_bytes(bytes(range(256)) * 40)
    return path


def said(words: tuple[str, ...], width: int, folder: Path, text: str | None = None) -> str:
    """What a command says on both streams, and how it ends."""
    ran = run(*words, text=text, folder=folder, COLUMNS=str(width), TZ="UTC")
    assert "Traceback" not in ran.stderr
    text = f"{ran.stdout}--- standard error\n{ran.stderr}--- exit code {ran.returncode}\n"
    for volatile, instead in _VOLATILE:
        text = volatile.sub(instead, text)
    return text


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_is_as_it_was(name: str, folder: Path) -> None:
    """At 80, 120 and 200 columns."""
    check({width: said(CASES[name], width, folder) for width in WIDTHS}, name)


@pytest.mark.parametrize("name", LIVE)
def test_what_a_watch_says_is_as_it_was(name: str, folder: Path) -> None:
    """A display period, an alert and its end, and the last word, but for the pace."""
    text = (folder / "access.log").read_text()
    shown = {}
    for width in WIDTHS:
        shown[width] = said(LIVE[name], width, folder, text)
        for volatile, instead in _PACE:
            shown[width] = volatile.sub(instead, shown[width])
    check(shown, name)


def check(shown: dict[int, str], name: str) -> None:
    """Compare what is said at each width with what was said."""
    if len(set(shown.values())) == 1:
        text = f"=== any width\n{shown[80]}"
    else:
        text = "".join(f"=== {width} columns\n{each}" for width, each in shown.items())
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        GOLDENS.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_of_a_report_is_wider_than_the_terminal(width: int, folder: Path) -> None:
    """Whatever is compared, and however long keys are."""
    for name in ("report", "report-compare", "report-zone"):
        text = said(CASES[name], width, folder).partition("--- standard error")[0]
        assert max(map(len, text.splitlines())) <= width


def test_every_golden_is_of_a_case() -> None:
    """None is left behind, and every command has one."""
    assert {path.stem for path in GOLDENS.iterdir()} == {*CASES, *LIVE}
    used = {words[0] for words in (*CASES.values(), *LIVE.values())}
    assert set(commands.commands) <= used
