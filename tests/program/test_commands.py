"""Commands from outside: output, exit codes, and one clear message for each bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.program.running import COMMAND, environment, line, objects, run

from hitwatch.cli import commands
from hitwatch.cli.flags import groups_of
from hitwatch.options.shared import ReadOptions

T0 = 1_767_225_600


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Half an hour of steady traffic, then a surge, then calm."""
    path = tmp_path / "access.log"
    with path.open("w") as file:
        for step in range(200):
            size = 9000 if 150 <= step < 170 else 1000
            file.write(line(T0 + step * 10 + 1, "/down" if size > 1000 else "/a", size))
    return path


def test_help_imports_nothing_heavy() -> None:
    """The help is there at once: neither Polars nor the kernel is loaded for it."""
    script = "import sys, hitwatch.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout
    heavy = {"polars", "numpy", "msgspec", "hitwatch._kernel", "zstandard", "asyncio"}
    assert heavy.isdisjoint(loaded.split())
    shown = run("--help")
    assert shown.returncode == 0
    assert "hitwatch watch" in shown.stdout


@pytest.mark.parametrize("command", commands.commands)
def test_every_command_has_help(command: str) -> None:
    """Each command explains itself and all its options on standard output."""
    shown = run(command, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    options = [p for p in commands.commands[command].params if isinstance(p, click.Option)]
    assert all(option.help for option in options)
    assert all(option.opts[0] in shown.stdout for option in options)


def test_replay_says_figures_and_alerts(log: Path) -> None:
    """A replay gives the periods, the alert and its end, and the balance."""
    said = objects(run("replay", "--output-format", "jsonl", str(log)).stdout)
    stats = [s for s in said if s["type"] == "stats"]
    fired, ended = [s for s in said if s["type"] == "alert"]
    assert sum(s["hits"] for s in stats) == 200
    assert len(stats) == 200
    assert (fired["state"], fired["at"]) == ("firing", "2026-01-01T00:25:10Z")
    assert (ended["state"], ended["fired_at"]) == ("resolved", fired["at"])
    assert fired["sections"][0]["section"] == "/down"
    assert fired["value"] == pytest.approx((11 * 1000 + 9000) / 120)
    assert said[-1]["type"] == "end"
    assert said[-1]["lines"] == said[-1]["hits"] == 200
    assert run("replay", "--fail-on-alert", str(log)).returncode == 1


def test_replay_at_a_pace(log: Path) -> None:
    """At 1000 times its speed, 2,000 s of log take about two seconds."""
    script = ["replay", "--speed", "1000x", "--output-format", "jsonl", str(log)]
    import time

    began = time.monotonic()
    assert len(objects(run(*script).stdout)) == 203
    assert 1.9 < time.monotonic() - began < 20


def test_rotated_files_are_one_stream(log: Path, tmp_path: Path) -> None:
    """Files named in any order are read in the order of their times."""
    whole = run("replay", "--output-format", "jsonl", str(log)).stdout
    rows = log.read_text().splitlines(keepends=True)
    (tmp_path / "b.log").write_text("".join(rows[:90]))
    (tmp_path / "a.log").write_text("".join(rows[90:]))
    parts = run("replay", "--output-format", "jsonl", f"{tmp_path}/a.log", f"{tmp_path}/b.log")
    assert parts.stdout == whole


def test_text_of_a_replay(log: Path) -> None:
    """A replay says the alerts and how the rule did; figures of display periods on request."""
    shown = run("replay", str(log)).stdout
    assert "1 alert\n  2026-01-01 00:25:10 UTC  4m40s         peak 900 B/s, 9x baseline" in shown
    assert "outflow fired once, 14.1 % of the time" in shown
    assert shown.endswith("  1 alert fired\n")
    assert "has the most hits" not in shown
    for words in (["--every", "10s"], ["--panel", "paths"], ["--speed", "9999x"]):
        live = run("replay", str(log), *words).stdout
        assert "/down has the most hits" in live
        assert "*** ALERT outflow, 2026-01-01 00:25:10" in live
        assert "*** RESOLVED outflow" in live


def test_alerts_stand_out_on_a_terminal_alone(log: Path) -> None:
    """No control code is written to a pipe."""
    assert "\x1b" not in run("replay", str(log)).stdout
    assert "\x1b[1;31m1 alert\x1b[0m" in run("replay", "--color", "always", str(log)).stdout
    live = run("replay", "--every", "10s", "--color", "always", str(log)).stdout
    assert "\x1b[1;31m*** ALERT" in live


READING: dict[str, list[str]] = {
    "watch": ["watch"],
    "replay": ["replay"],
    "report": ["report"],
    "parse": ["parse"],
    "detect": ["detect"],
    "query": ["query", "SELECT path FROM hits"],
}
"""How each command that reads logs begins."""

BAD_LOGS = [
    ("folder", "folder: no access logs in this directory"),
    ("binary", "binary: this is a binary file"),
    ("prose", "prose: in no known log format"),
]


def test_every_command_that_reads_logs_is_tried() -> None:
    """Those are the ones that take the options of how lines are read."""
    taking = {name for name, each in commands.commands.items() if ReadOptions in groups_of(each)}
    assert taking == set(READING)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what is no log, and no settings."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "folder").mkdir()
    (folder / "binary").write_bytes(bytes(range(256)) * 99)
    (folder / "prose").write_text("once upon a time\n" * 9)
    (folder / "empty").touch()
    (folder / "bad.toml").write_text('shrot = "2m"\n')
    return folder


def refused(words: list[str], code: int, message: str, folder: Path) -> None:
    """One clear message on standard error, no traceback, no result, and the exit code."""
    ended = run(*words, folder=folder)
    assert ended.stderr.count(message) == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == code


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(("named", "message"), BAD_LOGS, ids=[name for name, _ in BAD_LOGS])
def test_what_is_no_log(command: str, named: str, message: str, bad: Path) -> None:
    """Every command that reads logs says alike what is wrong with one, and ends with 3."""
    if (command, named) == ("detect", "prose"):
        # To say that no format fits is what it is there for.
        ended = run("detect", "prose", folder=bad)
        assert (ended.returncode, ended.stderr) == (3, "")
        assert "prose" in ended.stdout
        return
    refused([*READING[command], named], 3, message, bad)


@pytest.mark.parametrize("command", [name for name in READING if name != "watch"])
def test_a_log_that_is_missing_or_empty(command: str, bad: Path) -> None:
    """What is not there is an error; what has no lines is said, and is none."""
    refused([*READING[command], "missing.log"], 3, "missing.log: no such file", bad)
    refused([*READING[command], "empty"], 0, "empty is empty", bad)


@pytest.mark.parametrize("command", [*READING, "simulate", "demo"])
def test_settings_that_make_no_sense(command: str, bad: Path) -> None:
    """Every command with settings refuses them, whatever it needs, and names the file."""
    words = [*READING.get(command, [command]), *(["empty"] if command in READING else [])]
    said = "bad.toml: unknown setting 'shrot' (did you mean 'short'?)"
    refused([*words, "--config", "bad.toml"], 2, said, bad)
    refused([*words, "--config", "none.toml"], 2, "none.toml: cannot be read", bad)
    refused([*words, "--log-file", "no/such/dir"], 2, "cannot write the log file", bad)


@pytest.mark.parametrize("command", READING)
def test_options_that_make_no_sense(command: str, bad: Path) -> None:
    """What all of them take is refused by all of them alike."""
    for words, message in (
        (["--log-format", "cobined"], "unknown log format 'cobined'"),
        (["--tz", "Mars/Olympus"], "unknown time zone 'Mars/Olympus'"),
        (["--section-depth", "0"], "--section-depth must be a positive integer, not '0'"),
        (["--no-such-flag"], "No such option"),
        (["-"], "cannot be combined"),
    ):
        refused([*READING[command], *words, "empty"], 2, message, bad)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["replay", "--short", "25m", "--long", "20m", "empty"], 2, "not shorter than"),
        (["watch", "--threshold", "1", "empty"], 2, "threshold of 1 would fire"),
        (["report", "--threshold", "1", "empty"], 2, "threshold of 1 would fire"),
        (["watch", "--every", "0s", "empty"], 2, "--every: '0s' must be longer than nothing"),
        (["replay", "--speed", "fast", "empty"], 2, "invalid speed 'fast': expected 'max'"),
        (["watch", "--alert-log", "no/such/dir", "empty"], 1, "cannot write the alert log"),
        (["simulate", "bad.toml"], 2, "bad.toml: Object contains unknown field `shrot`"),
        (["simulate", "demo", "-o", "no/such/dir"], 1, "cannot be written"),
        (["simulate", "nowhere"], 2, "one of those shipped: busy, day, demo"),
        (["parse", "-o", "no/such/dir", "empty"], 1, "cannot be written"),
        (["report", "-o", "no/such/dir.json", "empty"], 1, "cannot be written"),
        (["query", "SELECT", "empty"], 2, "no FROM clause"),
        (["query", "SELECT nothing FROM hits", "empty"], 2, "nothing"),
        (["formats", "cobined"], 2, "unknown log format 'cobined'"),
        (["bench", "--lines", "5"], 2, "--lines must be at least 10,000, not '5'"),
        (["wach"], 2, "'wach' is neither a command nor a log. Did you mean watch?"),
        (["replay"], 2, "Missing argument"),
    ],
)
def test_bad_input(words: list[str], code: int, message: str, bad: Path) -> None:
    """Each gets one clear message on standard error, no traceback, and its exit code."""
    ended = run(*words, folder=bad)
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == code


