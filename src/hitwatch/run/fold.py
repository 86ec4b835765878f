"""Whole logs folded into a report, on all cores; draws nothing."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from hitwatch import _kernel
from hitwatch.alerting.rule import SurgeRule
from hitwatch.errors import DamageError, InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.hits.batch import UNKNOWN, Course, Hits
from hitwatch.hits.reader import Reader
from hitwatch.instants import MINUTE, Instant, bucket_start
from hitwatch.readmodel import Fired, PreviousPeriod, Report, SourceRow, View, judged, panel_rows
from hitwatch.run.inputs import chunks_of, in_order, times_by, unknown_format
from hitwatch.run.memory import bound_memory
from hitwatch.select.filter import Filter, TimeRange
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import PlainFile, Span, is_stream
from hitwatch.sources.seek import is_ordered, offset_since
from hitwatch.stats.panels import KEYS_ERROR, BotFinder, Breakdown, Panel, columns_needed
from hitwatch.stats.timeline import Timeline
from hitwatch.stats.user_agents import prepare

log = logging.getLogger("hitwatch")

PIECE = 8 << 20
"""Bytes that are parsed and counted at once: many enough for each key to come up often."""

WORTH_SEEKING = 32 << 20
"""Bytes of a file of which only the part with the wanted times is read."""

MOST_WORKERS = 4
"""How many pieces are worked on at once: what each needs in memory has to stay bounded."""

_DISORDER = MINUTE
"""How much older than those before it a line may be in a file that is bisected."""


def columns_for(panels: Iterable[Panel], hit_filter: Filter) -> list[str]:
    """Columns that must be built: those of the panels and of what chooses."""
    return sorted(columns_needed(panels) | hit_filter.columns)


@dataclass(slots=True)
class _Counted:
    """What has been counted of the hits that a choice lets through."""

    hit_filter: Filter
    breakdown: Breakdown
    timeline: Timeline
    sent: Timeline
    hits: int = 0
    range: tuple[Instant, Instant] | None = None

    def widen(self, ends: tuple[Instant, Instant] | None) -> None:
        """Make the range cover more."""
        if ends and self.range:
            ends = (min(ends[0], self.range[0]), max(ends[1], self.range[1]))
        self.range = ends or self.range


@dataclass(slots=True)
class Reporting:
    """One report being made.

    Attributes:
        paths: files, or ``-`` alone.
        reader_of: makes the reader of an origin's lines.
        panels: to be counted.
        rule: to be judged over the finished time line; ``None``: none.
        hit_filter: which hits count.
        notify: tells the user something about the run itself.
        warn: tells the user of what could not be read, also one who wants no progress told.
        stopped: whether somebody asked the run to end.
        previous: the time to compare with; ``None``: nothing is compared.
        progress: told how many bytes have been read.
        workers: how many pieces are worked on at once.

    """

    paths: list[str]
    reader_of: Callable[[str], Reader]
    panels: tuple[Panel, ...]
    rule: SurgeRule | None
    hit_filter: Filter
    notify: Callable[[str], None]
    stopped: Callable[[], bool]
    previous: TimeRange | None = None
    progress: Callable[[int], None] | None = None
    warn: Callable[[str], None] | None = None
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, MOST_WORKERS))
    failures: list[InputError] = field(default_factory=list)
    _counted: list[_Counted] = field(default_factory=list)
    _before: _Counted | None = None
    _sources: list[SourceRow] = field(default_factory=list)
    _reasons: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _bots: BotFinder = field(default_factory=BotFinder)

    def make(self, limits: View) -> Report:
        """Read everything, and give the report.

        Args:
            limits: how rows are ordered, and how many are shown.

        """
        bound_memory()
        began = time.monotonic()
        choices = [self.hit_filter]
        if self.previous is not None:
            choices.append(replace(self.hit_filter, time_range=self.previous))
        rule = self.rule or SurgeRule()
        self._counted = [
            _Counted(
                hit_filter,
                Breakdown(self.panels),
                Timeline(rule.resolution),
                Timeline(rule.resolution),
            )
            for hit_filter in choices
        ]
        self._before = self._judged_before(rule)
        origins = in_order(
            self.paths,
            self.reader_of,
            self.notify,
            self._failed,
            warn=self._warned,
            looked_at=self.hit_filter.columns,
        )
        self._sources = [SourceRow(origin, "") for _, origin in origins]
        with ThreadPoolExecutor(self.workers) as pool, ThreadPoolExecutor(self.workers) as feeders:
            work = _Work(pool, self.workers + 1)
            if any(panel.dimension.column == "user_agent" for panel in self.panels):
                work.submit(prepare)
            fed = [feeders.submit(self._feed, source, work) for source in self._sources]
            for feeding in fed:
                feeding.result()
        for counted in self._counted:
            counted.breakdown.finish()
        return self._report(limits, time.monotonic() - began)

    def _judged_before(self, rule: SurgeRule) -> _Counted | None:
        """What counts before ``since``, for the rule alone; ``None``: all is counted anyway."""
        since, _ = self.hit_filter.time_range
        if self.rule is None or since is None:
            return None
        start = bucket_start(since, rule.resolution)
        # The first bucket is in no window, and an alert that was on must be seen to begin.
        reach = 2 * (rule.short + rule.long) + rule.resolution
        hit_filter = replace(self.hit_filter, time_range=(start - reach, since))
        width = rule.resolution
        return _Counted(hit_filter, Breakdown(()), Timeline(width), Timeline(width))

    def _feed(self, source: SourceRow, work: _Work) -> None:
        """Read an input, and have its pieces worked on."""
        try:
            self._read(source, work)
        except DamageError as error:
            error.read(source.lines)
            self._failed(error)
        except InputError as error:
            self._failed(error)

    def _read(self, source: SourceRow, work: _Work) -> None:
        origin = source.origin
        reader = self.reader_of(origin)
        if origin != STDIN and not is_stream(origin):
            with PlainFile(origin) as file:
                if file.is_plain and reader.is_line_by_line:
                    begin, end = self._byte_range(file, reader)
                    source.bytes_passed_over = file.size - (end - begin)
                    self._work_on(file.spans(PIECE, begin, end), reader, source, work)
                    if file.skipped.runs:
                        self._warned(f"{origin}: {file.skipped.wording}")
                    if error := file.error(source.lines):
                        raise error
                    return
        chunks = chunks_of(origin, numbered=False, warn=self._warned, stopped=self.stopped)
        self._work_on(_pieces(chunks), reader, source, work)

    def _work_on(
        self, pieces: Iterator[Span | Chunk], reader: Reader, source: SourceRow, work: _Work
    ) -> None:
        """Hand out pieces; those of which each depends on the one before are parsed here."""
        running: list[Future[None]] = []
        damage: DamageError | None = None
        before: Future[Course] = Future()
        before.set_result(UNKNOWN)
        try:
            for piece in pieces:
                if self.stopped():
                    break
                if reader.log_format is None and not reader.recognise(piece.read()):
                    raise unknown_format(reader, source.origin)
                if not reader.is_line_by_line:
                    data = piece.read()
                    found = reader.read(data)
                    self._progressed(data, source)
                    running.append(work.submit(self._count_all, found, source))
                else:
                    course: Future[Course] = Future()
                    ends = (before, course)
                    running.append(work.submit(self._parse_and_count, piece, reader, source, ends))
                    before = course
        except DamageError as error:
            damage = error
        self._count_all(reader.finish(), source)
        for future in running:
            future.result()
        source.log_format = reader.log_format.name if reader.log_format else ""
        source.guesses = reader.log_format.guesses if reader.log_format else ()
        if damage:
            raise damage

    def _byte_range(self, file: PlainFile, reader: Reader) -> tuple[int, int]:
        """Offsets between which all hits lie that may count, when lines are in order."""
        extents = [counted.hit_filter.time_range for counted in self._all_counted()]
        starts = [since for since, _ in extents if since is not None]
        ends = [until for _, until in extents if until is not None]
        since = min(starts) if len(starts) == len(extents) else None
        until = max(ends) if len(ends) == len(extents) else None
        timed = reader.log_format is not None and reader.log_format.fills("time")
        if not timed or (since is None and until is None) or file.size < WORTH_SEEKING:
            return 0, file.size
        times_of = times_by(reader)

        def offset(instant: Instant) -> int:
            return offset_since(file.read_at, file.size, instant, times_of)

        try:
            if not file.is_dense or not is_ordered(file.read_at, file.size, times_of, _DISORDER):
                return 0, file.size
            begin = offset(since - _DISORDER) if since is not None else 0
            end = offset(until + _DISORDER) if until is not None else file.size
        except OSError:
            # Where it cannot be read is found out when all of it is.
            return 0, file.size
        return begin, max(begin, end)

    def _parse_and_count(
        self,
        piece: Span | Chunk,
        reader: Reader,
        source: SourceRow,
        ends: tuple[Future[Course], Future[Course]],
    ) -> None:
        """Parse a piece, and count it.

        Clock times that come twice, on the night on which the clock is set back, are told by the
        lines before them: a piece that has any waits for the one before it, which was handed
        out earlier, and is read again.

        Args:
            piece: the lines.
            reader: what reads them.
            source: the input.
            ends: what the times tell at the beginning of the piece, and at its end.

        """
        before, after = ends
        course = UNKNOWN
        try:
            if self.stopped():
                return
            data = piece.read()
            if not data:
                course = before.result()
                return
            lines = reader.bare(data)
            hits = self._parsed(lines, reader, course)
            if hits.twice:
                course = before.result()
                hits = self._parsed(lines, reader, course)
            # Only what has no hits asks: pieces of a log would wait for each other otherwise.
            course = hits.course if len(hits) else before.result()
        finally:
            after.set_result(course)
        self._progressed(data, source)
        self._count(reader.postprocess(hits), source)

    def _parsed(self, lines: bytes, reader: Reader, course: Course) -> Hits:
        while True:
            with self._lock:
                parser, unmatched = reader.parser, reader.unmatched
            hits = parser.parse(lines, keep_rejects=unmatched, course=course)
            with self._lock:
                if not reader.reconsider(hits):
                    return hits

    def _progressed(self, data: bytes, source: SourceRow) -> None:
        with self._lock:
            source.bytes_read += len(data)
            if self.progress:
                self.progress(len(data))

    def _count_all(self, found: list[Hits], source: SourceRow) -> None:
        for hits in found:
            self._count(hits, source)

    def _count(self, hits: Hits, source: SourceRow) -> None:
        hit = 0
        for counted in self._all_counted():
            hit_batch = self._bots.hit_batch(hits, counted.hit_filter.flags(hits))
            if counted is self._counted[0]:
                hit = len(hit_batch)
            if len(hit_batch):
                if counted is not self._before:
                    counted.breakdown.add(hits, hit_batch)
                self._add_steps(counted, hits, hit_batch)
        with self._lock:
            source.lines += hits.lines
            source.rejects += hits.rejected
            source.hits += hit
            source.excluded += len(hits) - hit
            for reason, count in (hits.reasons if hits.rejected else {}).items():
                self._reasons[reason] = self._reasons.get(reason, 0) + count

    def _add_steps(self, counted: _Counted, hits: Hits, hit_batch: _kernel.HitBatch) -> None:
        if not hits.has("time"):
            return
        steps = hit_batch.steps(counted.timeline.width)
        ends = hit_batch.range()
        with self._lock:
            counted.hits += len(hit_batch)
            counted.timeline.add((start, count) for start, count, _, _ in steps)
            counted.sent.add((start, size) for start, _, size, sized in steps if sized)
            counted.widen(ends)

    def _all_counted(self) -> list[_Counted]:
        return [*self._counted, self._before] if self._before else self._counted

    def _alerts(self, main: _Counted) -> tuple[tuple[Fired, ...], Instant | None]:
        """The alerts of the time that counts, and from when on the rule was judged."""
        rule = self.rule
        if rule is None:
            return (), None
        timeline, sent = Timeline(rule.resolution), Timeline(rule.resolution)
        for counted in (self._before, main):
            if counted is not None:
                timeline.merge(counted.timeline)
                sent.merge(counted.sent)
        first = next((start for start, _ in timeline), None)
        if first is None:
            return (), None
        judged_from = first + rule.short + rule.long + rule.resolution
        since, _ = self.hit_filter.time_range
        alerts = judged(rule, timeline, sent)
        if since is not None:
            judged_from = max(judged_from, since)
            alerts = tuple(a for a in alerts if a.resolved_at is None or a.resolved_at > since)
        return alerts, judged_from

    def _report(self, limits: View, elapsed_s: float) -> Report:
        main, *others = self._counted
        breakdown = main.breakdown
        total, (visitors_error, durations_error) = breakdown.total(), breakdown.total_errors()
        clients, clients_exact = breakdown.distinct("client")
        referrers, referrers_exact = breakdown.distinct("referrer")
        start, end = main.range or (None, None)
        base = others[0] if others else None
        alerts, judged_from = self._alerts(main)
        statuses = next((p for p in self.panels if p.name == "statuses"), None)
        rows = breakdown.rows(statuses, "hits", None)[0] if statuses else []
        return Report(
            sources=tuple(self._sources),
            start=start,
            end=end,
            gaps=main.timeline.gaps(),
            bytes=total.bytes if total else 0,
            statuses={row.key: row.hits for row in sorted(rows, key=lambda row: row.key)},
            visitors=total.visitors if total else 0,
            sections=breakdown.keys("sections"),
            paths=breakdown.keys("paths"),
            # Of true clients: several may have one key in the panel.
            clients=clients,
            static_files=breakdown.keys("static_files"),
            not_found=breakdown.keys("not_found"),
            referrers=referrers,
            bots=total.bots if total else 0,
            duration=total.duration if total else None,
            panels=panel_rows(breakdown, limits, base.breakdown if base else None, self._scale()),
            histogram=breakdown.durations(),
            alerts=alerts,
            judged_from=judged_from,
            reach=self.rule.short + self.rule.long if self.rule else 0,
            reasons=self._reasons,
            complete=not self.failures and not self.stopped(),
            elapsed_s=elapsed_s,
            previous=_compared(base) if base else None,
            absent=self._absent(),
            errors={
                "visitors": visitors_error,
                "sections": breakdown.keys_error("sections"),
                "paths": breakdown.keys_error("paths"),
                "clients": 0.0 if clients_exact else KEYS_ERROR,
                "static_files": breakdown.keys_error("static_files"),
                "not_found": breakdown.keys_error("not_found"),
                "referrers": 0.0 if referrers_exact else KEYS_ERROR,
                "duration": durations_error,
            },
        )

    def _absent(self) -> frozenset[str]:
        """Columns of panels, and that by which bots are told, that no input has."""
        known = [self.reader_of(source.origin).log_format for source in self._sources]
        columns = {dimension.column for panel in self.panels for dimension in panel.dimensions} | {
            "user_agent"
        }
        filled = {name for name in columns for one in known if one is None or one.fills(name)}
        return frozenset(columns - filled) if known else frozenset()

    def _scale(self) -> float:
        """How much longer the range is than the one it is compared with."""
        lengths = []
        for counted in self._counted:
            covered = counted.range or (0, 0)
            ends = zip(counted.hit_filter.time_range, covered, strict=True)
            since, until = (covered if given is None else given for given, covered in ends)
            lengths.append(until - since)
        return lengths[0] / lengths[1] if len(lengths) > 1 and lengths[1] else 1.0

    def _failed(self, error: InputError) -> None:
        with self._lock:
            self.failures.append(error)
        log.error("%s", error)
        self._warned(str(error))

    def _warned(self, text: str) -> None:
        (self.warn or self.notify)(text)

    def size(self) -> int:
        """Bytes of the inputs as they lie on the disk."""
        return sum(Path(path).stat().st_size for path in self.paths if Path(path).is_file())


class _Work:
    """A pool of threads that takes on no more than it can hold.

    Args:
        pool: the threads.
        most: how many tasks may wait or run.

    """

    def __init__(self, pool: ThreadPoolExecutor, most: int) -> None:
        self._pool, self._free = pool, threading.BoundedSemaphore(most)

    def submit(self, task: Callable[..., None], *words: object) -> Future[None]:
        """Have a task done; waits while there are too many."""
        self._free.acquire()
        future = self._pool.submit(task, *words)
        future.add_done_callback(lambda _: self._free.release())
        return future


def _compared(base: _Counted) -> PreviousPeriod:
    total = base.breakdown.total()
    since, until = base.hit_filter.time_range
    start, end = base.range or (since, until)
    return PreviousPeriod(
        start=since if since is not None else start,
        end=until if until is not None else end,
        hits=base.hits,
        bytes=total.bytes if total else 0,
        visitors=total.visitors if total else 0,
        visitors_error=base.breakdown.total_errors()[0],
    )


def _pieces(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Put chunks together to pieces; a report names no line numbers.

    Some wait until they are worked on, hence they are smaller than those read when they are.
    """
    held: list[bytes] = []
    size = 0
    damage: DamageError | None = None
    try:
        for chunk in chunks:
            held.append(chunk.data)
            size += len(chunk.data)
            if size >= PIECE // 2:
                yield Chunk(chunk.origin, b"".join(held), 1)
                held, size = [], 0
    except DamageError as error:
        # What stands before the damage comes first.
        damage = error
    if held:
        yield Chunk("", b"".join(held), 1)
    if damage:
        raise damage
