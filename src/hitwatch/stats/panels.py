"""The panels of a report: what hits are counted under, and the counting itself.

A new panel is one row of ``panels``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from hitwatch import _kernel
from hitwatch.instants import HOUR, MINUTE, Duration, rfc3339, to_datetime
from hitwatch.stats.statuses import status_name
from hitwatch.stats.urls import SITE, STATIC_FILE, Sections, collapse_ids
from hitwatch.stats.user_agents import AGENTS, is_bot, signs

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits

HitBatch: TypeAlias = _kernel.HitBatch
"""Hits, ready to be counted."""

Budget: TypeAlias = _kernel.Budget
"""Memory that some rollups share, bytes."""

Label: TypeAlias = Callable[[str], str | None]
"""Turns a value into the key that it is counted under; ``None`` leaves it out."""

KEYS_KEPT = 20_000
"""Keys of a panel that are kept while memory lasts; twice as many are exact."""

MEMORY = 160 << 20
"""What all panels of a report may use together, bytes."""


class Dimension(msgspec.Struct, frozen=True):
    """What hits are counted under.

    Attributes:
        column: whose values are the keys.
        statuses: from and to; only hits with these count.
        divide: of a column of numbers or times, what they are divided by.
        without: only hits without a value in this text column count.
        absent: the key of hits without a value; they do not count when ``None``.

    """

    column: str
    statuses: tuple[int, int] | None = None
    divide: int = 0
    without: str | None = None
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        name: in output.
        title: for people.
        dimension: what hits are counted under.
        also: what else they are counted under; a panel with this has a label.
        label: turns a value into a key of this panel.
        named: turns a number into a key.
        noted: says more on a key.
        sort: the figure by which rows are ordered, whatever the user chose; ``key``: by key.
        timeless: whether the same key of another time means the same.
        off: whether it is only shown when it is asked for.

    """

    name: str
    title: str
    dimension: Dimension
    label: Label | None = None
    also: Dimension | None = None
    named: Callable[[int], str] = str
    noted: Callable[[str], str] | None = None
    sort: str | None = None
    timeless: bool = True
    off: bool = False

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All that hits are counted under."""
        return (self.dimension,) if self.also is None else (self.dimension, self.also)


UNKNOWN = "(unknown)"
"""Key of what nobody knows."""


_BROWSER, _SYSTEM, _KIND, _BOT = (
    _kernel.Label.agent(AGENTS, part, UNKNOWN) for part in ("browser", "system", "kind", "bot")
)


def _day(hour: str) -> str:
    return f"{to_datetime(int(hour) * HOUR):%Y-%m-%d}"


def _hour_of_day(hour: str) -> str:
    return f"{int(hour) % 24:02}"


def panels(
    bucket: Duration = MINUTE, *, collapse: bool = False, sections: Sections | None = None
) -> tuple[Panel, ...]:
    """All panels, in the order of output.

    Args:
        bucket: width of the time line's steps.
        collapse: whether ids in paths become ``:id``.
        sections: what paths are made sections by; the parser's ``section`` when ``None``.

    """
    path: Label | None = collapse_ids if collapse else None
    paths, agents = Dimension("path"), Dimension("user_agent", absent="")
    by_hour = Dimension("time", divide=HOUR)
    by_section = Panel("sections", "Sections", Dimension("section"))
    if sections is not None:
        # What has no path, such as CONNECT, is a section of its own.
        pathless = Dimension("section", without="path")
        by_section = Panel("sections", "Sections", paths, sections.of, also=pathless)
    return (
        Panel("days", "Days", by_hour, _day, sort="key", timeless=False),
        Panel("hours", "Hours of the day", by_hour, _hour_of_day, sort="key"),
        Panel(
            *("timeline", "Time line", Dimension("time", divide=bucket)),
            named=lambda step: rfc3339(step * bucket),
            sort="key",
            timeless=False,
            off=True,
        ),
        by_section,
        Panel("paths", "Paths", paths, path),
        Panel("slowest_paths", "Slowest paths", paths, path, sort="p95_s"),
        Panel("largest_responses", "Largest responses", paths, path, sort="largest"),
        Panel("static_files", "Static files", paths, STATIC_FILE),
        Panel("not_found", "Not found", Dimension("path", (404, 404)), path),
        Panel("redirected", "Redirected paths (3xx)", Dimension("path", (300, 399)), path),
        Panel(
            "client_errors", "Paths with client errors (4xx)", Dimension("path", (400, 499)), path
        ),
        Panel(
            "server_errors", "Paths with server errors (5xx)", Dimension("path", (500, 599)), path
        ),
        Panel("clients", "Clients", Dimension("client")),
        Panel("hosts", "Hosts", Dimension("host")),
        Panel("users", "Users", Dimension("user")),
        Panel("methods", "Methods", Dimension("method")),
        Panel("protocols", "Protocols", Dimension("protocol")),
        Panel(
            *("statuses", "Statuses", Dimension("status", divide=1)),
            noted=lambda status: status_name(int(status)),
        ),
        Panel("referrers", "Referrers", Dimension("referrer"), off=True),
        Panel("referring_sites", "Referring sites", Dimension("referrer"), SITE),
        Panel("browsers", "Browsers", agents, _BROWSER),
        Panel("operating_systems", "Operating systems", agents, _SYSTEM),
        Panel("agent_kinds", "Humans, bots and tools", agents, _KIND),
        Panel("bots", "Bots", agents, _BOT),
        Panel("cache_statuses", "Cache", Dimension("cache_status")),
        Panel("content_types", "Media types", Dimension("content_type")),
        Panel("tls_protocols", "TLS versions", Dimension("tls_protocol")),
        Panel("tls_ciphers", "TLS ciphers", Dimension("tls_cipher")),
        Panel("upstreams", "Upstreams", Dimension("upstream")),
    )


_NEEDED_ALWAYS = (
    *("time", "client", "user_agent", "status", "bytes", "duration_s"),
    *("path", "section"),
)
"""Columns that totals need, whatever the panels."""


def columns_needed(counted: Iterable[Panel]) -> frozenset[str]:
    """Columns that a parser must build for hits to be counted under panels."""
    dimension = (dimension.column for panel in counted for dimension in panel.dimensions)
    return frozenset((*_NEEDED_ALWAYS, *dimension))


TIMED = ("mean_s", "p50_s", "p95_s", "p99_s", "max_s")
"""The figures on durations."""

SORTS = ("hits", "visitors", "bytes", "errors_4xx", "errors_5xx", "bots", "largest", *TIMED)
"""Figures by which rows can be ordered."""


KEYS_ERROR = 1.04 / 2**7
"""Standard error of how many distinct keys there are, once some had to be left out: a share.

