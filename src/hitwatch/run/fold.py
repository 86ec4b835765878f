"""Whole logs read and parsed in pieces, on all cores; counts nothing itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

from msgspec import Struct, field

from hitwatch.errors import DamageError, InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.hits.batch import CLOCK_UNKNOWN, ClockState, Hits
from hitwatch.hits.reader import Reader
from hitwatch.instants import MINUTE, Instant
from hitwatch.readmodel import SourceRow
from hitwatch.run.inputs import times_by, unknown_format
from hitwatch.run.logs import Logs
from hitwatch.select.filter import TimeRange
from hitwatch.select.sample import Sample
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import is_stream
from hitwatch.sources.plain import PlainFile, Span
from hitwatch.sources.seek import is_ordered, offset_since

PIECE = 3 << 20
"""Bytes that are parsed and counted at once: many enough for each key to come up often."""

WORTH_SEEKING = 32 << 20
"""Bytes of a file of which only the part with the wanted times is read."""

MOST_WORKERS = 4
"""How many pieces are worked on at once: what each needs in memory has to stay bounded."""

_DISORDER = MINUTE
"""How much older than those before it a line may be in a file that is bisected."""


Counter: TypeAlias = Callable[[Hits, SourceRow], None]
"""Counts hits of a source; called by several threads at once."""


class Fold(Struct):
    """Reads logs and hands their hits to be counted.

    Attributes:
        logs: what is read; what cannot be is among its failures.
        count: takes hits.
        time_ranges: the only times that count; a line outside of all of them need not be read.
        stopped: whether somebody asked the run to end.
        warn: tells the user of what could not be read.
        progress: told how many bytes have been read.
        workers: how many pieces are worked on at once.
        sample: which lines are read; ``None``: all.
        keep_values: whether texts are remembered from piece to piece, which is for hits that are
            counted without looking at the texts of each.

    """

    logs: Logs
    count: Counter
    time_ranges: list[TimeRange]
    stopped: Callable[[], bool]
    warn: Callable[[str], None]
    progress: Callable[[int], None] | None = None
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, MOST_WORKERS))
    sample: Sample | None = None
    keep_values: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, sources: list[SourceRow], prepare: Callable[[], None] | None) -> None:
        """Read everything.

        Args:
            sources: the inputs; what was read of each is written into it.
            prepare: work that may be done beside reading, before anything is counted.

        """
        with ThreadPoolExecutor(self.workers) as pool, ThreadPoolExecutor(self.workers) as feeders:
            work = _Work(pool, self.workers + 1)
            if prepare:
                work.submit(prepare)
            fed = [feeders.submit(self._feed, source, work) for source in sources]
            for feeding in fed:
                feeding.result()

    def fail(self, error: InputError) -> None:
        """Take the error of an input that cannot be read, and warn of it."""
        with self._lock:
            self.logs.fail(error, self.warn)

    def _feed(self, source: SourceRow, work: _Work) -> None:
        """Read an input, and have its pieces worked on."""
        try:
            self._read(source, work)
        except DamageError as error:
            error.set_lines(source.lines)
            self.fail(error)
        except InputError as error:
            self.fail(error)

    def _read(self, source: SourceRow, work: _Work) -> None:
        origin = source.origin
        reader = self.logs.reader_of(origin)
        if origin != STDIN and not is_stream(origin):
            with PlainFile(origin) as file:
                if file.is_plain and reader.is_line_by_line:
                    begin, end = self._byte_range(file, reader)
                    source.bytes_passed_over = file.size - (end - begin)
                    self._work_on(file.spans(PIECE, begin, end), reader, source, work)
                    if file.skipped.runs:
                        self.warn(f"{origin}: {file.skipped.wording}")
                    if error := file.error(source.lines):
                        raise error
                    return
        chunks = self.logs.chunks(origin, numbered=False, warn=self.warn, stopped=self.stopped)
        self._work_on(_pieces(chunks), reader, source, work)

    def _work_on(
        self, pieces: Iterator[Span | Chunk], reader: Reader, source: SourceRow, work: _Work
    ) -> None:
        """Hand out pieces; those of which each depends on the one before are parsed here."""
        running: list[Future[None]] = []
        damage: DamageError | None = None
        before: Future[ClockState] = Future()
        before.set_result(CLOCK_UNKNOWN)
        try:
            for number, piece in enumerate(pieces):
                if self.stopped():
                    break
                if reader.log_format is None and not reader.recognise(piece.read()):
                    raise unknown_format(reader, source.origin)
                if not reader.is_line_by_line:
                    data = piece.read()
                    found = reader.read(self._sampled(data, number, reader, source))
                    self._progressed(data, source)
                    running.append(work.submit(self._count_all, found, source))
                else:
                    clock_state: Future[ClockState] = Future()
                    ends = (before, clock_state)
                    task = work.submit(self._parse_and_count, piece, number, reader, source, ends)
                    running.append(task)
                    before = clock_state
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
        ranges = self.time_ranges
        starts = [since for since, _ in ranges if since is not None]
        ends = [until for _, until in ranges if until is not None]
        since = min(starts) if len(starts) == len(ranges) else None
        until = max(ends) if len(ends) == len(ranges) else None
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
        number: int,
        reader: Reader,
        source: SourceRow,
        ends: tuple[Future[ClockState], Future[ClockState]],
    ) -> None:
        """Parse a piece, and count it.

        Clock times that come twice, on the night on which the clock is set back, are told by the
        lines before them: a piece that has any waits for the one before it, which was handed
        out earlier, and is read again.

        Args:
            piece: the lines.
            number: how many pieces of the input were before it.
            reader: what reads them.
            source: the input.
            ends: what the times tell at the beginning of the piece, and at its end.

        """
        before, after = ends
        clock_state = CLOCK_UNKNOWN
        try:
            if self.stopped():
                return
            data = piece.read()
            if not data:
                clock_state = before.result()
                return
            lines = reader.unwrap(self._sampled(data, number, reader, source))
            hits = self._parsed(lines, reader, clock_state)
            if hits.ambiguous_times:
                clock_state = before.result()
                hits = self._parsed(lines, reader, clock_state)
            # Only what has no hits asks: pieces of a log would wait for each other otherwise.
            clock_state = hits.clock_state if len(hits) else before.result()
        finally:
            after.set_result(clock_state)
        self._progressed(data, source)
        self.count(reader.postprocess(hits), source)

    def _parsed(self, lines: bytes, reader: Reader, clock_state: ClockState) -> Hits:
        while True:
            with self._lock:
                parser, unmatched = reader.parser, reader.unmatched
            hits = parser.parse(
                lines,
                keep_rejects=unmatched,
                clock_state=clock_state,
                keep_values=self.keep_values,
            )
            with self._lock:
                if not reader.reconsider(hits):
                    return hits

    def _sampled(self, lines: bytes, number: int, reader: Reader, source: SourceRow) -> bytes:
        """The lines of a piece that are read."""
        if self.sample is None:
            return lines
        if not reader.has_whole_lines:
            raise InputError(
                "cannot be sampled",
                where=source.origin,
                why="its lines may be parts of longer ones, of which one alone tells nothing",
                hint="leave --sample out",
            )
        return self.sample.of(lines, number, reader.directive)

    def _progressed(self, data: bytes, source: SourceRow) -> None:
        with self._lock:
            source.bytes_read += len(data)
            if self.progress:
                self.progress(len(data))

    def _count_all(self, found: list[Hits], source: SourceRow) -> None:
        for hits in found:
            self.count(hits, source)


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
