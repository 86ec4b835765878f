"""What a person at a terminal sees: lines that fit, and progress that goes away."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from tests.program.running import COMMAND, environment, line

from hitwatch.cli.console import ProgressBar


def on_a_terminal(columns: int, *words: str, folder: Path) -> str:
    """What a command writes to a terminal so wide."""
    own, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in environment().items() if name != "COLUMNS"}
    kept.setdefault("PAGER", "cat")
    process = subprocess.Popen(
        [*COMMAND, *words], stdout=its, stderr=its, stdin=its, cwd=folder, env=kept
    )
    os.close(its)
    written = b""
    while True:
        try:
            more = os.read(own, 65536)
        except OSError:  # Nobody writes to it any more.
            break
        if not more:
            break
        written += more
    os.close(own)
    assert process.wait(30) == 0
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [80, 140])
def test_a_report_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    """No line is wider than it, whatever stands in the log."""
    (tmp_path / "access.log").write_text(
        "".join(line(1_700_000_000 + n, f"/{'long' * 20}/{n}") for n in range(50))
    )
    shown = on_a_terminal(columns, "report", "access.log", folder=tmp_path)
    assert "Paths (50)" in shown
    assert max(map(len, shown.splitlines())) <= columns


def test_progress_says_how_far_reading_has_come_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one line of the terminal, which is empty when the results are written."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = io.StringIO()
    progress = ProgressBar(100_000_000, stream)
    progress.advance(10_000_000)
    progress.clear()
    assert stream.getvalue() == "", "what takes no time needs none"
    now[0] += 1
    progress.advance(10_000_000)
    assert stream.getvalue() == "\r 20% 20 MB, 20 MB/s, 4 s left\x1b[K\r"
    now[0] += 1
    progress.advance(180_000_000)
    assert stream.getvalue().endswith("\r100% 200 MB, 100 MB/s\x1b[K\r")
    progress.clear()
    assert stream.getvalue().endswith("\x1b[K\r\r\x1b[K")


def test_nobody_is_told_progress_who_cannot_see_it(tmp_path: Path) -> None:
    """Not in a pipe, as in these tests, and not who asked for quiet."""
    assert ProgressBar.over([str(tmp_path)], quiet=True) is None
    (tmp_path / "access.log").write_text(line(1_700_000_000))
    shown = on_a_terminal(80, "replay", "--quiet", "access.log", folder=tmp_path)
    assert shown.startswith("Total: 1 line")
