"""What is done where no command is named, and what is said of words that are none."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.program.running import COMMAND, environment, line, run

from hitwatch.config import files_read
from hitwatch.lookup.user_formats import register_user_formats

LONG_AGO = 1_700_000_000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that nothing has written for years."""
    path = tmp_path / "access.log"
    path.write_text("".join(line(LONG_AGO + n) for n in range(20)))
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def told_by_watch(log: Path, *words: str) -> str:
    """What a watch says first that was begun with some words, and ended."""
    process = subprocess.Popen(
        [*COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=log.parent,
        env=environment(),
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    return first


def test_a_log_that_nothing_writes_is_reported_on(log: Path) -> None:
    """It says so, and how to follow it; what is written is what report writes."""
    ran = run("access.log", "--top", "3", folder=log.parent)
    told = "reporting on access.log, which nothing writes any more"
    assert f"{told} (to follow: hitwatch watch access.log --top 3)" in ran.stderr
    same = run("report", "access.log", "--top", "3", folder=log.parent)
    assert ran.returncode == same.returncode == 0
    without_time = [each.stdout.split(" of logs read")[1].split("\n", 1)[1] for each in (ran, same)]
    assert without_time[0] == without_time[1]
    assert run("--top", "3", "access.log", folder=log.parent).returncode == 0
    assert run("access.log", "--quiet", folder=log.parent).stderr == ""


def test_a_log_that_was_just_written_is_followed(log: Path) -> None:
    """It says since when, and how to get a report."""
    os.utime(log, (time.time(), time.time()))
    told = told_by_watch(log, "access.log")
    assert "watching access.log, written " in told
    assert "s ago (for a report: hitwatch report access.log)" in told


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="there is no /proc")
def test_a_quiet_log_that_a_server_holds_open_is_followed(log: Path) -> None:
    """A server may have nothing to write for hours."""
    with log.open("a"):
        told = told_by_watch(log, "access.log")
    assert "watching access.log, which a process holds open to write" in told


def test_options_of_one_command_choose_it(log: Path) -> None:
    """Who names an output wants a report, also of a log that grows."""
    os.utime(log, (time.time(), time.time()))
    ran = run("access.log", "-o", "r.json", folder=log.parent)
    assert ran.returncode == 0
    assert "reporting on access.log, as -o asks for" in ran.stderr
    assert (log.parent / "r.json").exists()
    again = run("access.log", "-o", "r.json", "--overwrite", folder=log.parent)
    assert again.returncode == 0


def test_compressed_logs_are_reported_on_and_standard_input_is_followed(log: Path) -> None:
    """What has come out of a pipe to its end is counted."""
    (log.parent / "old.log.gz").write_bytes(gzip.compress(log.read_bytes()))
    ran = run("old.log.gz", folder=log.parent)
    assert "reporting on old.log.gz, as compressed logs do not grow" in ran.stderr
    piped = run("-", text=log.read_text())
    assert "watching standard input, as it may go on" in piped.stderr
    assert "Total: 20 lines = 20 hits" in piped.stdout


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("reprot", "Did you mean report?"),
        ("tail", "Did you mean watch?"),
        ("acess.log", "Did you mean access.log?"),
        ("nothing-like-it", ""),
    ],
)
def test_what_is_neither_a_command_nor_a_log(log: Path, word: str, hint: str) -> None:
    """It is said, with what was probably meant."""
    ran = run(word, folder=log.parent)
    assert ran.returncode == 2
    assert f"'{word}' is neither a command nor a log. {hint}".rstrip() in ran.stderr
    assert run("/nowhere/access.log").returncode == 3


def test_a_variable_that_is_no_setting_is_named(log: Path) -> None:
    """It has no effect, which is said with what was probably meant."""
    ran = run("report", str(log), HITWATCH_LOG_FORMATT="combined", HITWATCH_TZ="UTC")
    assert ran.returncode == 0
    told = "no setting is called HITWATCH_LOG_FORMATT (did you mean 'HITWATCH_LOG_FORMAT'?)"
    assert ran.stderr.count("no setting is called") == 1
    assert f"{told}: it has no effect" in ran.stderr


def test_of_a_home_that_may_not_be_read_nothing_is_read(tmp_path: Path) -> None:
    """Settings and formats in it are none; whoever runs another's command sees no traceback."""
    closed = tmp_path / "home" / "hitwatch"
    closed.mkdir(parents=True)
    (closed / "config.toml").write_text("nonsense")
    closed.parent.chmod(0)
    # Root may read everything, so a child asks that is nobody.
    child = os.fork()
    if child == 0:
        if os.getuid() == 0:
            os.setuid(65534)
        found = files_read(None, {"XDG_CONFIG_HOME": str(closed.parent)})
        register_user_formats({"XDG_CONFIG_HOME": str(closed.parent)})
        os._exit(int(found != []))
    _, status = os.waitpid(child, 0)
    closed.parent.chmod(0o700)
    assert status == 0


def test_errors_are_said_to_who_asked_for_quiet(tmp_path: Path) -> None:
    """An input that is not there, and one in no known format."""
    (tmp_path / "text").write_text("no log\nat all\n" * 20)
    for name, said in (("gone.log", "no such file"), ("text", "in no known log format")):
        ran = run("report", "--quiet", name, folder=tmp_path)
        assert ran.returncode == 3
        assert said in ran.stderr
