"""The modes as rows of one table: each says its source, its clock and its reader.

=========  ==================  ====================  ==========================
mode       source              clock                 display periods end by
=========  ==================  ====================  ==========================
watch      growing files       the wall's            the wall's clock
watch -    standard input      the wall's            the wall's clock
replay     whole files         the log's, at a pace  the log's clock
=========  ==================  ====================  ==========================
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from msgspec import Struct, field

from hitwatch.alerting.alert import Transition
from hitwatch.alerting.rule import SurgeRule
from hitwatch.engine import Engine, Shown
from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.formats.format import Layout
from hitwatch.hits.batch import Hits
from hitwatch.hits.reader import Reader
from hitwatch.instants import MINUTE, SECOND, Duration, Instant
from hitwatch.ports import Clock, Display
from hitwatch.readmodel import Report
from hitwatch.render.units import clock_time
from hitwatch.run.inputs import know, times_by
from hitwatch.run.interleave import Input
from hitwatch.run.logs import Logs
from hitwatch.run.loop import Loop
from hitwatch.run.readers import Readers
from hitwatch.sources.codec import detect_codec
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import Head, head_of_pieces
from hitwatch.sources.finite import as_far_as_readable
from hitwatch.sources.seek import ReadAt, last_header, last_time, offset_since
from hitwatch.sources.stdin import Stdin
from hitwatch.sources.tail import FileEvent, Follower, OpenFile, Tail
from hitwatch.sources.text import detect_encoding
from hitwatch.stats.dimension import Panel
from hitwatch.stats.panels import panels
from hitwatch.zones import IN_UTC, Zone

log = logging.getLogger("hitwatch.reader")

EVERY: Duration = 10 * SECOND
"""Length of a display period, unless somebody says it."""

_HEAD = 64 * 1024
_MOST_COUNTED = 256 << 20
"""How much of a file is read to know the day of its last lines, where they do not say."""
_COUNTED = 1 << 20
_EARLY: Duration = MINUTE
"""How far ahead of its place a line may stand in a log and still be read back."""


class Run(Struct, frozen=True):
    """What the modes share.

    Attributes:
        rule: the rule that is judged.
        logs: whole logs that are played; ``None`` where logs are followed.
        zone: whose days are those of visitors.
        notes: what the user is told when logs that are followed are open.
        every: length of a display period; ``None``: ten seconds, and none of a replay.
        readers: give the reader of each log, which builds the columns that panels need.
        clock: tells the time.
        display: shows things.
        notify: tells the user something about the run itself, on standard error.
        warn: tells the user of what could not be read, also one who wants no progress told.
        stopped: whether somebody asked the run to end.
        state_asked: whether somebody asked for its state since this was asked last.
        progress: told how many bytes of whole logs have been read.
        alert_log: takes the transitions of alerts.
        counted: the panels that are counted.
        shown: those of them that are shown; ``None``: none.

    """

    rule: SurgeRule
    every: Duration | None
    readers: Readers
    clock: Clock
    display: Display
    notify: Callable[[str], None]
    stopped: Callable[[], bool]
    alert_log: Callable[[Transition], None] | None = None
    warn: Callable[[str], None] | None = None
    counted: tuple[Panel, ...] = field(default_factory=panels)
    shown: Shown | None = None
    state_asked: Callable[[], bool] = lambda: False
    progress: Callable[[int], None] | None = None
    logs: Logs | None = None
    zone: Zone = IN_UTC
    notes: Sequence[str] = ()

    @property
    def opened(self) -> Logs:
        """The whole logs that are played."""
        if self.logs is None:
            raise ValueError("no logs are open")
        return self.logs

    def engine(self, *, every: Duration | None, log_clock: bool = False) -> Engine:
        """What counts and judges."""
        return Engine(
            self.rule,
            every=every,
            log_clock=log_clock,
            counted=self.counted,
            shown=self.shown,
            zone=self.zone,
        )

    def tell_notes(self) -> None:
        """Tell the user what there is to be said of the logs."""
        for note in self.notes:
            self.notify(note)

    def warn_user(self, text: str) -> None:
        """Warn the user of what could not be read."""
        (self.warn or self.notify)(text)


def watch(
    run: Run,
    paths: list[str],
    *,
    backfill: Duration = 30 * MINUTE,
    from_start: bool = False,
    ends_at: Instant | None = None,
) -> Report:
    """Follow files or standard input live.

    Args:
        run: what the modes share.
        paths: files, or ``-`` alone.
        backfill: how much of the log's own time to read back before following.
        from_start: read the files from their beginnings, as if every line were new.
        ends_at: when to end by itself.

    Raises:
        InputError: a file is binary, or in no known format.

    """
    engine = run.engine(every=run.every or EVERY)
    if paths == [STDIN]:
        run.tell_notes()
        stdin = Stdin(warn=run.warn_user, stopped=run.stopped)
        return _loop(run, engine, ends_at=ends_at).watch(stdin)
    followers = [Follower(path, partial(_on_file_event, run)) for path in paths]
    loop, source = _loop(run, engine, ends_at=ends_at), Tail(followers)
    try:
        span = None if from_start else backfill
        begun = [_begin(run, follower, loop, span) for follower in followers]
        run.tell_notes()
        read_back = [each for each in begun if each is not None]
        loop.read_back([Input(each.path, 0, each.hits) for each in read_back])
        for each in read_back:
            up_to = clock_time(each.latest, run.zone)
            run.notify(f"{each.path}: read back {each.lines:,} lines up to {up_to}")
        latest = max((each.latest for each in read_back), default=0)
        written_at = max((f.file.modified_at for f in followers if f.file), default=0)
        # The latest hit that counts may be older than the log's last line.
        loop.written_at = written_at - max(0, latest - (engine.watermark.latest or latest))
        for alert in engine.end_backfill():
            loop.emit(alert)
        return loop.watch(source)
    finally:
        source.close()


def _loop(
    run: Run, engine: Engine, *, ends_at: Instant | None = None, speed: float | None = None
) -> Loop:
    return Loop(
        engine=engine,
        reader_of=run.readers,
        clock=run.clock,
        display=run.display,
        stopped=run.stopped,
        every=run.every or EVERY,
        speed=speed,
        alert_log=run.alert_log,
        ends_at=ends_at,
        notify=run.notify,
        warn=run.warn_user,
        state_asked=run.state_asked,
    )


def _on_file_event(run: Run, event: FileEvent) -> None:
    log.info("file", extra={"origin": event.path, "detail": event.message})
    (run.warn_user if event.wrong else run.notify)(f"{event.path} {event.message}")


class _ReadBack(Struct):
    """What came into a log before it is followed.

    Attributes:
        path: the log.
        latest: time of its latest line.
        hits: what is read back.
        lines: how many lines that has been.

    """

    path: str
    latest: Instant
    hits: Iterator[Hits]
    lines: int = 0


def _begin(run: Run, follower: Follower, loop: Loop, backfill: Duration | None) -> _ReadBack | None:
    """Open a file at the right place. Returns what is to be read back of it, if anything."""
    if not follower.open() or follower.file is None:
        return None
    file, size = follower.file, follower.file.size
    head = _head_of(file, size, follower.path)
    reader = loop.reader_of(follower.path)
    _recognise(run, reader, head, follower.path)
    if backfill is None or reader.log_format is None:
        return None
    if not reader.log_format.fills("time"):
        return None
    if not reader.has_lines:
        # Where an object begins is not known in the middle of a file.
        file.offset = _line_start(file.read_at, size)
        return None
    if reader.log_format.layout is Layout.W3C:
        _recall(reader, file.read_at, size)
    if reader.counts_days:
        latest = _begin_counting(reader, file, size, backfill)
    else:
        latest = _begin_bisecting(run, reader, file, size, backfill)
    if latest is None or backfill == 0:
        return None
    found = _ReadBack(follower.path, latest, iter(()))
    found.hits = _counting(found, loop.read_all(follower.read_up_to(size)))
    return found


def _counting(read_back: _ReadBack, hits: Iterator[Hits]) -> Iterator[Hits]:
    """Hits as they come, their lines counted."""
    for each in hits:
        read_back.lines += each.lines
        yield each


def _head_of(file: OpenFile, size: int, path: str) -> Head:
    """The first whole lines of an open file that can be read.

    Raises:
        InputError: it is binary as far as it was looked at, compressed, or in UTF-16.

    """
    first = file.read_at(0, 8)
    for other, why in (
        (detect_codec(first), "a compressed log does not grow"),
        (detect_encoding(first), "a log in UTF-16 cannot be followed"),
    ):
        if other:
            raise InputError(
                why, where=path, hint="hitwatch report or hitwatch replay reads it as it is now"
            )
    begin = file.text_from(0)
    pieces = (file.read_at(at, min(_HEAD, size - at)) for at in range(begin, size, _HEAD))
    return head_of_pieces(path, pieces, ended=False)


def _recall(reader: Reader, read_at: ReadAt, offset: int) -> None:
    """Take over what the head of a W3C log says of the lines from an offset on."""
    for start in (b"#Software:", b"#Date:", b"#Fields:"):
        reader.apply_directive(last_header(read_at, offset, start) or b"")


def _begin_bisecting(
    run: Run, reader: Reader, file: OpenFile, size: int, backfill: Duration
) -> Instant | None:
    """Find the place in a file whose lines say when they were written.

    Returns:
        Time of its latest line; ``None`` when there is none.

    """
    times_of = times_by(reader)
    latest = last_time(file.read_at, size, times_of)
    if latest is None or backfill == 0:
        file.offset = _line_start(file.read_at, size)
        return latest
    since = latest - backfill - _EARLY
    if run.readers.zone is not None:
        # What the clock shows twice is told by the lines before it.
        since = run.readers.zone.start_before_repeat(since, latest)
    file.offset = offset_since(file.read_at, size, since, times_of)
    if reader.log_format is not None and reader.log_format.layout is Layout.W3C:
        _recall(reader, file.read_at, file.offset)
    return latest


def _begin_counting(
    reader: Reader, file: OpenFile, size: int, backfill: Duration
) -> Instant | None:
    """Find the place in a file in which the day is told by the lines before; read them for it.

    Returns:
        Time of its latest line; ``None`` when there is none.

    """
    start = 0
    if size > _MOST_COUNTED:
        start = _line_start(file.read_at, size - _MOST_COUNTED)
    probe = reader.probe()
    _recall(probe, file.read_at, start)
    places: list[tuple[int, Instant | None, Reader]] = []
    while start < size:
        block = file.read_at(start, min(_COUNTED, size - start))
        stop = block.rfind(b"\n") + 1
        if not stop:
            break
        before = probe.again()
        times = [time for hits in probe.read(block[:stop]) for time in hits.times()]
        places.append((start, max(times, default=None), before))
        start += stop
    latest = max((time for _, time, _ in places if time is not None), default=None)
    file.offset = start
    reader.continue_from(probe)
    if latest is not None and backfill:
        late = latest - backfill
        place = next(place for place in places if place[1] is not None and place[1] >= late)
        file.offset = place[0]
        reader.continue_from(place[2])
    return latest


def _line_start(read_at: Callable[[int, int], bytes], size: int) -> int:
    """Where the line begins that is being written at the end of a file."""
    start = max(0, size - _HEAD)
    block = read_at(start, size - start)
    return start + block.rfind(b"\n") + 1


def _recognise(run: Run, reader: Reader, head: Head, path: str) -> None:
    given = reader.log_format is not None
    if not head.lines:
        run.notify(f"{path}: empty so far; the format is found from its first lines")
        return
    know(reader, head, path)
    if reader.log_format is not None:
        how = "as told" if given else "recognised"
        if reader.envelope:
            how += f", carried by {reader.envelope}"
        others = reader.fit.tied if reader.fit else ()
        tied = f" ({' and '.join(others)} would fit as well)" if others else ""
        run.notify(f"{path}: format {reader.log_format.name}, {how}{tied}")
        log.info("format", extra={"origin": path, "format": reader.log_format.name, "how": how})


def _told(run: Run, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Chunks as they come; how large each was is told when it has been worked on."""
    for chunk in chunks:
        yield chunk
        if run.progress:
            run.progress(len(chunk.data))


def replay(run: Run, *, speed: float | None = None) -> tuple[Report | None, bool]:
    """Play whole logs through the engine on their own clock.

    Args:
        run: what the modes share, the logs opened.
        speed: how many seconds of the log pass in one; ``None``: as fast as can be.

    Returns:
        The report of the run that ended, and whether every file could be read.

    Raises:
        InputError: no file could be read.

    """
    logs = run.opened

    def failed(error: InputError) -> None:
        logs.failures.append(error)
        log.error("unreadable", extra={"error": str(error)})
        run.warn_user(str(error))

    engine = run.engine(every=run.every, log_clock=True)
    loop = _loop(run, engine, speed=speed)
    if logs.failures and not logs.ordered:
        return None, False
    chunks = partial(logs.chunks, warn=run.warn_user, stopped=run.stopped)
    inputs = [
        Input(
            each.path,
            each.first_at,
            loop.hits_of(each.path, _told(run, as_far_as_readable(chunks(each.path), failed))),
        )
        for each in logs.ordered
    ]
    return loop.replay(inputs), not logs.failures
