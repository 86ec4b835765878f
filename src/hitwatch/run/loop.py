"""The only loop: lines in, reports and transitions out, until the input ends or is stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import attrgetter

from msgspec import Struct, field, structs
from msgspec.structs import replace

from hitwatch.alerting.alert import State as AlertState
from hitwatch.alerting.alert import Transition
from hitwatch.engine import Engine
from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.hits.batch import Hits
from hitwatch.hits.reader import Reader
from hitwatch.instants import MINUTE, SECOND, Duration, Instant, format_duration, rfc3339
from hitwatch.ports import Clock, Display, Source
from hitwatch.readmodel import Report
from hitwatch.render.guesses import guess_wording
from hitwatch.run.interleave import Input, interleave
from hitwatch.run.state import Progress, State
from hitwatch.stats.arrivals import Batch

log = logging.getLogger("hitwatch.run")
reader_log = logging.getLogger("hitwatch.reader")
parser_log = logging.getLogger("hitwatch.parser")
tally_log = logging.getLogger("hitwatch.tally")
judge_log = logging.getLogger("hitwatch.judge")
writer_log = logging.getLogger("hitwatch.writer")

POLL: Duration = SECOND // 5
"""How long the loop rests when there is nothing to read."""

_REST = 7
"""How many times as long as it worked the loop rests, up to a second."""

_STATE_EVERY: Duration = MINUTE
"""How often the state of each part is logged."""

_FAR_BEHIND = 4_000_000
"""Bytes read at once from which on a run is behind; it is said when it has caught up."""


class Loop(Struct):
    """One run.

    Attributes:
        engine: counts and judges.
        reader_of: the reader of an origin's lines.
        clock: tells the time.
        display: shows things.
        stopped: whether somebody asked the run to end.
        every: length of a display period on the clock.
        speed: of a replay, how many seconds of the log pass in one; ``None``: as fast as
            can be.
        alert_log: takes the transitions of alerts.
        ends_at: when a run of limited length ends.
        notify: tells the user something about the run itself.
        warn: tells it also one who wants no progress told.
        state_asked: whether somebody asked for the state since this was asked last.
        written_at: when, on the clock, the latest event was written.

    """

    engine: Engine
    reader_of: Callable[[str], Reader]
    clock: Clock
    display: Display
    stopped: Callable[[], bool]
    every: Duration = 10 * SECOND
    speed: float | None = None
    alert_log: Callable[[Transition], None] | None = None
    ends_at: Instant | None = None
    notify: Callable[[str], None] = log.info
    warn: Callable[[str], None] = log.warning
    state_asked: Callable[[], bool] = lambda: False
    written_at: Instant = 0
    _source: Source | None = None
    _live: dict[str, Input] = field(default_factory=dict)
    _log_began: Instant | None = None
    _wall_began: Instant = 0
    _checked: set[str] = field(default_factory=set)
    _metric_notified: bool = False
    _behind_since: tuple[Instant, int] | None = None
    _state_at: Instant = 0
    _progress: Progress | None = None

    @property
    def progress(self) -> Progress:
        """How far the run has come."""
        if self._progress is None:
            self._progress = Progress(self.engine)
        return self._progress

    def watch(self, source: Source) -> Report:
        """Follow a source on the clock's time, showing a report every display period."""
        self._source = source
        every = self.every
        last_tick = self._state_at = self.clock.now()
        self.progress.begin(last_tick)
        next_tick = last_tick - last_tick % every + every
        while not self.stopped() and not source.ended:
            counted, held, began = self.engine.balance.hits, self._held, self.clock.now()
            chunks = source.poll(held)
            self._feed(chunks, source.lag_of)
            now = self.clock.now()
            # Lines that do not count must not keep an alert from ending.
            if self.engine.balance.hits > counted:
                self.written_at = now
            elif not self._behind(chunks):
                self._emit(self.engine.idle(self._log_time(now)))
            self._tell_caught_up(chunks, source, now)
            if now >= next_tick:
                ended = self.engine.tick(now, now - last_tick)
                self._show(replace(ended, state=self._state(source, now, "stats")), source.lag)
                last_tick, next_tick = now, now - now % every + every
            if self.state_asked():
                self.warn(self.progress.wording(source))
                self._log_state(source, now)
            elif now >= self._state_at + _STATE_EVERY:
                self._log_state(source, now)
            if self.ends_at is not None and now >= self.ends_at:
                break
            if not self._behind(chunks):
                # Of many logs each has a few lines, and looking at them takes most of the time.
                rest = min(max(POLL, _REST * (self.clock.now() - began)), SECOND)
                self.clock.wait(min(rest, next_tick - now))
        return self._end(source, last_tick)

    def replay(self, inputs: Iterable[Input]) -> Report:
        """Play finite inputs on the log's own clock, as one stream ordered by time."""
        self._wall_began = self.clock.now()
        for batches in interleave(inputs, self._prepared):
            self._emit(self.engine.feed_together(batches))
            if self.stopped():
                break
        else:
            self._emit(self.engine.finish())
        return self._finish(self.engine.watermark.latest)

    def hits_of(self, origin: str, chunks: Iterable[Chunk]) -> Iterator[Hits]:
        """The hits of an input that ends, in the order of its lines."""
        yield from self.read_all(chunks)
        if origin in self._checked:
            yield from self.reader_of(origin).finish()

    def read_all(self, chunks: Iterable[Chunk]) -> Iterator[Hits]:
        """The hits of some chunks, in their order."""
        for chunk in chunks:
            yield from self.read(chunk)

    def read_back(self, inputs: Iterable[Input]) -> None:
        """Count what came into logs before a watch; of its alerts is told in the log alone."""
        for batches in interleave(inputs, self._prepared):
            for shown in self.engine.feed_together(batches):
                if isinstance(shown, Transition):
                    _log_transition(shown, "read back")
            if self.stopped():
                break

    def _prepared(self, hits: Hits, origin: str) -> Batch:
        """Hits to be fed; lines without any are counted now."""
        batch = self.engine.batch(hits, origin)
        if batch.is_counted:
            self._emit(self.engine.feed_together([batch]))
        return batch

    @property
    def _held(self) -> set[str]:
        """Origins of which hits wait for those of others."""
        waiting = ((origin, each.batch) for origin, each in self._live.items())
        return {origin for origin, batch in waiting if batch and not batch.is_counted}

    def _feed(self, chunks: Sequence[Chunk], lag_of: Callable[[str], int]) -> None:
        """Count lines of followed logs in the order of time, and show what there is to show.

        Where one log has more to be read, what the others say of later times waits for it.
        """
        for origin, some in groupby(chunks, key=attrgetter("origin")):
            live = self._live.setdefault(origin, Input(origin, 0, iter(())))
            live.read = chain(live.read, self.read_all(list(some)))
        came = {chunk.origin for chunk in chunks}
        now = self._log_time(self.clock.now())
        while True:
            filled = [live for live in self._live.values() if live.fill(self._prepared)]
            ended = self._live.keys() - {live.origin for live in filled}
            if not filled or any(lag_of(origin) for origin in ended & came):
                break
            batches = [live.batch for live in filled if live.batch is not None]
            self._emit(self.engine.feed_together(batches, now))

    def read(self, chunk: Chunk) -> list[Hits]:
        """Turn a chunk into hits; log what was rejected."""
        reader = self.reader_of(chunk.origin)
        found = reader.read(chunk.data, chunk.first_line)
        if reader.log_format is not None and chunk.origin not in self._checked:
            self._checked.add(chunk.origin)
            self.progress.origins += 1
            self.check_format(chunk.origin)
            for guess in reader.log_format.guesses:
                self.notify(f"{chunk.origin}: {guess_wording(guess)}")
        for reject in (reject for hits in found for reject in hits.rejects):
            parser_log.warning(
                "rejected",
                extra={
                    "origin": chunk.origin,
                    "line": reject.line_number,
                    "column": reject.column,
                    "reason": reject.reason,
                    "text": reject.line[:200].decode("utf-8", "backslashreplace"),
                },
            )
        if parser_log.isEnabledFor(logging.DEBUG):
            counts = {
                "lines": sum(hits.lines for hits in found),
                "hits": sum(len(hits) for hits in found),
                "rejects": sum(hits.rejected for hits in found),
            }
            reader_log.debug("read", extra={"origin": chunk.origin, "bytes": len(chunk.data)})
            parser_log.debug("parsed", extra={"origin": chunk.origin, **counts})
        return found

    def check_format(self, origin: str) -> None:
        """See that the rule has something to watch in the format of an origin, if it is known.

        Raises:
            InputError: the lines do not say when they were written.

        """
        log_format = self.reader_of(origin).log_format
        if log_format is not None and not log_format.fills("time"):
            raise InputError(
                "these lines do not say when they were written",
                where=origin,
                why=f"{log_format.name} has no complete time",
                hint="log the time, for instance with %t or $time_local",
            )

    def _log_time(self, now: Instant) -> Instant:
        """What the log's clock shows: its latest event, and the time since it was written."""
        latest = self.engine.watermark.latest
        return now if latest is None else latest + max(0, now - self.written_at)

    def _behind(self, chunks: list[Chunk]) -> bool:
        """Whether there is so much to read that resting would fall behind."""
        return sum(len(chunk.data) for chunk in chunks) > _FAR_BEHIND

    def _tell_caught_up(self, chunks: list[Chunk], source: Source, now: Instant) -> None:
        """Tell when all that was there has been read, where that was much."""
        if self._behind_since is None:
            if self._behind(chunks):
                lines = sum(chunk.data.count(b"\n") for chunk in chunks)
                self._behind_since = now, self.engine.balance.lines - lines
        elif not source.lag:
            since, lines = self._behind_since
            self._behind_since = None
            read, took = self.engine.balance.lines - lines, now - since
            self.notify(f"caught up after {read:,} lines, in {format_duration(took)}")
            reader_log.info("caught up", extra={"lines": read, "seconds": took / SECOND})

    def _state(self, source: Source, now: Instant, asked_by: str) -> State:
        held = (live.batch for live in self._live.values() if live.batch)
        waiting = sum(len(batch.hits) - batch.begin for batch in held)
        return self.progress.state(source, waiting, now, asked_by)

    def _log_state(self, source: Source, now: Instant) -> None:
        self._state_at = now
        for part, figures in self._state(source, now, "log").items():
            logging.getLogger(f"hitwatch.{part}").info("state", extra=figures)

    def _show(self, shown: Report | Transition, lag: int) -> None:
        """Show it now, and count that."""
        self.display.show(shown, lag=lag)
        self.progress.shown(shown)
        if isinstance(shown, Report) and tally_log.isEnabledFor(logging.DEBUG):
            _log_period(shown)

    def _feed_last(self, source: Source) -> None:
        self._feed(source.close(), lambda _: 0)
        for origin in sorted(self._checked):
            for hits in self.reader_of(origin).finish():
                self._emit(self.engine.feed_together([self.engine.batch(hits, origin)]))

    def _end(self, source: Source, last_tick: Instant) -> Report:
        """Count what is left, close what is complete, and say the last period."""
        finite = source.ended and not self.stopped()
        self._feed_last(source)
        if finite:
            self._emit(self.engine.finish())
        now = self.clock.now()
        if self.engine.delta.balance.lines:
            period = max(1, now - last_tick)
            ended = self.engine.tick(now, period)
            self._show(replace(ended, state=self._state(source, now, "stats")), 0)
        return self._finish(now)

    def _finish(self, at: Instant | None) -> Report:
        last = self.engine.end(at)
        self.display.show(last, lag=0)
        log.info("ended", extra=structs.asdict(last.totals.balance))
        return last

    def _emit(self, shown: Iterable[Report | Transition]) -> None:
        for each in shown:
            self._pace(each.at)
            if self.stopped() and self.speed is not None:
                return
            self.emit(each)
        self._notify_metric()

    def _notify_metric(self) -> None:
        """Notify, once, that the rule does not watch what it was asked to."""
        judge = self.engine.judge
        if judge.rule.metric != judge.asked.metric and not self._metric_notified:
            self._metric_notified = True
            self.notify("no line says how many bytes were sent; the rule watches hits instead")

    def emit(self, shown: Report | Transition) -> None:
        """Show a report or a transition; log transitions, and keep them in the alert log."""
        if not isinstance(shown, Transition):
            self._show(shown, 0)
            return
        self._show(shown, self._lag)
        _log_transition(shown)
        if self.alert_log:
            self.alert_log(shown)

    @property
    def _lag(self) -> int:
        return self._source.lag if self._source else 0

    def _pace(self, at: Instant | None) -> None:
        """Wait until the log's clock, at the replay's speed, shows an instant."""
        if self.speed is None or at is None:
            return
        if self._log_began is None:
            self._log_began = at
        due = self._wall_began + round((at - self._log_began) / self.speed)
        self.clock.wait(due - self.clock.now())


def _log_transition(transition: Transition, when: str = "") -> None:
    level = logging.INFO if when else logging.WARNING
    if not judge_log.isEnabledFor(level):
        return
    figures = {
        "rule": transition.rule,
        "state": transition.state.value,
        "at": rfc3339(transition.at),
        "value": transition.value,
        "baseline": transition.baseline,
        "threshold": transition.threshold,
        "unit": transition.unit,
    }
    if transition.state is AlertState.RESOLVED:
        figures["lasted_s"] = transition.lasted / SECOND
    judge_log.log(level, f"alert {when}".strip(), extra=figures)


def _log_period(report: Report) -> None:
    """What a display period was, by those who made it."""
    balance = structs.asdict(report.totals.balance)
    tally_log.debug("period", extra={**balance, "bytes": report.bytes, "late": report.late})
    for status in report.rules:
        figures = {"value": status.value, "baseline": status.baseline}
        judge_log.debug(
            "judged", extra={"rule": status.rule.name, "state": status.state.value, **figures}
        )
    writer_log.debug("shown", extra={"kind": report.kind.value, "at": rfc3339(report.at or 0)})
