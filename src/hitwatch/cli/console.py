"""What commands say of themselves on standard error, and the codes they end with."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from hitwatch.clocks import Stop
    from hitwatch.instants import Duration
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


class _OneLine:
    """A line on a terminal that changes, and goes when all is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = self._shown = time.monotonic()
        self._is_shown = False

    def _seconds(self) -> float | None:
        """How long it has taken; ``None``: something else was shown just now."""
        now = time.monotonic()
        if now - self._shown < 0.2:
            return None
        self._shown, self._is_shown = now, True
        return now - self._began

    def _show(self, said: str) -> None:
        self._stream.write(f"\r{said}{_TO_THE_END}\r")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            self._stream.write(f"\r{_TO_THE_END}")
            self._stream.flush()


class ProgressBar(_OneLine):
    """Says how far reading has come, how fast, and how long yet.

    Args:
        total: bytes to be read; compressed files turn out to be more.
        stream: the terminal.

    """

    def __init__(self, total: int, stream: TextIO) -> None:
        super().__init__(stream)
        self._total, self._done = total, 0

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
        seconds = self._seconds()
        if seconds is None:
            return
        total, done, rate = self._total, self._done, self._done / seconds
        left = f", {max(0, total - done) / rate:.0f} s left" if total > done else ""
        share = f"{min(done / total, 1):4.0%} " if total else ""
        self._show(f"{share}{done / 1e6:,.0f} MB, {rate / 1e6:,.0f} MB/s{left}")


class LineProgress(_OneLine):
    """Says how much of a scenario has been written.

    Args:
        length: of the scenario.
        stream: the terminal.

    """

    def __init__(self, length: Duration, stream: TextIO) -> None:
        super().__init__(stream)
        self._length = length

    @classmethod
    def over(cls, length: Duration, *, quiet: bool) -> LineProgress | None:
        """One on standard error; ``None``: there is nobody who sees it."""
        return None if quiet or not sys.stderr.isatty() else cls(length, sys.stderr)

    def tell(self, reached: Duration, lines: int) -> None:
        """So much of its time, and so many lines, have been written."""
        seconds = self._seconds()
        if seconds is not None:
            share = min(reached / self._length, 1) if self._length else 1
            self._show(f"{share:4.0%} {lines:,} lines, {lines / seconds:,.0f} lines/s")