That of HyperLogLog with 2^14 registers.
"""


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One row of a panel.

    Attributes:
        key: what was counted; ``(other)`` for the keys that gave way.
        hits: requests.
        visitors: distinct (client, user agent, UTC day).
        bytes: sent.
        errors_4xx: answers of that class.
        errors_5xx: answers of that class.
        bots: hits by what is no human's browser.
        largest: bytes of the largest answer.
        timed: hits that say how long they took.
        duration: ``mean_s p50_s p95_s p99_s max_s``; ``None`` where none is logged.
        note: more on the key, such as the name of a status.
        raw: the key as it was counted.
        previous: the same key in the time that is compared with; ``None``: there is none.

    """

    key: str
    hits: int
    visitors: int
    bytes: int
    errors_4xx: int
    errors_5xx: int
    bots: int
    largest: int
    timed: int = 0
    duration: dict[str, float] | None = None
    note: str = ""
    raw: str = ""
    previous: PanelRow | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How exact the rows of a panel are.

    Attributes:
        keys: distinct keys; an estimate once keys have given way.
        hits_error: hits that a key of these may lack.
        left_out_hits: hits that a key under ``(other)`` had at most.
        visitors_error: standard error of the visitors, as a share; 0: exact.
        durations_error: how far percentiles may be from the true ones, as a share.

    """

    keys: int
    hits_error: int = 0
    left_out_hits: int = 0
    visitors_error: float = 0.0
    durations_error: float = 0.0


OTHER = "(other)"


class Counter:
    """What has been counted under one thing, and for panels that show it under labels.

    Rows are counted under labels when they give way, and what is left at the end: a value is
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
        self.dimension, self.labelled = dimension, labelled
        self.rollup = _kernel.Rollup(KEYS_KEPT, budget, bool(labelled))

    def add(self, hit_batch: HitBatch, *, wait: bool = True) -> bool:
        """Count hits of a format that has the column.

        Args:
            hit_batch: the hits.
            wait: whether to wait while another thread counts.

        Returns:
            Whether this is done.

        """
        done = self.rollup.add(hit_batch, self.dimension, wait)
        if done:
            self._count_evicted()
        return done

    def merge(self, other: Counter) -> None:
        """Add what another has counted that is not finished."""
        self.rollup.merge(other.rollup)
        self._count_evicted()

    def enforce_limits(self) -> None:
        """Keep to the bounds, and hand on what gives way."""
        self.rollup.enforce_limits()
        self._count_evicted()

    def _count_evicted(self) -> None:
        """Count what gave way under its labels."""
        if self.labelled:
            self.rollup.hand_on(self.labelled)

    def finish(self) -> None:
        """Nothing more will be added."""
        if self.labelled:
            self.rollup.put_into(self.labelled)

    def put_into(self, rollup: _kernel.Rollup, label: Label) -> None:
        """Count what has not given way, under its labels, into a rollup."""
        self.rollup.put_into([(label, rollup)])


