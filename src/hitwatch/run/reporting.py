"""Whole logs folded into a report, on all cores; draws nothing."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from hitwatch.alerting.rule import SurgeRule
from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.hits.compile import Hits, Parser
from hitwatch.hits.format import Layout
from hitwatch.hits.reader import Reader
from hitwatch.report import PanelRows, Report, SourceRow, gaps, judged
from hitwatch.run.inputs import chunks_of, in_order, unknown_format
from hitwatch.sources.places import STDIN
from hitwatch.spans import Instant
from hitwatch.stats.choice import Choice
from hitwatch.stats.panels import (
    NEEDED_ALWAYS,
    Countable,
    Counter,
    Panel,
    bots_among,
)

log = logging.getLogger("hitwatch")

PIECE = 4 << 20
"""Bytes that are parsed and counted at once: many enough for each key to come up often."""


def columns_for(panels: tuple[Panel, ...], choice: Choice) -> list[str]:
    """Columns that must be built: those of the panels and of what chooses."""
    return sorted({*NEEDED_ALWAYS, *choice.columns, *(panel.column for panel in panels)})


@dataclass(slots=True)
class Reporting:
    """One report being made.

    Attributes:
        paths: files, or ``-`` alone.
        reader_of: makes the reader of an origin's lines.
        panels: to be counted.
        rule: to be judged over the finished time line; ``None``: none.
        choice: which hits count.
        notify: tells the user something about the run itself.
        stopped: whether somebody asked the run to end.
        progress: told how many bytes have been read.
        workers: how many pieces are worked on at once.

    """

    paths: list[str]
    reader_of: Callable[[str], Reader]
    panels: tuple[Panel, ...]
    rule: SurgeRule | None
    choice: Choice
    notify: Callable[[str], None]
    stopped: Callable[[], bool]
    progress: Callable[[int], None] | None = None
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    failures: list[InputError] = field(default_factory=list)
    _counters: list[Counter] = field(default_factory=list)
    _sources: list[SourceRow] = field(default_factory=list)
    _steps: dict[Instant, int] = field(default_factory=dict)
    _reasons: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _range: list[Instant] = field(default_factory=list)

    def make(self, shown: int | None, *, sort: str = "hits") -> Report:
        """Read everything, and give the report.

        Args:
            shown: rows of a panel; all when ``None``.
            sort: the figure by which rows are ordered, where they are not by key.

        """
        self._counters = [Counter(panel) for panel in self.panels]
        with ThreadPoolExecutor(self.workers) as pool:
            for origin in in_order(self.paths, self.reader_of, self.notify, self._failed):
                try:
                    self._read(origin, pool)
                except InputError as error:
                    self._failed(error)
                if self.stopped():
                    break
        return self._report(shown, sort)

    def _read(self, origin: str, pool: ThreadPoolExecutor) -> None:
        reader = self.reader_of(origin)
        source = SourceRow(origin, "")
        self._sources.append(source)
        running: deque[tuple[Future[Hits | None], Chunk]] = deque()
        for chunk in chunks_of(origin):
            if self.stopped():
                break
            if origin == STDIN and not reader.recognise(chunk.data):
                raise unknown_format(reader, origin)
            source.log_format = reader.log_format.name if reader.log_format else ""
            source.bytes_read += len(chunk.data)
            if self.progress:
                self.progress(len(chunk.data))
            for piece in _pieces(chunk):
                running.append((self._begin(piece, reader, source, pool), piece))
                while len(running) > 2 * self.workers:
                    self._end(*running.popleft(), reader, source)
        while running:
            self._end(*running.popleft(), reader, source)

    def _begin(
        self, piece: Chunk, reader: Reader, source: SourceRow, pool: ThreadPoolExecutor
    ) -> Future[Hits | None]:
        """Start on a piece; where lines depend on those before them, it is read here."""
        log_format = reader.log_format
        if log_format is None or log_format.layout is Layout.W3C or reader.wrapper:
            found = reader.read(piece.data, piece.first_line)
            return pool.submit(self._count_all, found, source)
        return pool.submit(self._parse_and_count, reader, reader.parser, piece, source)

    def _end(
        self, future: Future[Hits | None], piece: Chunk, reader: Reader, source: SourceRow
    ) -> None:
        """Finish a piece; one with lines that did not parse is read anew, with care."""
        if future.result() is not None:
            self._count_all(reader.read(piece.data, piece.first_line), source)

    def _parse_and_count(
        self, reader: Reader, parser: Parser, piece: Chunk, source: SourceRow
    ) -> Hits | None:
        hits = parser.parse(piece.data, first_line=piece.first_line, keep_rejects=0)
        if hits.rejected:
            return hits
        self._count(reader.refined(hits), source)
        return None

    def _count_all(self, found: list[Hits], source: SourceRow) -> None:
        for hits in found:
            self._count(hits, source)

    def _count(self, hits: Hits, source: SourceRow) -> None:
        countable = hits.countable(self.choice.marks(hits), bots_among(hits))
        with self._lock:
            source.lines += hits.lines
            source.rejects += hits.rejected
            source.hits += len(countable)
            source.excluded += len(hits) - len(countable)
            for reason, count in (hits.reasons if hits.rejected else {}).items():
                self._reasons[reason] = self._reasons.get(reason, 0) + count
        if not len(countable):
            return
        # Each piece begins at another panel, so that workers are not in each other's way.
        first = source.lines % len(self._counters) if self._counters else 0
        for counter in (*self._counters[first:], *self._counters[:first]):
            counter.add(hits, countable)
        if hits.has("time"):
            self._add_steps(countable, sized=hits.has("bytes"))

    def _add_steps(self, countable: Countable, *, sized: bool) -> None:
        rule = self.rule or SurgeRule()
        in_bytes = rule.metric == "bytes" and sized
        found = countable.steps(rule.resolution)
        ends = countable.range()
        with self._lock:
            for start, hits, size in found:
                amount = size if in_bytes else hits
                self._steps[start] = self._steps.get(start, 0) + amount
            if ends:
                self._range = [min([*self._range[:1], ends[0]]), max([*self._range[1:], ends[1]])]

    def _report(self, shown: int | None, sort: str) -> Report:
        found = {}
        for counter in self._counters:
            rows, bounds = counter.rows(shown, sort)
            found[counter.panel.name] = (counter.panel, rows, bounds)
        days = found["days"][1] if "days" in found else []
        statuses = found["statuses"][1] if "statuses" in found else []
        rule = self.rule or SurgeRule()
        total = next((counter for counter in self._counters if counter.panel.name == "days"), None)
        return Report(
            sources=tuple(self._sources),
            start=self._range[0] if self._range else None,
            end=self._range[1] if self._range else None,
            gaps=gaps(list(self._steps), rule.resolution),
            bytes=sum(row.bytes for row in days),
            statuses={row.key: row.hits for row in sorted(statuses, key=lambda row: row.key)},
            visitors=sum(row.visitors for row in days),
            sections=found["sections"][2].keys if "sections" in found else 0,
            paths=found["paths"][2].keys if "paths" in found else 0,
            clients=found["clients"][2].keys if "clients" in found else 0,
            panels=tuple(
                PanelRows(panel.name, panel.title, tuple(rows), bounds)
                for panel, rows, bounds in found.values()
                if rows
            ),
            histogram=tuple(total.rollup.durations()) if total else (),
            alerts=judged(self.rule, self._steps) if self.rule else (),
            reasons=self._reasons,
            complete=not self.failures and not self.stopped(),
        )

    def _failed(self, error: InputError) -> None:
        self.failures.append(error)
        log.error("%s", error)
        self.notify(str(error))

    def size(self) -> int:
        """Bytes of the inputs as they lie on the disk."""
        return sum(Path(path).stat().st_size for path in self.paths if Path(path).is_file())


def _pieces(chunk: Chunk) -> Iterator[Chunk]:
    """Cut a chunk into whole lines of about a piece's size; a report names no line numbers."""
    data, begin = chunk.data, 0
    while begin < len(data):
        end = data.find(b"\n", min(begin + PIECE, len(data) - 1)) + 1 or len(data)
        yield Chunk(chunk.origin, data[begin:end], chunk.first_line)
        begin = end