def test_an_unreadable_file(tmp_path: Path, log: Path) -> None:
    """One file among several that cannot be read is reported; the others count; exit 3."""
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 99)
    ended = run("replay", "--output-format", "jsonl", str(tmp_path / "binary"), str(log))
    assert ended.returncode == 3
    assert ended.stderr.count("this is a binary file") == 1
    assert objects(ended.stdout)[-1]["lines"] == 200


def test_a_closed_pipe(log: Path) -> None:
    """When the reader of the output goes, the run ends with a word and without an error."""
    replay = subprocess.Popen(
        [*COMMAND, "replay", "--speed", "200x", str(log)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert replay.stdout
    assert replay.stderr
    replay.stdout.readline()
    replay.stdout.close()
    assert replay.wait(30) == 0
    assert replay.stderr.read().decode().count("closed by its reader") == 1
    replay.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disks(log: Path) -> None:
    """A full disk under the alert log is said once and does not stop the run; exit 1."""
    ended = run("replay", "--alert-log", "/dev/full", "--output-format", "jsonl", str(log))
    assert ended.stderr.count("cannot write the alert log: No space left on device") == 1
    assert objects(ended.stdout)[-1]["type"] == "end"
    assert ended.returncode == 1
    with Path("/dev/full").open("w") as full:
        ended_too = subprocess.run(
            [*COMMAND, "replay", str(log)], stdout=full, stderr=subprocess.PIPE, env=environment()
        )
    assert ended_too.returncode == 1
    assert b"cannot write the output: No space left on device" in ended_too.stderr
    assert b"Traceback" not in ended_too.stderr


def test_alert_log_and_own_log(log: Path, tmp_path: Path) -> None:
    """Alerts are kept as JSON lines; hitwatch's own log stays out of the output."""
    kept, own = tmp_path / "alerts.jsonl", tmp_path / "own.log"
    with log.open("a") as file:
        file.write("nonsense \x1b[2J\n")
    ended = run("replay", "--alert-log", str(kept), "--log-file", str(own), str(log))
    states = [json.loads(row)["state"] for row in kept.read_text().splitlines()]
    assert states == ["firing", "resolved"]
    assert "rejected" in own.read_text()
    assert "\x1b" not in own.read_text()
    assert "rejected" not in ended.stdout


def test_settings_and_their_order(log: Path, tmp_path: Path) -> None:
    """A flag wins over the environment, that over the project's file, that over the user's."""
    (tmp_path / "hitwatch").mkdir()
    (tmp_path / "hitwatch" / "config.toml").write_text('every = "20s"\nthreshold = 4\n')

    def periods(*words: str, **more: str) -> set[object]:
        ended = run("replay", *words, "--output-format", "jsonl", str(log), folder=tmp_path, **more)
        said = objects(ended.stdout)
        assert next(s for s in said if s["type"] == "alert")["threshold"] == 4
        return {s["period_s"] for s in said if s["type"] == "stats"}

    assert periods() == {20}
    (tmp_path / "hitwatch.toml").write_text('every = "40s"\n')
    assert periods() == {40}
    assert periods(HITWATCH_EVERY="50s") == {50}
    assert periods("--every", "100s", HITWATCH_EVERY="50s") == {100}


def test_standard_input(log: Path) -> None:
    """Watch and replay read standard input to its end."""
    text = log.read_text()
    for command in ("watch", "replay"):
        ended = run(command, "--output-format", "jsonl", "-", text=text)
        said = objects(ended.stdout)
        assert ended.returncode == 0
        assert said[-1]["hits"] == 200
        assert [s["state"] for s in said if s["type"] == "alert"] == ["firing", "resolved"]


def test_simulate_to_a_pipe_and_a_reader_that_leaves() -> None:
    """Without an output file the lines go to standard output."""
    made = run("simulate", "--rate", "50", "--duration", "10s", "--seed", "3")
    assert len(made.stdout.splitlines()) == 500
    assert made.stdout == run("simulate", "--rate", "50", "--duration", "10s", "--seed", "3").stdout
    busy = subprocess.Popen(
        [*COMMAND, "simulate", "busy"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    assert busy.stdout
    busy.stdout.readline()
    busy.stdout.close()
    assert busy.wait(30) == 0


def test_an_interrupted_replay(log: Path) -> None:
    """Interrupted in the middle, the last summary is still said, and the exit code tells."""
    replay = subprocess.Popen(
        [*COMMAND, "replay", "--speed", "10x", "--output-format", "jsonl", str(log)],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    assert replay.stdout
    replay.stdout.readline()
    os.kill(replay.pid, signal.SIGTERM)
    said = objects(replay.stdout.read())
    assert replay.wait(20) == 143
    assert said[-1]["type"] == "end"
    replay.stdout.close()