Identity: TypeAlias = tuple[tuple[Dimension, ...], bool]
"""What a panel counts under, and whether it has a label."""

_Named: TypeAlias = tuple[tuple[Dimension, ...], Label]
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
        counters: what has been counted, by what it is counted under.
        finished: whether nothing more will be added.

    """

    def __init__(self, panels: Iterable[Panel], budget: Budget | None = None) -> None:
        self.panels = tuple(panels)
        self.finished = False
        self.counters: dict[Dimension, Counter] = {}
        self._budget = budget or Budget(MEMORY)
        self._labelled: dict[_Named, _kernel.Rollup] = {}
        self._goes: dict[Dimension, list[_Named]] = {}
        for panel in self.panels:
            for dimension in panel.dimensions:
                going = self._goes.setdefault(dimension, [])
                if panel.label is not None and (panel.dimensions, panel.label) not in going:
                    going.append((panel.dimensions, panel.label))

    def another(self, budget: Budget) -> Breakdown:
        """An empty one of the same panels."""
        found = Breakdown((), budget)
        found.panels, found._goes = self.panels, self._goes
        return found

    def of(self, panel: Panel) -> _kernel.Rollup:
        """What has been counted for a panel by now."""
        if panel.label is None:
            counter = self.counters.get(panel.dimension)
            return counter.rollup if counter else _NOTHING
        gone = self._labelled.get((panel.dimensions, panel.label))
        if self.finished or gone is None:
            return gone or _NOTHING
        found = _kernel.Rollup(KEYS_KEPT, Budget(MEMORY))
        found.merge(gone)
        for dimension in panel.dimensions:
            if dimension in self.counters:
                self.counters[dimension].put_into(found, panel.label)
        return found

    def _counter(self, dimension: Dimension) -> Counter:
        """What counts under something, made when it is first needed."""
        counter = self.counters.get(dimension)
        if counter is None:
            # Another thread may be making the same: of both the first is kept.
            labelled = [(named[1], self._rollup(named)) for named in self._goes[dimension]]
            counter = self.counters.setdefault(
                dimension, Counter(dimension, labelled, self._budget)
            )
        return counter

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
        left = [self._counter(dimension) for dimension in self._goes if hits.has(dimension.column)]
        while left:
            # Where another thread is counting, this one comes back later.
            busy = [counter for counter in left if not counter.add(hit_batch, wait=False)]
            if len(busy) == len(left):
                busy.pop(0).add(hit_batch)
            left = busy

    def merge(self, other: Breakdown) -> None:
        """Add what another with the same panels has counted, before either is finished."""
        for dimension, counter in other.counters.items():
            self._counter(dimension).merge(counter)
        for named, rollup in other._labelled.items():
            self._rollup(named).merge(rollup)

    def enforce_limits(self) -> None:
        """Give memory back where others that share it need more."""
        for counter in self.counters.values():
            counter.enforce_limits()
        for rollup in self._labelled.values():
            rollup.enforce_limits()

    @property
    def identity(self) -> dict[str, Identity]:
        """What the panels count under, by name.

        A label is a function and has no name of its own: that of its panel tells it.
        """
        return {
            panel.name: (panel.dimensions, panel.label is not None)
            for panel in sorted(self.panels, key=lambda panel: panel.name)
        }

    def to_bytes(self) -> list[bytes]:
        """Everything that has been counted, a text a rollup, in an order that the panels give.

        The bounds are kept first, as adding would: so what is read back need not give way.
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
        for counter in self.counters.values():
            counter.enforce_limits()

    def _rollups(self) -> list[_kernel.Rollup]:
        """All rollups, in an order that the panels give, whatever order they came in.

        Those of values come first: what they hand on while they are written counts.
        """
        named = sorted(self.panels, key=lambda panel: panel.name)
        counters = [
            self._counter(dimension).rollup for panel in named for dimension in panel.dimensions
        ]
        labelled = [
            self._rollup((panel.dimensions, panel.label))
            for panel in named
            if panel.label is not None
        ]
        return list(dict.fromkeys(counters + labelled))

    def finish(self) -> None:
        """Nothing more will be added."""
        for counter in self.counters.values():
            counter.finish()
        self.finished = True

    def keys(self, name: str) -> int:
        """Distinct keys of a panel; 0 when it was not counted."""
        panel = self.panel(name)
        return self.of(panel).bounds()[0] if panel else 0

    def keys_error(self, name: str) -> float:
        """How far ``keys`` may be off: a standard error as a share; 0: exact."""
        panel = self.panel(name)
        return KEYS_ERROR if panel and self.of(panel).bounds()[1] else 0.0

    def distinct(self, column: str) -> tuple[int, bool]:
        """Distinct values of a column, and whether that is exact; 0 when it was not counted."""
        counter = self.counters.get(Dimension(column))
        count, gone = counter.rollup.bounds() if counter else (0, 0)
        return count, not gone

    def figures(self) -> PanelRow | None:
        """The figures of all hits, visitors as an estimate; ``None`` before there are any."""
        found = self._of_all()
        return _row_of(found.total(), "") if found else None

    def total(self) -> PanelRow | None:
        """The figures of all hits; ``None`` before there are any."""
        total = self.figures()
        if total is None:
            return None
        # No visitor is one of two days, so that the sum of exact counts is exact.
        days = self._days()
        return replace(total, visitors=sum(row[0][3] for row in days)) if days else total

    def total_errors(self) -> tuple[float, float]:
        """How far visitors and percentiles of ``total`` may be off, as shares; 0: exact.

        A sum of estimates is off by no larger a share than the worst of them.
        """
        found = self._of_all()
        if found is None:
            return 0.0, 0.0
        total = found.total()
        return max(row[0][4] for row in self._days() or [total]), total[2][5] if total[2] else 0.0

    def _days(self) -> list[_kernel.Row]:
        """Rows of the days; none where no time is logged."""
        days = self.panel("days")
        if days is None or days.dimension not in self.counters:
            return []
        return list(self.of(days).rows("key"))

    def durations(self) -> tuple[tuple[float, int], ...]:
        """The durations of all hits: (upper end in seconds, hits), in order."""
        found = self._of_all()
        return tuple(found.durations()) if found else ()

    def _of_all(self) -> _kernel.Rollup | None:
        """A rollup that has every hit: by time, or by section where no time is logged."""
        dimensions = (
            Dimension("time", divide=HOUR),
            Dimension("section"),
            Dimension("status", divide=1),
        )
        found = (
            self.counters[dimension].rollup
            for dimension in dimensions
            if dimension in self.counters
        )
        return next((rollup for rollup in found if rollup.bounds()[0]), None)

    def rows(self, panel: Panel, sort: str, shown: int | None) -> tuple[list[PanelRow], Bounds]:
        """Rows in the panel's order, and how exact they are.

        Args:
            panel: the panel.
            sort: the figure by which rows are ordered where the panel has no order of its own.
            shown: how many of the first rows; all when ``None``, and of panels in the order of
                their keys. ``(other)`` is last.

        """
        rollup = self.of(panel)
        if rollup is _NOTHING:
            return [], Bounds(0)
        sort = panel.sort or sort
        found = rollup.rows(sort, None if sort == "key" else shown)
        if sort in TIMED:
            found = [row for row in found if row[2] is not None]
        keys, left_out_hits = rollup.bounds()
        bounds = Bounds(
            keys,
            max((row[0][2] for row in found), default=0),
            left_out_hits,
            max((row[0][4] for row in found), default=0.0),
            max((row[2][5] for row in found if row[2]), default=0.0),
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

    def _named(self, panel: Panel, row: _kernel.Row) -> PanelRow:
        key = row[0][0]
        if key is None:
            return _row_of(row, OTHER)
        numbered = panel.dimension.divide and panel.label is None
        name = panel.named(int(key)) if numbered else key
        return _row_of(row, name, panel.noted(key) if panel.noted else "")


def _row_of(row: _kernel.Row, key: str, note: str = "") -> PanelRow:
    (raw, hits, _, visitors, _), (size, largest, errors_4xx, errors_5xx, bots), timed = row
    return PanelRow(
        key=key,
        hits=hits,
        visitors=visitors,
        bytes=size,
        errors_4xx=errors_4xx,
        errors_5xx=errors_5xx,
        bots=bots,
        largest=largest,
        timed=timed[6] if timed else 0,
        duration=dict(zip(TIMED, timed, strict=False)) if timed else None,
        note=note,
        raw=raw or "",
    )


class BotFinder:
    """Knows which hits are by what is no human's browser; asks once for each user agent."""

    def __init__(self) -> None:
        self._marks = _kernel.ValueFlags("user_agent", signs())

    def hit_batch(self, hits: Hits, chosen: bytes | None = None) -> HitBatch:
        """Hits, ready to be counted, those by robots marked.

        Args:
            hits: the hits.
            chosen: a byte a hit: whether it counts; all when ``None``.

        """
        if unknown := hits.unflagged(self._marks):
            self._marks.learn(unknown, [is_bot(agent) for agent in unknown])
        return hits.hit_batch(chosen, self._marks)
