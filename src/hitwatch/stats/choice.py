"""Which hits count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hitwatch.hits.compile import marks_of
from hitwatch.hits.conditions import All, Where, mask
from hitwatch.hits.filters import between
from hitwatch.spans import Instant
from hitwatch.stats.agents import is_robot

if TYPE_CHECKING:
    import polars as pl

    from hitwatch.hits.compile import Hits

Extent: TypeAlias = tuple[Instant | None, Instant | None]
"""The first instant that counts, and the first that counts no more."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which hits count.

    Attributes:
        where: the condition that hits must meet.
        bots: ``True``: only bots and tools; ``False``: none of them; ``None``: all.
        extent: the time in which they must lie.

    """

    where: Where | None = None
    bots: bool | None = None
    extent: Extent = (None, None)

    @property
    def condition(self) -> Where | None:
        """What hits must meet, the time included; ``None``: nothing."""
        timed = between(*self.extent) if self.extent != (None, None) else None
        both = [condition for condition in (timed, self.where) if condition is not None]
        return All(tuple(both)) if both else None

    @property
    def columns(self) -> frozenset[str]:
        """Columns that it takes to choose."""
        condition = self.condition
        agents = frozenset() if self.bots is None else frozenset({"user_agent"})
        return agents | (condition.columns if condition else frozenset())

    def __call__(self, hits: Hits) -> Hits:
        """The hits that count; the others are counted as excluded."""
        chosen = self.mask(hits)
        return hits if chosen is None else hits.chosen(chosen)

    def marks(self, hits: Hits) -> bytes | None:
        """The same as ``mask``, a byte a hit."""
        chosen = self.mask(hits)
        return None if chosen is None else marks_of(chosen)

    def mask(self, hits: Hits) -> pl.Series | None:
        """A boolean a hit: whether it counts; ``None``: all do."""
        if not len(hits):
            return None
        condition = self.condition
        chosen = None if condition is None else mask(condition, hits)
        if self.bots is None:
            return chosen
        kind = _by_robots(hits) if self.bots else ~_by_robots(hits)
        return kind if chosen is None else chosen & kind


def _by_robots(hits: Hits) -> pl.Series:
    """Which hits are those of bots and tools, asked once per distinct agent."""
    import polars as pl

    if not hits.has("user_agent"):
        return pl.repeat(False, len(hits), dtype=pl.Boolean, eager=True)
    codes = hits.codes["user_agent"]
    used = codes.drop_nulls().unique()
    agents = hits.values("user_agent").gather(used)
    robots = [code for code, agent in zip(used, agents, strict=True) if is_robot(agent)]
    return codes.is_in(pl.Series(robots, dtype=codes.dtype)).fill_null(False)
