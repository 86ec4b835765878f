"""What commands say of themselves on standard error, and the codes they end with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from hitwatch.clocks import Stop
    from hitwatch.options.shared import ConsoleOptions
    from hitwatch.run.wiring import Console

FINE, CONDITION_MET, WRONG_USAGE, UNREADABLE, FAULT = 0, 1, 2, 3, 70


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


def progress_bar(total: int, stream: TextIO) -> Callable[[int], None]:
    """A line on a terminal that says how far reading has come, how fast, and how long yet.

    Args:
        total: bytes to be read; compressed files turn out to be more.
        stream: the terminal.

    """
    import time

    began = shown = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal done, shown
        done += count
        now = time.monotonic()
        if now - shown < 0.2:
            return
        shown = now
        rate = done / (now - began)
        left = f", {max(0, total - done) / rate:.0f} s left" if total > done else ""
        share = f"{min(done / total, 1):4.0%} " if total else ""
        stream.write(f"\r{share}{done / 1e6:,.0f} MB, {rate / 1e6:,.0f} MB/s{left}\x1b[K\r")
        stream.flush()

    return advance
