"""Runs hitwatch as a process of its own, once or live."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "hitwatch"]


def environment(folder: Path | None = None) -> dict[str, str]:
    """The environment without settings of the user who runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HITWATCH_")}
    homes = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_CACHE_HOME"), str(folder or "/dev/null"))
    return {**kept, **homes, "NO_COLOR": "1"}


def run(
    *words: str, text: str | None = None, folder: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={**environment(folder), **more},
    )


def objects(output: str) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(line) for line in output.splitlines()]


class Live:
    """A watch that runs beside the test, saying JSON lines."""

    def __init__(self, *words: str, stdin: int | None = None) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "watch", "--output-format", "jsonl", *words],
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        self.said: list[dict[str, Any]] = []
        self.told: list[str] = []
        self._threads = [
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(target=self._overhear, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def _overhear(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.told.append(line.decode())

    def until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until something holds; fail when it does not come about."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (self.said[-3:], self.told)
            assert self.process.poll() is None, (self.process.returncode, self.told)
            time.sleep(0.05)

    def until_ready(self) -> None:
        """Wait until the log has been opened."""
        self.until(lambda: bool(self.told))

    @property
    def hits(self) -> int:
        """Hits said so far."""
        return sum(said["hits"] for said in self.said if said["type"] == "stats")

    def end(self, number: int = signal.SIGINT) -> Mapping[str, Any]:
        """End it by a signal; give its last word."""
        self.process.send_signal(number)
        self.process.wait(20)
        for thread in self._threads:
            thread.join(10)
        assert self.process.returncode == 128 + number, self.told
        assert self.said[-1]["type"] == "end"
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return self.said[-1]


def line(at: float, section: str = "/a", size: int = 100) -> str:
    """A line of a combined log at an instant, in seconds since 1970."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at))
    return f'192.0.2.1 - - [{stamp}] "GET {section}/x HTTP/1.1" 200 {size} "-" "test"\n'
