"""Figures by key, for the keys that matter: exact while few, then the top and the rest.

While there are at most twice ``capacity`` keys all figures are exact. When there are more,
the keys with fewest hits are added up under ``OTHER``, which keeps every sum exact; a key
that was put there and came back may then lack up to ``error`` hits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

OTHER = "(other)"
"""The key under which everything that was dropped is counted."""


@dataclass(slots=True)
class Figures:
    """What is added up for a key."""

    hits: int = 0
    bytes: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0

    def add(self, other: Figures) -> None:
        """Add another's numbers to these."""
        self.hits += other.hits
        self.bytes += other.bytes
        self.errors_4xx += other.errors_4xx
        self.errors_5xx += other.errors_5xx


@dataclass(slots=True)
class Top:
    """Figures by key in bounded memory.

    Attributes:
        capacity: how many keys are kept for certain.
        figures: by key; ``OTHER`` holds what was dropped.
        error: how many hits a kept key may lack at most.

    """

    capacity: int = 2000
    figures: dict[str, Figures] = field(default_factory=dict)
    error: int = 0

    def update(self, rows: Iterable[tuple[str, Figures]]) -> None:
        """Add figures by key."""
        for key, figures in rows:
            known = self.figures.get(key)
            if known is None:
                known = self.figures[key] = Figures()
            known.add(figures)
        if len(self.figures) > 2 * self.capacity:
            self._prune()

    def merge(self, other: Top) -> None:
        """Add all that another has counted."""
        self.error += other.error
        self.update(other.figures.items())

    def ranked(self, limit: int | None = None) -> list[tuple[str, Figures]]:
        """Keys by hits, then bytes, then name; ``OTHER`` last."""
        rows = [(key, figures) for key, figures in self.figures.items() if key != OTHER]
        rows.sort(key=lambda row: (-row[1].hits, -row[1].bytes, row[0]))
        rest = [(OTHER, self.figures[OTHER])] if OTHER in self.figures else []
        return [*rows[:limit], *rest]

    def _prune(self) -> None:
        rows = self.ranked()
        kept = [row for row in rows[: self.capacity] if row[0] != OTHER]
        dropped = rows[len(kept) :]
        self.error += max(figures.hits for key, figures in dropped if key != OTHER)
        rest = Figures()
        for _, figures in dropped:
            rest.add(figures)
        self.figures = {**dict(kept), OTHER: rest}
