"""How INT, TERM and HUP end a command, and USR1 asks it how it is."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from hitwatch.clocks import Stop

ended_by: list[int] = []
"""The signal that asked the run to end; empty when none did."""

_asked: list[int] = []
"""Signals that asked for the state of the run, and were not answered yet."""

_GRACE = 1.0
"""Seconds that work may take to end when it is asked to."""


def stop_on_signals() -> Stop:
    """Let INT, TERM and HUP end the run, and USR1 be heard. Returns what the former set.

    Who wants a run to go on without a terminal has HUP ignored (``nohup``), and so it stays.
    """
    from hitwatch.clocks import Stop

    stop = Stop()

    def handle(number: int, _frame: object) -> None:
        if ended_by:
            # The second one is meant: nobody waits for a last summary any more.
            _leave(128 + number)
        ended_by.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handle)
    signal.signal(signal.SIGUSR1, lambda number, _: _asked.append(number))
    return stop


def state_asked() -> bool:
    """Whether USR1 came since this was asked last."""
    was_asked = bool(_asked)
    _asked.clear()
    return was_asked


def end_on_term() -> None:
    """Let TERM unwind the run as INT does, so that its temporary folder goes."""

    def handle(number: int, _frame: object) -> None:
        ended_by.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, handle)


def stoppable(work: Callable[[], int], stop: Stop) -> int:
    """Do work in a thread beside the main one, which alone hears signals.

    A library that computes, or a read that waits, would keep the main thread from hearing
    them. Work that does not end in time is left behind, and the process ends.

    Args:
        work: gives the exit code.
        stop: set by a signal.

    """
    import threading
    from concurrent.futures import Future, wait

    future: Future[int] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    while not wait([future], timeout=0.1).done:
        if stop.is_set() and not wait([future], timeout=_GRACE).done:
            _leave(128 + ended_by[0])
    return future.result()


def _leave(code: int) -> NoReturn:
    """End at once; of unfinished files nothing stays."""
    from hitwatch.outputs.replacing import discard_all

    discard_all()
    os._exit(code)
