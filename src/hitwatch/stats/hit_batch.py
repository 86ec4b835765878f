"""Hits made ready to be counted, those by bots flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hitwatch import _kernel
from hitwatch.stats.user_agents import is_bot, signs

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits

HitBatch: TypeAlias = _kernel.HitBatch
"""Hits, ready to be counted."""


class BotFinder:
    """Knows which hits are by what is no human's browser; asks once for each user agent."""

    def __init__(self) -> None:
        self._flags: _kernel.ValueFlags | None = None

    def prepare(self) -> _kernel.ValueFlags:
        """Load what tells bots, which takes a while; gives the flags of the agents met so far."""
        if self._flags is None:
            self._flags = _kernel.ValueFlags("user_agent", signs())
        return self._flags

    def hit_batch(self, hits: Hits, chosen: bytes | None = None) -> HitBatch:
        """Hits, ready to be counted, those by bots flagged.

        Args:
            hits: the hits.
            chosen: a byte a hit: whether it counts; all when ``None``.

        """
        if not hits.has("user_agent"):
            return hits.hit_batch(chosen, None)
        flags = self.prepare()
        if unknown := hits.unflagged(flags):
            flags.learn(unknown, [is_bot(agent) for agent in unknown])
        return hits.hit_batch(chosen, flags)
