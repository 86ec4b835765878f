"""Which files the words of a user name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.program.running import Live, run

from hitwatch import cli
from hitwatch.sources.discovery import find_logs, growing

LINE = '192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /{} HTTP/1.1" 200 5\n'


def test_a_file_by_many_names_is_read_once(tmp_path: Path) -> None:
    """Other spellings, symbolic links and hard links of one file name one log."""
    log = tmp_path / "a.log"
    log.write_text(LINE.format("a"))
    (tmp_path / "link.log").symlink_to(log)
    (tmp_path / "hard.log").hardlink_to(log)
    names = ("a.log", "link.log", "hard.log")
    words = (*(str(tmp_path / name) for name in names), f"{tmp_path}/./a.log")
    assert find_logs(words, live=False) == [str(log)]
    assert find_logs((*words, str(tmp_path / "gone.log")), live=True)[1:] == [
        str(tmp_path / "gone.log")
    ]
    assert "1 line = 1 hit" in run("report", *words).stdout


def test_a_copy_of_a_log_is_said(tmp_path: Path) -> None:
    """A log and its compressed copy are both read, and that lines count twice is said."""
    text = "".join(LINE.format(number) for number in range(50))
    (tmp_path / "a.log").write_text(text)
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(text.encode()))
    other = text.replace("/0 ", "/first ")
    (tmp_path / "b.log").write_text(other)
    ran = run("report", "a.log", "a.log.gz", "b.log", folder=tmp_path)
    assert "150 lines = 150 hits" in ran.stdout
    said = [line for line in ran.stderr.splitlines() if "counted twice" in line]
    assert len(said) == 1
    assert "a.log.gz begins with the same lines as a.log" in said[0]


def test_compressed_logs_alone_cannot_be_watched(tmp_path: Path) -> None:
    """A glob that leaves nothing that grows is said to, with what reads it."""
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(b"x\n"))
    ran = run("watch", "*.log.gz", folder=tmp_path)
    assert ran.returncode == 3
    assert "*.log.gz: compressed logs do not grow" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["access.log", "access.log.1", "access.log.2.gz", "access.log.10"], ["access.log"]),
        (["access.log", "access.log-20260101", "access.log-20260101.gz"], ["access.log"]),
        (["access_log", "access_log.1767225600", "access_log.old"], ["access_log"]),
        (["access.log", "access.log.2026-01-01.txt", "error.log"], ["access.log", "error.log"]),
        (["a.log", "a.log.example.org", "a.log-api"], ["a.log", "a.log.example.org", "a.log-api"]),
        (["access.log", "other.log.gz"], ["access.log"]),
        (["access.log.1"], ["access.log.1"]),
        (["access.log.1", "access.log.2"], ["access.log.1", "access.log.2"]),
        (["access.log.gz"], ["access.log.gz"]),
    ],
)
def test_what_a_rotation_left_is_not_followed(names: list[str], kept: list[str]) -> None:
    """Of several logs the compressed ones are left out, and those named after another one."""
    found, left = growing(names)
    assert found == kept
    assert left == [name for name in names if name not in kept]


@pytest.mark.parametrize("by_glob", [False, True])
def test_a_watch_of_all_logs_follows_the_one_that_grows(tmp_path: Path, by_glob: bool) -> None:
    """What a shell makes of access.log* is watched without what rotations left; that is said."""
    for name in ("access.log", "access.log.1"):
        (tmp_path / name).write_text(LINE.format(name))
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(LINE.format("z").encode()))
    words = [str(tmp_path / name) for name in ("access.log", "access.log.1", "access.log.2.gz")]
    live = Live(*([str(tmp_path / "access.log*")] if by_glob else words), "--from-start")
    live.until(lambda: live.hits > 0)
    assert live.end()["lines"] == 1
    said = f"watching {words[0]}; left out 2 logs that no longer grow, as compressed or rotated"
    assert said in live.told[0]


def test_a_fault_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong within, a user gets a line that says what to do, and no traceback."""

    def fail(**_: object) -> int:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(cli.commands, "main", fail)
    monkeypatch.setattr("sys.argv", ["hitwatch", "watch"])
    assert cli.run() == 70
    assert "ZeroDivisionError: by zero (the same command with --debug" in capsys.readouterr().err
