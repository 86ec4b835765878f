"""How fast this machine reads, parses, counts and watches, on generated lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from hitwatch.alerting.rule import SurgeRule
from hitwatch.clocks import WallClock
from hitwatch.engine import Engine
from hitwatch.follow.chunk import Chunk
from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import SECOND
from hitwatch.ports import Display
from hitwatch.run import modes
from hitwatch.run.logs import open_logs
from hitwatch.run.readers import Readers
from hitwatch.run.simulation import SimulationRun, simulate
from hitwatch.simulate.scenario import Phase, Scenario
from hitwatch.sources.files import read_file
from hitwatch.stats.panels import columns_needed, panels


class Speed(Struct, frozen=True):
    """How fast one stage was.

    Attributes:
        stage: what was done.
        lines: how many lines it was done to.
        bytes: their size.
        seconds: how long it took; the best of three.
    """

    stage: str
    lines: int
    bytes: int
    seconds: float


def measure(lines: int, log_format: str) -> Iterator[Speed]:
    """Measure each stage on the same generated lines.

    Args:
        lines: how many.
        log_format: name of their format.
    """
    with TemporaryDirectory(prefix="hitwatch-bench-") as folder:
        log = Path(folder) / "access.log"
        scenario = Scenario(
            phases=[Phase(rate=10_000, duration=f"{max(1, lines // 10_000)}s")],
            log_format=log_format,
        )
        clock = WallClock()
        simulation = SimulationRun(log, None, live=False, clock=clock, stopped=lambda: False)
        began = time.perf_counter()
        written = simulate(scenario, simulation).lines
        size = log.stat().st_size
        yield Speed("simulate --fast", written, size, time.perf_counter() - began)
        for stage, work in _stages(log, log_format):
            yield Speed(stage, written, size, min(_timed(work) for _ in range(3)))


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _stages(log: Path, log_format: str) -> Iterator[tuple[str, Callable[[], None]]]:
    form = by_name(log_format)
    chunks = list(read_file(str(log)))
    pieces = [Chunk(c.origin, piece, 1) for c in chunks for piece in _cut(c.data)]
    everything, needed = Parser(form), Parser(form, columns=sorted(columns_needed(panels())))
    hits = [needed.parse(piece.data) for piece in pieces]

    def read() -> None:
        for _ in read_file(str(log)):
            pass

    def parse_all() -> None:
        for piece in pieces:
            everything.parse(piece.data)

    def parse_needed() -> None:
        for piece in pieces:
            needed.parse(piece.data)

    def count() -> None:
        engine = Engine(SurgeRule(), log_clock=True)
        for batch in hits:
            for _ in engine.feed(batch):
                pass

    yield "read", read
    yield "parse, all columns", parse_all
    yield "parse, columns of watch", parse_needed
    yield "count and judge", count
    yield "all of watch", lambda: _watch(log, log_format)


def _cut(data: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    begin = 0
    while begin < len(data):
        end = data.rfind(b"\n", begin, begin + size) + 1 or len(data)
        yield data[begin:end]
        begin = end


class _Nowhere:
    """A screen that shows nothing."""

    def show(self, saying: object, *, lag: int) -> None:
        """Drop it."""


def _watch(log: Path, log_format: str) -> None:
    display: Display = _Nowhere()
    readers = Readers(sorted(columns_needed(panels())), by_name(log_format))
    run = modes.Run(
        rule=SurgeRule(),
        every=10 * SECOND,
        readers=readers,
        logs=open_logs([str(log)], readers, lambda _: None),
        clock=WallClock(),
        display=display,
        notify=lambda _: None,
        stopped=lambda: False,
    )
    modes.replay(run)
