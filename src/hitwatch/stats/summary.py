"""What many hits say, added up: one fold for every mode; judges and draws nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitwatch.spans import Duration, Instant
from hitwatch.stats.distinct import Distinct
from hitwatch.stats.quantiles import Quantiles, bucket
from hitwatch.stats.top import Figures, Top
from hitwatch.stats.watermark import Watermark

if TYPE_CHECKING:
    import polars as pl

    from hitwatch.hits.compile import Hits

NEEDED: tuple[str, ...] = ("time", "client", "section", "status", "bytes", "duration_s")
"""Columns the fold reads; a parser need build no others."""


@dataclass(slots=True)
class Summary:
    """What some hits say. Summaries merge; an empty one is the unit.

    Attributes:
        hits: number of hits.
        bytes: sum of the bytes that were logged.
        sized: hits that had a number of bytes.
        late: hits older than the watermark when they arrived.
        statuses: hits by status code; ``None`` for hits without one.
        sections: figures by section.
        clients: distinct clients.
        durations: of the hits that had one.

    """

    hits: int = 0
    bytes: int = 0
    sized: int = 0
    late: int = 0
    statuses: dict[int | None, int] = field(default_factory=dict)
    sections: Top = field(default_factory=Top)
    clients: Distinct = field(default_factory=Distinct)
    durations: Quantiles = field(default_factory=Quantiles)

    def merge(self, other: Summary) -> None:
        """Add all that another has counted."""
        self.hits += other.hits
        self.bytes += other.bytes
        self.sized += other.sized
        self.late += other.late
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count
        self.sections.merge(other.sections)
        self.clients.merge(other.clients)
        self.durations.update(other.durations.counts)


@dataclass(frozen=True, slots=True)
class Step:
    """Hits that arrived while the same edge was the last one closed.

    Attributes:
        edge: all buckets up to here were closed when they arrived.
        sections: (start of bucket, section, figures) of them.

    """

    edge: Instant
    sections: list[tuple[Instant, str, Figures]]


@dataclass(frozen=True, slots=True)
class Fold:
    """One display period's part of a batch.

    Attributes:
        period: start of the display period, on the clock of the log.
        summary: all hits of the part.
        steps: the same hits by closed edge and bucket, in order of arrival.

    """

    period: Instant
    summary: Summary
    steps: list[Step]


def fold(
    hits: Hits, watermark: Watermark, resolution: Duration, every: Duration | None
) -> list[Fold]:
    """Add up a batch of hits in the order of their lines.

    How a batch was cut from the log makes no difference to what its parts add up to: which
    edges are closed when a line arrives depends on the lines before it alone.

    Args:
        hits: with the columns of ``NEEDED`` that the format fills.
        watermark: as it stands before the batch; moved on by it.
        resolution: width of the buckets of ``Step``.
        every: width of the display periods that the log's own clock divides the batch by;
            ``None`` when another clock does, which makes one part of the whole batch.

    Returns:
        The parts, in order of time; none when there are no hits.

    """
    if not len(hits):
        return []
    frame = _timed(hits.codes, watermark, resolution, every)
    sections = _sections(hits, frame)
    parts = {period: Fold(period, Summary(), []) for period in frame["period"].unique().sort()}
    for period, edge, start, section, figures, sized, late in sections:
        part = parts[period]
        part.summary.hits += figures.hits
        part.summary.bytes += figures.bytes
        part.summary.sized += sized
        part.summary.late += late
        if not part.steps or part.steps[-1].edge != edge:
            part.steps.append(Step(edge, []))
        part.steps[-1].sections.append((start, section, figures))
    for part in parts.values():
        rows = ((section, figures) for step in part.steps for _, section, figures in step.sections)
        part.summary.sections.update(rows)
    _add_statuses(frame, parts)
    _add_clients(hits, frame, parts)
    _add_durations(frame, parts)
    return list(parts.values())


def _timed(
    codes: pl.DataFrame, watermark: Watermark, resolution: Duration, every: Duration | None
) -> pl.DataFrame:
    """Add to each row its bucket, the edge that was closed when it came, and its period."""
    import polars as pl

    time = codes["time"].to_physical()
    latest = time.cum_max()
    before = watermark.at
    reached = latest - watermark.lateness
    if before is not None:
        reached = reached.clip(lower_bound=before)
    last = latest[-1]
    watermark.observe(int(last))
    if every is None:
        period = pl.Series([0], dtype=pl.Int64).new_from_index(0, len(codes))
    else:
        seen = latest if before is None else (reached + watermark.lateness)
        period = seen - seen % every
    return codes.with_columns(
        start=time - time % resolution,
        edge=reached - reached % resolution,
        late=time < reached,
        period=period,
    )


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.Int64)


def _sections(
    hits: Hits, frame: pl.DataFrame
) -> Iterator[tuple[Instant, Instant, Instant, str, Figures, int, int]]:
    import polars as pl

    status, size = _column(frame, "status"), _column(frame, "bytes")
    keys = ["period", "edge", "start", "section"]
    grouped = (
        frame.group_by(keys)
        .agg(
            hits=pl.len(),
            bytes=size.sum(),
            errors_4xx=status.is_between(400, 499).sum(),
            errors_5xx=status.is_between(500, 599).sum(),
            sized=size.is_not_null().sum(),
            late=pl.col("late").sum(),
        )
        .sort(keys)
    )
    names = hits.values("section").to_list()
    for period, edge, start, code, count, size_sum, e4, e5, sized, late in grouped.iter_rows():
        figures = Figures(count, size_sum, e4, e5)
        yield period, edge, start, names[code], figures, sized, late


def _add_statuses(frame: pl.DataFrame, parts: dict[Instant, Fold]) -> None:
    import polars as pl

    if "status" not in frame.columns:
        return
    for period, status, count in frame.group_by("period", "status").agg(pl.len()).iter_rows():
        parts[period].summary.statuses[status] = count


def _add_clients(hits: Hits, frame: pl.DataFrame, parts: dict[Instant, Fold]) -> None:
    if "client" not in frame.columns:
        return
    seen = frame.select("period", "client").drop_nulls().unique()
    hashes = hits.hashes("client").gather(seen["client"])
    for (period,), group in seen.with_columns(hash=hashes).group_by("period"):
        parts[period].summary.clients.update(group["hash"].to_list())


def _add_durations(frame: pl.DataFrame, parts: dict[Instant, Fold]) -> None:
    import polars as pl

    if "duration_s" not in frame.columns:
        return
    counted = (
        frame.select("period", index=bucket(pl.col("duration_s")))
        .drop_nulls()
        .group_by("period", "index")
        .agg(pl.len())
    )
    for period, index, count in counted.iter_rows():
        parts[period].summary.durations.update({index: count})
