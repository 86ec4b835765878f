"""Hits made ready to be counted, those by bots flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hitwatch import _kernel
from hitwatch.hits.parser import UPSTREAM
from hitwatch.stats.user_agents import is_bot, signs
from hitwatch.zones import IN_UTC, Zone

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits

HitBatch: TypeAlias = _kernel.HitBatch
"""Hits, ready to be counted."""


class HitBatches:
    """Makes hits ready to be counted: which are by bots, and who is a visitor.

    Whether a user agent is no human's browser is asked once.

    Args:
        zone: whose days are those of visitors.

    """

    def __init__(self, zone: Zone = IN_UTC) -> None:
        self._days = _kernel.Days(zone.offsets)
        self._timed_by: set[str] = set()
        # What tells bots is loaded with the first agent, which few formats lack.
        self._flags = _kernel.ValueFlags("user_agent", signs)

    @property
    def of_upstreams(self) -> bool:
        """Whether durations are those of upstreams alone, for the logs have no others."""
        return self._timed_by == {UPSTREAM}

    def of(self, hits: Hits, chosen: bytes | None = None) -> HitBatch:
        """Hits, ready to be counted, those by bots flagged.

        Args:
            hits: the hits.
            chosen: a byte a hit: whether it counts; all when ``None``.

        """
        timed = next((name for name in ("duration_s", UPSTREAM) if hits.has(name)), None)
        if timed:
            self._timed_by.add(timed)
        if not hits.has("user_agent"):
            return hits.hit_batch(chosen, None, self._days)
        flags = self._flags
        if unknown := hits.unflagged(flags):
            flags.learn(unknown, [is_bot(agent) for agent in unknown])
        return hits.hit_batch(chosen, flags, self._days)
