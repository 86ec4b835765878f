"""Hits counted under everything that panels show, in bounded memory; tallies hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from hitwatch import _kernel
from hitwatch.instants import HOUR
from hitwatch.stats.dimension import Dimension, KernelLabel, Label, Panel
from hitwatch.stats.hit_batch import HitBatch
from hitwatch.stats.latency import EDGES, Latency, latency_of
from hitwatch.stats.metric import BY_NAME, OF_UPSTREAMS
from hitwatch.stats.rows import KEYS_ERROR, OTHER, RANKED_FROM, Bounds, PanelRow, row_of
from hitwatch.stats.trend import Axis, Trend, trend_of
from hitwatch.zones import Zone

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits

Budget: TypeAlias = _kernel.Budget
"""Memory that some rollups share, bytes."""

KEYS_KEPT = 32_000
"""Keys of a panel that are kept while memory lasts; twice as many are exact."""

MEMORY = 288 << 20
"""What all panels of a report may use together, bytes: so much that a day of 20,000,000 hits by
50,000 clients has every visitor of a client counted."""


class DimensionCounts:
    """What has been counted under one thing, and for panels that show it under labels.

    Rows are counted under labels when they are evicted, and what is left at the end: a value is
    labelled once, not once a hit.

    Args:
        dimension: what hits are counted under.
        labelled: labels, and where the hits go that have them.
        budget: the memory that it shares with others.

    """

    def __init__(
        self,
        dimension: Dimension,
        labelled: Sequence[tuple[Label, _kernel.Rollup]],
        budget: Budget,
    ) -> None:
        self.dimension = dimension
        self.labelled = [(label.asked, rollup) for label, rollup in labelled]
        self.rollup = _kernel.Rollup(KEYS_KEPT, budget, bool(labelled))
        self.counter = _kernel.Counter(dimension, self.rollup)

    def merge(self, other: DimensionCounts) -> None:
        """Add what another has counted that is not finished."""
        self.rollup.merge(other.rollup)
        self.count_evicted()

    def enforce_limits(self) -> None:
        """Keep to the bounds, and count what is evicted under its labels."""
        self.rollup.enforce_limits()
        self.count_evicted()

    def count_evicted(self) -> None:
        """Count what was evicted under its labels."""
        if self.labelled:
            self.rollup.count_evicted(self.labelled)

    def finishing(self) -> list[Callable[[], None]]:
        """What is left to do when nothing more will be added: tasks for any threads."""
        if not self.labelled:
            # What waits to be counted is counted here.
            return [self.rollup.enforce_limits]
        # What labels of agents have in common is found once.
        if self.dimension.column == "user_agent":
            return [partial(self.rollup.count_rows, self.labelled)]
        return [partial(self.rollup.count_rows, [labelled]) for labelled in self.labelled]

    def count_rows(self, rollup: _kernel.Rollup, label: Label) -> None:
        """Count what has not been evicted, under its labels, into a rollup."""
        self.rollup.count_rows([(label.asked, rollup)])


Identity: TypeAlias = tuple[Dimension, str | None]
"""What a panel counts under, and its label as text; ``None``: it has none."""

_Named: TypeAlias = tuple[Dimension, Label]
"""What a panel with a label counts under, and the label."""

_NOTHING = _kernel.Rollup(1, Budget(1))
"""What has been counted where nothing has."""


class Breakdown:
    """Hits, broken down by all panels. Several threads may add at once.

    What is counted under something is made when there is something to count: formats lack most
    columns, and most display periods of a quiet log lack hits.

    Args:
        panels: to be counted.
        budget: what all of them may use of memory, perhaps together with others; ``MEMORY``
            when ``None``.

    Attributes:
        by_dimension: what has been counted, by what it is counted under.
        finished: whether nothing more will be added.

    """

    def __init__(self, panels: Iterable[Panel], budget: Budget | None = None) -> None:
        self.panels = tuple(panels)
        self.finished = False
        self.by_dimension: dict[Dimension, DimensionCounts] = {}
        self._budget = budget or Budget(MEMORY)
        self._labelled: dict[_Named, _kernel.Rollup] = {}
        self._labels_of: dict[Dimension, list[Label]] = {}
        for panel in self.panels:
            going = self._labels_of.setdefault(panel.dimension, [])
            if panel.label is not None and panel.label not in going:
                going.append(panel.label)

    def another(self, budget: Budget) -> Breakdown:
        """An empty one of the same panels."""
        found = Breakdown((), budget)
        found.panels, found._labels_of = self.panels, self._labels_of
        return found

    def of(self, panel: Panel) -> _kernel.Rollup:
        """What has been counted for a panel by now."""
        if panel.label is None:
            counts = self.by_dimension.get(panel.dimension)
            return counts.rollup if counts else _NOTHING
        gone = self._labelled.get((panel.dimension, panel.label))
        if self.finished or gone is None:
            return gone or _NOTHING
        found = _kernel.Rollup(KEYS_KEPT, Budget(MEMORY))
        found.merge(gone)
        counts = self.by_dimension.get(panel.dimension)
        if counts is not None:
            counts.count_rows(found, panel.label)
        return found

    def _counts_of(self, dimension: Dimension) -> DimensionCounts:
        """What counts under something, made when it is first needed."""
        counts = self.by_dimension.get(dimension)
        if counts is None:
            # Another thread may be making the same: of both the first is kept.
            labelled = [
                (label, self._rollup((dimension, label))) for label in self._labels_of[dimension]
            ]
            counts = self.by_dimension.setdefault(
                dimension, DimensionCounts(dimension, labelled, self._budget)
            )
        return counts

    def _rollup(self, named: _Named) -> _kernel.Rollup:
        """Where hits go that have a label, made when it is first needed."""
        known = self._labelled.get(named)
        if known is None:
            known = self._labelled.setdefault(named, _kernel.Rollup(KEYS_KEPT, self._budget))
        return known

    def panel(self, name: str) -> Panel | None:
        """The panel of a name; ``None`` when it was not counted."""
        return next((panel for panel in self.panels if panel.name == name), None)

    def add(self, hits: Hits, hit_batch: HitBatch) -> None:
        """Count hits under everything that their format logs."""
        counts = [
            self._counts_of(dimension)
            for dimension in self._labels_of
            if hits.has(dimension.column)
        ]
        for place in _kernel.count(hit_batch, [each.counter for each in counts]):
            counts[place].count_evicted()

    def merge(self, other: Breakdown) -> None:
        """Add what another with the same panels has counted, before either is finished."""
        for dimension, counter in other.by_dimension.items():
            self._counts_of(dimension).merge(counter)
        for named, rollup in other._labelled.items():
            self._rollup(named).merge(rollup)

    def enforce_limits(self) -> None:
        """Give memory back where others that share it need more."""
        for counter in self.by_dimension.values():
            counter.enforce_limits()
        for rollup in self._labelled.values():
            rollup.enforce_limits()

    @property
    def identity(self) -> dict[str, Identity]:
        """What the panels count under, by name."""
        return {
            panel.name: (panel.dimension, panel.label.written if panel.label else None)
            for panel in sorted(self.panels, key=lambda panel: panel.name)
        }

    def to_bytes(self) -> list[bytes]:
        """Everything that has been counted, a text a rollup, in an order that the panels give.

        The bounds are kept first, as adding would: so nothing of what is read back need be evicted.
        """
        self.enforce_limits()
        return [rollup.to_bytes() for rollup in self._rollups()]

    def restore(self, texts: Sequence[bytes], *, finished: bool) -> None:
        """Become what one with the same panels has written; this must be empty.

        Raises:
            ValueError: the texts are damaged; this is worthless then.

        """
        for rollup, text in zip(self._rollups(), texts, strict=True):
            rollup.restore(text)
        self.finished = finished
        for counter in self.by_dimension.values():
            counter.enforce_limits()

    def _rollups(self) -> list[_kernel.Rollup]:
        """All rollups, in an order that the panels give, whatever order they came in.

        Those of values come first: what they evict while they are written counts.
        """
        named = sorted(self.panels, key=lambda panel: panel.name)
        counters = [self._counts_of(panel.dimension).rollup for panel in named]
        labelled = [
            self._rollup((panel.dimension, panel.label))
            for panel in named
            if panel.label is not None
        ]
        return list(dict.fromkeys(counters + labelled))

    def finish(self) -> None:
        """Nothing more will be added."""
        for task in self.finishing():
            task()

    def finishing(self) -> list[Callable[[], None]]:
        """What is left to do when nothing more will be added: tasks for any threads."""
        self.finished = True
        return [task for counter in self.by_dimension.values() for task in counter.finishing()]

    def keys(self, panel: Panel) -> tuple[int, float]:
        """Distinct keys of a panel, and how far that may be off: as a share; 0: exact."""
        count, evicted_max = self.of(panel).bounds()
        return count, KEYS_ERROR if evicted_max else 0.0

    def keys_by_now(self, panel: Panel) -> tuple[int, float]:
        """The same of a panel whose label the kernel gives, each key of which is one of a value.

        That takes no counting under labels, which is for the end.
        """
        counts = self.by_dimension.get(panel.dimension)
        if counts is None or not isinstance(panel.label, KernelLabel):
            return 0, 0.0
        gone = counts.rollup.bounds()[1]
        return _keys_with(counts.rollup, panel.label), KEYS_ERROR if gone else 0.0

    def distinct(self, column: str) -> tuple[int, bool]:
        """Distinct values of a column, and whether that is exact; 0 when it was not counted."""
        counter = self.by_dimension.get(Dimension(column))
        count, gone = counter.rollup.bounds() if counter else (0, 0)
        return count, not gone

    def figures(self) -> PanelRow | None:
        """The figures of all hits, visitors as an estimate; ``None`` before there are any."""
        found = self._of_all()
        return row_of(found.total(), "") if found else None

    def total(self) -> PanelRow | None:
        """The figures of all hits; ``None`` before there are any."""
        total = self.figures()
        if total is None:
            return None
        # No visitor is one of two days, so that the sum of exact counts is exact.
        days = [row_of(row, "") for row in self._days()]
        if not days:
            return total
        kinds = {
            name: replace(
                of, visitors=sum(day.kinds[name].visitors for day in days if name in day.kinds)
            )
            for name, of in total.kinds.items()
        }
        return replace(total, visitors=sum(day.visitors for day in days), kinds=kinds)

    def total_errors(self) -> tuple[float, float]:
        """How far visitors and percentiles of ``total`` may be off, as shares; 0: exact.

        A sum of estimates is off by no larger a share than the worst of them.
        """
        found = self._of_all()
        if found is None:
            return 0.0, 0.0
        total = found.total()
        timed = total[2][0]
        return max(row[0][4] for row in self._days() or [total]), timed[5] if timed else 0.0

    def _days(self) -> list[_kernel.Row]:
        """Rows of the days; none where no time is logged."""
        days = self.panel("days")
        if days is None or days.dimension not in self.by_dimension:
            return []
        return list(self.of(days).rows("key"))

    def trend(self, zone: Zone) -> Trend | None:
        """When all hits were; ``None`` where there is nothing that changes.

        Args:
            zone: by whose clocks they were counted.

        """
        found = self._of_all()
        axis = found.axis() if found else None
        if found is None or axis is None:
            return None
        return trend_of(axis, tuple(found.total()[-1]), zone)

    def latency(self, zone: Zone) -> Latency | None:
        """How long hits took, over time; ``None`` where no durations are known, or no times.

        Args:
            zone: by whose clocks they were counted.

        """
        found = next((each for each in self.by_dimension if _is_by_hour(each)), None)
        if found is None:
            return None
        rollup = self.by_dimension[found].rollup
        axis = rollup.axis()
        hours = ((int(key), hits) for key, hits in rollup.durations_of_keys(EDGES))
        return latency_of(hours, axis, zone) if axis else None

    def durations(self) -> tuple[tuple[float, int], ...]:
        """The durations of all hits: (upper end in seconds, hits), in order."""
        found = self._of_all()
        return tuple(found.durations()) if found else ()

    def _of_all(self) -> _kernel.Rollup | None:
        """A rollup that has every hit: by time, or by section where no time is logged."""
        dimensions = (
            *filter(_is_by_hour, self._labels_of),
            *(each for each in self._labels_of if each.column == "section"),
            Dimension("status", divide=1),
        )
        found = (
            self.by_dimension[dimension].rollup
            for dimension in dimensions
            if dimension in self.by_dimension
        )
        return next((rollup for rollup in found if rollup.bounds()[0]), None)

    def rows(
        self, panel: Panel, sort: str, shown: int | None, axis: Axis | None = None
    ) -> tuple[list[PanelRow], Bounds]:
        """Rows in the panel's order, and how exact they are.

        Args:
            panel: the panel.
            sort: the figure by which rows are ordered where the panel has no order of its own.
            shown: how many of the first rows; all when ``None``, and of panels in the order of
                their keys. ``(other)`` is last.
            axis: along which their trends are told; ``None``: they have none.

        """
        rollup = self.of(panel)
        if rollup is _NOTHING:
            return [], Bounds(0)
        sort = panel.sort or sort
        only = panel.only.asked if panel.only else None
        # What is a time has no trend.
        axis = None if panel.dimension.column == "time" else axis
        found = rollup.rows(sort, None if sort == "key" else shown, only, axis)
        if sort != "key" and BY_NAME[sort].is_duration:
            place = 1 if sort.startswith(OF_UPSTREAMS) else 0
            found = [row for row in found if row[2][place] is not None]
        keys, left_out_hits = rollup.bounds()
        if panel.only:
            keys = _keys_with(rollup, panel.only)
        bounds = Bounds(
            keys,
            max((row[0][2] for row in found), default=0),
            left_out_hits,
            max((row[0][4] for row in found), default=0.0),
            max((timed[5] for row in found for timed in row[2] if timed), default=0.0),
            RANKED_FROM if sort != "key" and BY_NAME[sort].is_rank else 0,
        )
        return [self._named(panel, row) for row in found], bounds

    def beside(self, panel: Panel, rows: list[PanelRow]) -> list[PanelRow]:
        """Rows of another time, each with what the same key has here."""
        rollup = self.of(panel)
        found = rollup.rows_of([row.raw for row in rows])
        return [
            replace(row, previous=self._named(panel, there) if there else None)
            for row, there in zip(rows, found, strict=True)
        ]

    def trend_of(self, panel: Panel, row: PanelRow, axis: Axis) -> tuple[int, ...]:
        """The trend of a row's key along an axis; without hits where the key is not known."""
        (found,) = self.of(panel).rows_of([row.raw], axis)
        return tuple(found[-1]) if found else (0,) * axis[2]

    def _named(self, panel: Panel, row: _kernel.Row) -> PanelRow:
        key = row[0][0]
        if key is None:
            return row_of(row, OTHER)
        numbered = panel.dimension.divide and panel.label is None
        name = panel.named(int(key)) if numbered else key
        return row_of(row, name, panel.noted(key) if panel.noted else "")


def _is_by_hour(dimension: Dimension) -> bool:
    return (dimension.column, dimension.divide) == ("time", HOUR)


def _keys_with(rollup: _kernel.Rollup, label: KernelLabel) -> int:
    """How many keys have a label: of all there were as many as of those that are held."""
    known, _ = rollup.bounds()
    held, wanted = rollup.counted(label.asked)
    return round(known * wanted / held) if held else 0
