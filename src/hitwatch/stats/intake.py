"""What is done to hits between reading and counting, in one order for every mode."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitwatch.hits.rewriting import TRUST_NEEDS, Privacy, trust
from hitwatch.stats.choice import Choice

if TYPE_CHECKING:
    from hitwatch.hits.addresses import Networks
    from hitwatch.hits.compile import Hits


@dataclass(frozen=True, slots=True)
class Intake:
    """Finds the client behind proxies, then chooses, then takes out what need not be kept.

    Conditions hence see the true client and the whole query, and nobody else does.

    Attributes:
        proxies: networks that are trusted to name the client behind them; ``None``: clients
            are taken as logged.
        choice: which hits count.
        privacy: what is replaced.
        figures_only: whether nothing but figures is shown: then they are those of the true
            clients, and only rejected lines need be kept from being shown.

    """

    proxies: Networks | None = None
    choice: Choice = field(default_factory=Choice)
    privacy: Privacy = field(default_factory=Privacy)
    figures_only: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Columns that must be built for it."""
        return self.choice.columns | (TRUST_NEEDS if self.proxies else frozenset())

    def __call__(self, hits: Hits) -> Hits:
        """Hits as they are counted and shown."""
        if self.proxies is not None:
            hits = trust(hits, self.proxies)
        hits = self.choice(hits)
        if not self.privacy:
            return hits
        return hits.withholding_lines() if self.figures_only else self.privacy(hits)
