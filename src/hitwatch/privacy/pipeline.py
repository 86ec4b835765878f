"""What is done to hits between reading and counting, in one order for every mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from hitwatch.privacy.policy import TRUST_NEEDS, Privacy, resolve_client
from hitwatch.select.filter import Filter

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits
    from hitwatch.select.networks import Networks


class HitPipeline(Struct, frozen=True):
    """Finds the client behind proxies, then chooses, then takes out what need not be kept.

    Conditions hence see the true client and the whole query, and nobody else does.

    Attributes:
        proxies: networks that are trusted to name the client behind them; ``None``: clients
            are taken as logged.
        hit_filter: which hits count.
        privacy: what is replaced.
        figures_only: whether nothing but figures is shown: then they are those of the true
            clients, and only rejected lines need be kept from being shown.

    """

    proxies: Networks | None = None
    hit_filter: Filter = field(default_factory=Filter)
    privacy: Privacy = field(default_factory=Privacy)
    figures_only: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Columns that must be built for it."""
        return self.hit_filter.columns | (TRUST_NEEDS if self.proxies else frozenset())

    def __call__(self, hits: Hits) -> Hits:
        """Hits as they are counted and shown."""
        if self.proxies is not None:
            hits = resolve_client(hits, self.proxies)
        hits = self.hit_filter(hits)
        if not self.privacy:
            return hits
        return hits.withhold_lines() if self.figures_only else self.privacy(hits)
