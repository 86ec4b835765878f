"""Which hits count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitwatch.hits.compile import marks_of
from hitwatch.hits.conditions import Where, mask
from hitwatch.stats.agents import classify

if TYPE_CHECKING:
    import polars as pl

    from hitwatch.hits.compile import Hits

_PEOPLE = ("human", "unknown")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which hits count.

    Attributes:
        where: the condition that hits must meet.
        bots: ``True``: only bots and tools; ``False``: none of them; ``None``: all.

    """

    where: Where | None = None
    bots: bool | None = None

    @property
    def columns(self) -> frozenset[str]:
        """Columns that it takes to choose."""
        agents = frozenset() if self.bots is None else frozenset({"user_agent"})
        return agents | (self.where.columns if self.where else frozenset())

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
        chosen = None if self.where is None else mask(self.where, hits)
        if self.bots is None:
            return chosen
        kind = _by_bots(hits) if self.bots else ~_by_bots(hits)
        return kind if chosen is None else chosen & kind


def _by_bots(hits: Hits) -> pl.Series:
    """Which hits are those of bots and tools, asked once per distinct agent."""
    import polars as pl

    if not hits.has("user_agent"):
        return pl.repeat(False, len(hits), dtype=pl.Boolean, eager=True)
    codes = hits.codes["user_agent"]
    used = codes.drop_nulls().unique()
    agents = hits.values("user_agent").gather(used)
    bots = [code for code, agent in zip(used, agents, strict=True) if _is_bot(agent)]
    return codes.is_in(pl.Series(bots, dtype=codes.dtype)).fill_null(False)


def _is_bot(agent: str) -> bool:
    return classify(agent).kind not in _PEOPLE
