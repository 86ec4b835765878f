"""What commands say of themselves on standard error, and the codes they end with."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from hitwatch.clocks import Stop
    from hitwatch.options.shared import ConsoleOptions
    from hitwatch.run.wiring import Console

FINE, CONDITION_MET, WRONG_USAGE, UNREADABLE, FAULT = 0, 1, 2, 3, 70


_TO_THE_END = "\x1b[K"
"""Clears a terminal's line from here on."""


def console_of(options: ConsoleOptions, stop: Stop) -> Console:
    """Who a run talks to: the user, on standard error; less to one who asked for quiet."""
    from hitwatch.cli.signals import state_asked
    from hitwatch.run.wiring import Console

    told = silent if options.quiet else notify
    return Console(told, notify, stop.is_set, state_asked=state_asked)


def notify(text: str) -> None:
    """Tell the user something about the run itself, on standard error."""
    click.echo(f"hitwatch: {text}", err=True)


def silent(_text: str) -> None:
    """Drop it: the user asked for quiet."""


class ProgressBar:
    """A line on a terminal that says how far reading has come, how fast, and how long yet.

    Args:
        total: bytes to be read; compressed files turn out to be more.
        stream: the terminal.

    """

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total, self._stream = total, stream
        self._began = self._shown = time.monotonic()
        self._done = 0
        self._is_shown = False

    @classmethod
    def over(cls, paths: Iterable[str], *, quiet: bool) -> ProgressBar | None:
        """One for reading files, on standard error; ``None``: there is nobody who sees it."""
        if quiet or not sys.stderr.isatty():
            return None
        # What only says its help does without.
        from pathlib import Path

        files = (Path(path) for path in paths)
        return cls(sum(path.stat().st_size for path in files if path.is_file()), sys.stderr)

    def advance(self, count: int) -> None:
        """So many bytes more have been read."""
        self._done += count
        now = time.monotonic()
        if now - self._shown < 0.2:
            return
        self._shown, self._is_shown = now, True
        total, done, rate = self._total, self._done, self._done / (now - self._began)
        left = f", {max(0, total - done) / rate:.0f} s left" if total > done else ""
        share = f"{min(done / total, 1):4.0%} " if total else ""
        said = f"{share}{done / 1e6:,.0f} MB, {rate / 1e6:,.0f} MB/s{left}"
        self._stream.write(f"\r{said}{_TO_THE_END}\r")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            self._stream.write(f"\r{_TO_THE_END}")
            self._stream.flush()
