"""Hits made ready to be counted: who asked, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hitwatch import _kernel
from hitwatch.stats.user_agents import AGENTS, KINDS
from hitwatch.zones import IN_UTC, Zone

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits

UPSTREAM = "upstream_duration_s"
"""The durations that are told where a log has no others, such as a load balancer's."""

HitBatch: TypeAlias = _kernel.HitBatch
"""Hits, ready to be counted."""


class HitBatches:
    """Makes hits ready to be counted: which kind of program asked, and who is a visitor.

    The kind of a user agent is asked for once.

    Args:
        zone: whose days are those of visitors, and whose clocks tell when hits were.

    """

    def __init__(self, zone: Zone = IN_UTC) -> None:
        self._clock = _kernel.Clock(zone.offsets)
        self._timed_by: set[str] = set()
        # What tells programs is loaded with the first agent, which few formats lack.
        self._kinds = _kernel.AgentKinds(AGENTS, KINDS)

    @property
    def of_upstreams(self) -> bool:
        """Whether durations are those of upstreams alone, for the logs have no others."""
        return self._timed_by == {UPSTREAM}

    def of(self, hits: Hits, chosen: bytes | None = None) -> HitBatch:
        """Hits, ready to be counted.

        Args:
            hits: the hits.
            chosen: a byte a hit: whether it counts; all when ``None``.

        """
        timed = next((name for name in ("duration_s", UPSTREAM) if hits.has(name)), None)
        if timed:
            self._timed_by.add(timed)
        return hits.hit_batch(chosen, self._kinds, self._clock)
