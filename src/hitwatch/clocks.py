"""Clocks: the wall clock, and one for tests that only moves when it is told to wait."""

from __future__ import annotations

import os
import select
import time

from hitwatch.instants import SECOND, Duration, Instant


class Stop:
    """Asks a run to end, and wakes it when it sleeps.

    A signal handler may set it: unlike a ``threading.Event`` it takes no lock, which the
    thread that the handler interrupts might hold.
    """

    def __init__(self) -> None:
        self._asked = False
        self._wakes, self._rings = os.pipe()

    def __del__(self) -> None:
        os.close(self._wakes)
        os.close(self._rings)

    def set(self) -> None:
        """Ask the run to end."""
        if not self._asked:
            self._asked = True
            os.write(self._rings, b".")

    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._asked

    def wait(self, seconds: float) -> None:
        """Sleep, unless the run is to end."""
        if not self._asked:
            select.select([self._wakes], [], [], seconds)


class WallClock:
    """The clock on the wall.

    Args:
        stop: ends every wait at once when it is set.

    """

    def __init__(self, stop: Stop | None = None) -> None:
        self._stop = stop or Stop()

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
