"""The watermark: up to which instant event time is taken as complete; reads no clock."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct, field

from hitwatch.instants import SECOND, Duration, Instant

_NEVER: Instant = 1 << 62


class Watermark(Struct):
    """Follows the largest event time seen, and time passing while nothing is seen.

    Of several origins that are followed live the slowest holds it back, so that no line is
    late because another log is ahead; one in which nothing arrives does so no longer than the
    idle grace.

    Attributes:
        lateness: how far behind the largest event time a line may be and not be late.
        idle_grace: how far behind the clock it stays while nothing arrives, so that lines
            a server holds in its buffer are not made late.
        latest: the largest event time seen; ``None`` before the first.
        at: the watermark; ``None`` before the first event. It never goes back.
        origins: the largest event time seen of each origin.

    """

    lateness: Duration = 2 * SECOND
    idle_grace: Duration = 10 * SECOND
    latest: Instant | None = None
    at: Instant | None = None
    origins: dict[str, Instant] = field(default_factory=dict)

    def observe(self, event_time: Instant) -> None:
        """Take note of an event's time."""
        self.see(event_time)
        self.raise_to(event_time - self.lateness)

    def see(self, event_time: Instant) -> None:
        """Take note of an event's time, which says nothing about other origins."""
        if self.latest is None or event_time > self.latest:
            self.latest = event_time

    def slowest_other(self, origins: Collection[str], now: Instant) -> Instant:
        """The latest event time of the slowest origin that is not one of these.

        Args:
            origins: that are left out.
            now: what the log's clock shows: no origin holds back further than the idle grace.

        """
        others = (at for origin, at in self.origins.items() if origin not in origins)
        least = now - self.idle_grace + self.lateness
        return max(least, min(others, default=_NEVER))

    def idle(self, now: Instant) -> None:
        """Take note that nothing has arrived by an instant of the log's clock."""
        if self.at is not None:
            self.raise_to(now - self.idle_grace)

    def raise_to(self, instant: Instant) -> None:
        """Events before an instant are complete."""
        if self.at is None or instant > self.at:
            self.at = instant
