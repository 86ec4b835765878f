"""The modes as rows of one table: each says its source, its clock and its reader.

=========  ==================  ====================  ==========================
mode       source              clock                 display periods end by
=========  ==================  ====================  ==========================
watch      growing files       the wall's            the wall's clock
watch      named pipes         the wall's            the wall's clock
watch      syslog messages     the wall's            the wall's clock
watch -    standard input      the wall's            the wall's clock
replay     whole files         the log's, at a pace  the log's clock
=========  ==================  ====================  ==========================
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from msgspec import Struct, field

from hitwatch.alerting.alert import Transition
from hitwatch.alerting.rule import SurgeRule
from hitwatch.engine import Engine, Shown
from hitwatch.errors import InputError, unreadable_input
from hitwatch.follow.chunk import Chunk
from hitwatch.instants import MINUTE, SECOND, Duration, Instant
from hitwatch.ports import Clock, Display
from hitwatch.readmodel import Report
from hitwatch.render.units import clock_time
from hitwatch.run.beginning import begin
from hitwatch.run.interleave import Input
from hitwatch.run.logs import Logs
from hitwatch.run.loop import Loop
from hitwatch.run.readers import Readers
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import is_stream
from hitwatch.sources.finite import as_far_as_readable
from hitwatch.sources.members import Members
from hitwatch.sources.pipe import Pipe
from hitwatch.sources.stdin import Stdin
from hitwatch.sources.syslog import Listener
from hitwatch.sources.tail import FileEvent, Followed, Follower, Tail
from hitwatch.stats.dimension import Panel
from hitwatch.stats.panels import panels
from hitwatch.zones import IN_UTC, Zone

log = logging.getLogger("hitwatch.reader")

EVERY: Duration = 10 * SECOND
"""Length of a display period, unless somebody says it."""


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
    members: Members | None = None,
    listen: Iterable[str] = (),
    backfill: Duration = 30 * MINUTE,
    from_start: bool = False,
    ends_at: Instant | None = None,
) -> Report:
    """Follow files or standard input live.

    Args:
        run: what the modes share.
        paths: files, or ``-`` alone; none where there is enough to listen to.
        members: tells which logs come among those that were named; ``None``: none will.
        listen: where syslog messages are taken.
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
    pipes = [path for path in paths if is_stream(path)]
    followers = [
        Follower(path, partial(_on_file_event, run)) for path in paths if path not in pipes
    ]
    loop = _loop(run, engine, ends_at=ends_at)
    come = partial(_come, run, loop, members) if members else None
    source = Tail([*followers, *_pipes(run, pipes), *_listeners(run, listen)], come)
    try:
        span = None if from_start else backfill
        begun = [begin(run, follower, loop, span) for follower in followers]
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


def _pipes(run: Run, paths: Iterable[str]) -> Iterator[Pipe]:
    """Open named pipes.

    Raises:
        InputError: one cannot be opened.

    """
    for path in paths:
        try:
            yield Pipe(path, partial(_on_file_event, run))
        except OSError as error:
            raise unreadable_input(path, error) from error
        run.notify(f"{path}: a named pipe; the format is found from its first lines")


def _listeners(run: Run, urls: Iterable[str]) -> Iterator[Listener]:
    """Begin to take messages.

    Raises:
        UsageError: a URL makes no sense.
        InputError: it cannot be listened there.

    """
    for url in urls:
        yield Listener(url, partial(_on_file_event, run))
        run.notify(f"{url}: listening; the format is found from the first messages")


def _come(
    run: Run, loop: Loop, members: Members, followers: Collection[Followed]
) -> list[Follower]:
    """Follow the logs that have come from their beginnings; what is no log is left out."""
    come: list[Follower] = []
    for path in members.appeared(followers):
        follower = Follower(path, partial(_on_file_event, run))
        try:
            run.notify(f"{path} has come, and is followed")
            begin(run, follower, loop, None)
            loop.check_format(path)
        except InputError as error:
            run.warn_user(f"{error}\n  it is left out")
            follower.close()
        else:
            come.append(follower)
    return come


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
    engine = run.engine(every=run.every, log_clock=True)
    loop = _loop(run, engine, speed=speed)
    if logs.failures and not logs.ordered:
        return None, False
    chunks = partial(logs.chunks, warn=run.warn_user, stopped=run.stopped)
    failed = partial(logs.fail, tell=run.warn_user)
    inputs = [
        Input(
            each.path,
            each.first_at,
            loop.hits_of(each.path, _told(run, as_far_as_readable(chunks(each.path), failed))),
        )
        for each in logs.ordered
    ]
    return loop.replay(inputs), not logs.failures
