"""A watch of named pipes, into which servers write as into files."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.program.running import Live, line


def test_a_pipe_is_followed_through_writers_that_come_and_go(tmp_path: Path) -> None:
    """Beside a file; a line that its writer left without an end is a line."""
    pipe, log = tmp_path / "pipe", tmp_path / "access.log"
    os.mkfifo(pipe)
    log.touch()
    live = Live(str(pipe), str(log), "--every", "1s")
    live.until_ready()
    with pipe.open("w") as writer:
        writer.write(line(time.time()) * 5_000)
        writer.flush()
        live.until(lambda: live.hits == 5_000)
        writer.write(line(time.time()).rstrip("\n"))
    live.until(lambda: live.hits == 5_001)
    with pipe.open("w") as writer, log.open("w") as file:
        writer.write(line(time.time()) * 3)
        file.write(line(time.time()) * 4)
    live.until(lambda: live.hits == 5_008)
    end = live.end()
    assert (end["hits"], end["rejects"]) == (5_008, 0)
    assert not any("cannot be opened" in told for told in live.told)


def test_a_pipe_into_which_nobody_writes_does_not_delay_the_end(tmp_path: Path) -> None:
    """A signal ends the watch at once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    live = Live(str(pipe))
    live.until_ready()
    begun = time.monotonic()
    assert live.end()["hits"] == 0
    assert time.monotonic() - begun < 5
