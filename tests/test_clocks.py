"""Asking a run to end, whatever it is doing."""

from __future__ import annotations

import os
import signal
import threading
import time

from hitwatch.clocks import Stop, WallClock
from hitwatch.instants import SECOND


def test_a_signal_ends_any_wait() -> None:
    """However often a signal comes while the same thread waits, nothing hangs."""
    for _ in range(200):
        stop = Stop()
        before = signal.signal(signal.SIGUSR1, lambda *_, stop=stop: stop.set())
        try:
            threading.Timer(0.001, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            began = time.monotonic()
            while not stop.is_set():
                WallClock(stop).wait(SECOND // 1000)
            assert time.monotonic() - began < 5
        finally:
            signal.signal(signal.SIGUSR1, before)


def test_a_wait_ends_by_itself() -> None:
    """Nobody has to ask for the end of a wait that has passed, and asking twice is no more."""
    stop = Stop()
    WallClock(stop).wait(SECOND // 100)
    assert not stop.is_set()
    stop.set()
    stop.set()
    began = time.monotonic()
    WallClock(stop).wait(60 * SECOND)
    assert time.monotonic() - began < 5
