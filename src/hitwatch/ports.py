"""What the loop needs of the world: one protocol an edge, and no implementation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from hitwatch.alerting.alert import Transition
from hitwatch.follow.chunk import Chunk
from hitwatch.instants import Duration, Instant
from hitwatch.readmodel import Report


class Source(Protocol):
    """Where lines come from."""

    ended: bool
    """Whether no more lines will come."""

    @property
    def lag(self) -> int:
        """Bytes that are there and have not been read."""

    def lag_of(self, origin: str) -> int:
        """Those of one origin."""

    def poll(self, held: Collection[str] = ()) -> list[Chunk]:
        """What can be read now, in bounded amounts; waits for nothing.

        Args:
            held: origins of which nothing is to be read now.

        """

    def close(self) -> list[Chunk]:
        """Give everything back; the last lines, if they lack their line ends."""


class Clock(Protocol):
    """Who tells the time."""

    def now(self) -> Instant:
        """The instant it is."""

    def wait(self, duration: Duration) -> None:
        """Let time pass; comes back early when the run is to end."""


class Display(Protocol):
    """Where things are shown."""

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        """Show it now, not later."""
