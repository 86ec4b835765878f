"""Clocks: the wall clock, and one for tests that only moves when it is told to wait."""

from __future__ import annotations

import threading
import time

from hitwatch.spans import SECOND, Duration, Instant


class WallClock:
    """The clock on the wall.

    Args:
        stop: ends every wait at once when it is set.

    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> Instant:
        """The instant it is."""
        return time.time_ns() // 1000

    def wait(self, duration: Duration) -> None:
        """Sleep, unless the run is to end."""
        if duration > 0:
            self._stop.wait(duration / SECOND)


class ManualClock:
    """A clock that stands still until somebody waits."""

    def __init__(self, now: Instant = 0) -> None:
        self._now = now

    def now(self) -> Instant:
        """The instant it is."""
        return self._now

    def wait(self, duration: Duration) -> None:
        """Let the time have passed."""
        self._now += max(0, duration)
