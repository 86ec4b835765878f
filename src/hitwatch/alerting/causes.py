"""What explains alerts: the keys whose share of hits or bytes grew most."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from hitwatch.alerting.alert import Contributor, Transition, rank_contributors
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import Duration, Instant
from hitwatch.stats.hit_batch import HitBatch
from hitwatch.stats.rows import OTHER
from hitwatch.stats.series import KEPT, Series

SECTION = "section"
"""The column whose keys explain every alert."""

_LEAST = 0.05
"""The part of a rise from which on a key of another column explains anything."""

_KEPT = 100
"""Keys of such a column that are kept of a bucket: there may be thousands, and few explain it."""

_Named = Callable[[str], str | None]


class Causes:
    """Hits and bytes by bucket and key, of the columns that explain alerts.

    Several threads may add at once.

    Args:
        width: of a bucket.
        columns: which columns, each with what turns a value into the key that people see, if
            anything does.

    """

    def __init__(self, width: Duration, columns: Mapping[str, _Named | None] | None = None) -> None:
        chosen = {SECTION: None} if columns is None else columns
        self._series = [
            (column, named, Series(column, width, KEPT if column == SECTION else _KEPT))
            for column, named in chosen.items()
        ]

    def add(self, hit_batch: HitBatch, begin: int = 0, end: int | None = None) -> None:
        """Add the hits from one place up to another."""
        for _, _, series in self._series:
            series.add(hit_batch, begin, end)

    def forget(self, before: Instant) -> None:
        """Drop the buckets that begin before an instant."""
        for _, _, series in self._series:
            series.forget(before)

    def explain(self, transition: Transition, rule: SurgeRule) -> Transition:
        """A transition with the keys that grew most.

        Args:
            transition: as it was judged.
            rule: the rule as it was judged; all buckets that its windows reach are known.

        """
        middle = transition.at - rule.short
        found: list[Contributor] = []
        for column, named, series in self._series:
            short = series.between(middle, transition.at, rule.metric)
            long = series.between(middle - rule.long, middle, rule.metric)
            if named is not None:
                short, long = _by_name(short, named), _by_name(long, named)
            ranked = rank_contributors(rule, column, short, long)
            found += ranked if column == SECTION else filter(_explains, ranked)
        return replace(transition, contributors=tuple(found))


def _explains(contributor: Contributor) -> bool:
    return contributor.key != OTHER and contributor.share >= _LEAST


def _by_name(sums: Mapping[str, int], named: _Named) -> dict[str, int]:
    """Sums by the keys that people see."""
    found: dict[str, int] = {}
    for key, total in sums.items():
        name = key if key == OTHER else named(key)
        if name is not None:
            found[name] = found.get(name, 0) + total
    return found
