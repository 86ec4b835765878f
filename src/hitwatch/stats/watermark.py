"""The watermark: up to which instant event time is taken as complete; reads no clock."""

from __future__ import annotations

from dataclasses import dataclass

from hitwatch.spans import SECOND, Duration, Instant


@dataclass(slots=True)
class Watermark:
    """Follows the largest event time seen, and time passing while nothing is seen.

    Attributes:
        lateness: how far behind the largest event time a line may be and not be late.
        idle_grace: how far behind the clock it stays while nothing arrives, so that lines
            a server holds in its buffer are not made late.
        latest: the largest event time seen; ``None`` before the first.
        at: the watermark; ``None`` before the first event. It never goes back.

    """

    lateness: Duration = 2 * SECOND
    idle_grace: Duration = 10 * SECOND
    latest: Instant | None = None
    at: Instant | None = None

    def observe(self, event_time: Instant) -> None:
        """Take note of an event's time."""
        if self.latest is None or event_time > self.latest:
            self.latest = event_time
        self._raise_to(event_time - self.lateness)

    def idle(self, now: Instant) -> None:
        """Take note that nothing has arrived by an instant of the log's clock."""
        if self.at is not None:
            self._raise_to(now - self.idle_grace)

    def _raise_to(self, instant: Instant) -> None:
        if self.at is None or instant > self.at:
            self.at = instant
