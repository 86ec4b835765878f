"""Which hits count."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from hitwatch.hits.batch import mask_bytes
from hitwatch.instants import Instant
from hitwatch.select.criteria import in_time_range
from hitwatch.select.derived import sources_of
from hitwatch.select.predicate import And, Predicate, mask
from hitwatch.stats.user_agents import is_bot

if TYPE_CHECKING:
    import polars as pl

    from hitwatch.hits.batch import Hits

TimeRange: TypeAlias = tuple[Instant | None, Instant | None]
"""The first instant that counts, and the first that counts no more."""


class Filter(Struct, frozen=True):
    """Which hits count.

    Attributes:
        where: the condition that hits must meet.
        bots: ``True``: only bots and tools; ``False``: none of them; ``None``: all.
        time_range: the time in which they must lie.

    """

    where: Predicate | None = None
    bots: bool | None = None
    time_range: TimeRange = (None, None)

    @property
    def condition(self) -> Predicate | None:
        """What hits must meet, the time included; ``None``: nothing."""
        timed = in_time_range(*self.time_range) if self.time_range != (None, None) else None
        both = [condition for condition in (timed, self.where) if condition is not None]
        return And(tuple(both)) if both else None

    @property
    def looks_at_texts(self) -> bool:
        """Whether it asks for anything but times."""
        return self.where is not None or self.bots is not None

    @property
    def columns(self) -> frozenset[str]:
        """Columns that it takes to choose."""
        condition = self.condition
        agents = frozenset() if self.bots is None else frozenset({"user_agent"})
        return agents | sources_of(condition.columns if condition else ())

    def __call__(self, hits: Hits) -> Hits:
        """The hits that count; the others are counted as excluded."""
        chosen = self.mask(hits)
        return hits if chosen is None else hits.select(chosen)

    def flags(self, hits: Hits) -> bytes | None:
        """The same as ``mask``, a byte a hit."""
        chosen = self.mask(hits)
        return None if chosen is None else mask_bytes(chosen)

    def mask(self, hits: Hits) -> pl.Series | None:
        """A boolean a hit: whether it counts; ``None``: all do."""
        if not len(hits):
            return None
        condition = self.condition
        chosen = None if condition is None else mask(condition, hits)
        if self.bots is None:
            return chosen
        kind = _bot_mask(hits) if self.bots else ~_bot_mask(hits)
        return kind if chosen is None else chosen & kind


def _bot_mask(hits: Hits) -> pl.Series:
    """Which hits are those of bots and tools, asked once per distinct agent."""
    import polars as pl

    if not hits.has("user_agent"):
        return pl.repeat(False, len(hits), dtype=pl.Boolean, eager=True)
    codes = hits.codes["user_agent"]
    used = codes.drop_nulls().unique()
    agents = hits.values("user_agent").gather(used)
    bots = [code for code, agent in zip(used, agents, strict=True) if is_bot(agent)]
    return codes.is_in(pl.Series(bots, dtype=codes.dtype)).fill_null(False)
