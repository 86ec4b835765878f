"""What is done to hits between reading and counting, in one order for every mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from hitwatch.privacy.policy import TRUST_NEEDS, Privacy, resolve_client
from hitwatch.select.filter import Filter
from hitwatch.select.shape import NEEDS, regrouped, without_ids
from hitwatch.stats.urls import Sections

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits
    from hitwatch.select.networks import Networks


class HitPipeline(Struct, frozen=True):
    """Finds clients behind proxies, makes sections, chooses, and takes out what need not be kept.

    Conditions hence see the true client, the sections of the user's, and the whole path and query.

    Attributes:
        proxies: networks that are trusted to name the client behind them; ``None``: clients
            are taken as logged.
        sections: what makes sections.
        hit_filter: which hits count.
        collapse_paths: whether ids in paths become ``:id``.
        privacy: what is replaced.
        figures_only: whether nothing but figures is shown: then they are those of the true
            clients, and only rejected lines need be kept from being shown.

    """

    proxies: Networks | None = None
    sections: Sections = field(default_factory=Sections)
    hit_filter: Filter = field(default_factory=Filter)
    collapse_paths: bool = False
    privacy: Privacy = field(default_factory=Privacy)
    figures_only: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Columns that must be built for it."""
        needed = self.hit_filter.columns
        if self.proxies:
            needed |= TRUST_NEEDS
        return needed if self.sections.by_parser else needed | NEEDS

    @property
    def looks_at_texts(self) -> bool:
        """Whether it asks for anything but times."""
        return (
            self.proxies is not None
            or not self.sections.by_parser
            or self.collapse_paths
            or self.hit_filter.looks_at_texts
        )

    def __call__(self, hits: Hits) -> Hits:
        """Hits as they are counted and shown."""
        if self.proxies is not None:
            hits = resolve_client(hits, self.proxies)
        if not self.sections.by_parser:
            hits = regrouped(hits, self.sections)
        hits = self.hit_filter(hits)
        if self.collapse_paths:
            hits = without_ids(hits)
        if not self.privacy:
            return hits
        return hits.withhold_lines() if self.figures_only else self.privacy(hits)
