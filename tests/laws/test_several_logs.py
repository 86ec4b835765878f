"""The modes law over several logs: however lines are dealt to files, the same is said."""

from __future__ import annotations

import json
from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from hitwatch.alerting.alert import State, Transition
from hitwatch.alerting.rule import SurgeRule
from hitwatch.clocks import WallClock
from hitwatch.engine import Engine
from hitwatch.follow.chunk import Chunk
from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import SECOND, Duration, Instant, to_datetime
from hitwatch.readmodel import Kind, Report
from hitwatch.run import modes
from hitwatch.run.api import report
from hitwatch.run.logs import open_logs
from hitwatch.run.loop import Loop
from hitwatch.run.readers import Readers
from hitwatch.stats.panels import columns_needed, panels

RULE = SurgeRule(short=2 * SECOND, long=6 * SECOND, resolution=SECOND, threshold=Fraction(3, 2))

PARSER = Parser(by_name("common"))

# Seconds since the line before, the file that it is in, section, bytes.
TRAFFIC = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 1, 2, 5, 40]),
        st.integers(0, 2),
        st.sampled_from(["/a", "/b", "/"]),
        st.integers(0, 3).map(lambda size: size * 100),
    ),
    min_size=1,
    max_size=60,
)


class Said:
    """A display that remembers what is shown."""

    def __init__(self) -> None:
        self.all: list[Report | Transition] = []

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        """Remember it."""
        self.all.append(shown)


def run_with(display: Said) -> modes.Run:
    """What the modes need, with a screen."""
    return modes.Run(
        rule=RULE,
        every=10 * SECOND,
        readers=Readers(sorted(columns_needed(panels()))),
        clock=WallClock(),
        display=display,
        notify=lambda _: None,
        stopped=lambda: False,
    )


def replayed(paths: list[Path]) -> list[Report | Transition]:
    """What a replay of logs says."""
    display = Said()
    run = run_with(display)
    modes.replay(replace(run, logs=open_logs([str(path) for path in paths], run.readers, print)))
    return display.all


def line(second: float, name: str) -> str:
    """Compose a line."""
    stamp = to_datetime(int(second) * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'::1 - - [{stamp}] "GET /{name} HTTP/1.1" 200 100\n'


class Steps:
    """A source whose logs grow by steps, and the clock by which they do.

    Args:
        steps: by second, what each log gets.

    """

    def __init__(self, steps: list[dict[str, str]]) -> None:
        self.steps = steps
        self.at = 0
        self.ended = False
        self.lag = 0

    def lag_of(self, origin: str) -> int:
        """All that was there has been read."""
        return 0

    def poll(self, held: Collection[str] = ()) -> list[Chunk]:
        """Read what has come since the last second."""
        self.ended = self.at >= len(self.steps)
        step = {} if self.ended else self.steps[self.at]
        return [Chunk(origin, text.encode(), 1) for origin, text in step.items() if text]

    def close(self) -> list[Chunk]:
        """Nothing is left."""
        return []

    def now(self) -> Instant:
        """The second that it is."""
        return self.at * SECOND

    def wait(self, duration: Duration) -> None:
        """A second passes."""
        self.at += 1


def watched(steps: list[dict[str, str]]) -> list[Report | Transition]:
    """What a watch over logs that grow by steps says."""
    display, source = Said(), Steps(steps)
    readers = run_with(display).readers
    loop = Loop(Engine(RULE), readers, source, display, stopped=lambda: False)
    loop.watch(source)
    return display.all


def dealt(traffic: list[tuple[int, int, str, int]]) -> tuple[bytes, list[bytes]]:
    """One log of all lines, and the same lines dealt to several."""
    now, whole, parts = 1_000_000, b"", [b"", b"", b""]
    for advance, part, section, size in traffic:
        now += advance
        stamp = to_datetime(now * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
        line = f'::1 - - [{stamp}] "GET {section} HTTP/1.1" 200 {size}\n'.encode()
        whole += line
        parts[part] += line
    return whole, parts


def as_json(line: bytes) -> bytes:
    """The same line as JSON that says nothing of bytes."""
    hits = PARSER.parse(line)
    (row,) = hits.frame().rows(named=True)
    said = {"time": row["time"].isoformat(), "path": row["path"], "status": row["status"]}
    return json.dumps(said).encode() + b"\n"


def transitions(shown: list[Report | Transition]) -> list[Transition]:
    """The transitions among what was shown."""
    return [each for each in shown if isinstance(each, Transition)]


@given(TRAFFIC, st.booleans())
# Shares whose sum depended on the order of the sections.
@example(
    [
        *((2, 1, "/b", 200), (5, 2, "/", 0), (1, 1, "/a", 0), (1, 2, "/b", 100), (1, 2, "/", 0)),
        *((0, 0, "/", 0), (0, 1, "/a", 0), (1, 0, "/b", 200), (5, 0, "/b", 300)),
    ],
    True,
)
def test_a_report_tells_the_alerts_of_a_replay(
    traffic: list[tuple[int, int, str, int]], in_json: bool
) -> None:
    """Rule, unit, instants, values, baselines, peaks and contributors: all is the same."""
    _, parts = dealt(traffic)
    with TemporaryDirectory() as folder:
        paths = []
        for number, data in enumerate(parts):
            path = Path(folder) / f"part{number}.log"
            lines = data.splitlines(keepends=True)
            path.write_bytes(b"".join(map(as_json, lines)) if in_json else data)
            paths += [path] if data else []
        made = report(
            *paths, short="2s", long="6s", resolution="1s", threshold="1.5", no_panel=["paths"]
        )
        told = [
            transition
            for alert in made.alerts
            for transition in (alert.fired, alert.resolved)
            if transition is not None
        ]
        said = transitions(replayed(paths))
    assert told == said
    assert all(each.rule == ("traffic" if in_json else "outflow") for each in said)


@given(TRAFFIC)
def test_logs_that_overlap_are_one_stream(traffic: list[tuple[int, int, str, int]]) -> None:
    """Figures of every period, alerts and totals are those of one log that has all lines."""
    whole, parts = dealt(traffic)
    with TemporaryDirectory() as folder:
        one = Path(folder) / "whole.log"
        one.write_bytes(whole)
        several = [Path(folder) / f"part{number}.log" for number in range(3)]
        for path, data in zip(several, parts, strict=True):
            path.write_bytes(data)
        assert replayed([path for path in several if path.stat().st_size]) == replayed([one])


def test_the_second_log_of_the_same_time_is_not_late(tmp_path: Path) -> None:
    """Two servers' logs of the same hour: no line is late, and the surge of one is an alert."""
    busy, quiet = tmp_path / "busy.log", tmp_path / "quiet.log"
    for path, size in ((busy, 100), (quiet, 10)):
        lines = []
        for second in range(3000):
            stamp = to_datetime(second * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
            sent = 100 * size if path == quiet and second > 2000 else size
            lines.append(f'::1 - - [{stamp}] "GET /{path.stem} HTTP/1.1" 200 {sent}\n')
        path.write_text("".join(lines))
    said = replayed([busy, quiet])
    end = said[-1]
    assert isinstance(end, Report)
    assert (end.late, end.hits, end.alerts_fired) == (0, 6000, 1)
    fired = next(each for each in said if isinstance(each, Transition))
    assert fired.state is State.FIRING
    assert fired.contributors[0].key == "/quiet"


def test_a_log_that_its_server_buffers_is_not_late() -> None:
    """One log is written at once, the other in lumps every five seconds: no line is late."""
    steps: list[dict[str, str]] = []
    for second in range(61):
        lump = "".join(line(at, "lumps") for at in range(max(0, second - 4), second + 1))
        steps.append({"at-once": line(second, "once"), "lumps": "" if second % 5 else lump})
    end = watched(steps)[-1]
    assert isinstance(end, Report)
    assert (end.hits, end.late) == (122, 0)


def test_a_log_in_which_nothing_comes_holds_nobody_back() -> None:
    """Ten seconds after its last line a quiet log no longer keeps alerts from being judged."""
    steps: list[dict[str, str]] = [{"quiet": line(0, "quiet"), "busy": line(0, "busy")}]
    for second in range(1, 40):
        steps.append({"busy": line(second, "busy") * (20 if second > 20 else 1)})
    said = watched(steps)
    fired = [each for each in said if isinstance(each, Transition)]
    shown = [each.at for each in said if isinstance(each, Report) and each.kind is Kind.PERIOD]
    assert fired[0].state is State.FIRING
    # Judged while it lasts, not when all has ended.
    assert said.index(fired[0]) < len(said) - 3
    assert shown


def test_backlogs_are_read_as_one_stream(tmp_path: Path) -> None:
    """Megabytes of two logs, one of ten hours and one of ten minutes, are read in order of time."""
    sparse, dense = tmp_path / "sparse.log", tmp_path / "dense.log"
    # More than is read of both at once.
    count = 150_000
    sparse.write_text("".join(line(number * 36_000 / count, "sparse") for number in range(count)))
    dense.write_text("".join(line(number * 600 / count, "dense") for number in range(count)))
    display = Said()
    run = run_with(display)
    ends_at = run.clock.now() + 6 * SECOND
    modes.watch(run, [str(sparse), str(dense)], from_start=True, ends_at=ends_at)
    end = display.all[-1]
    assert isinstance(end, Report)
    assert (end.hits, end.late) == (2 * count, 0)


def test_rotated_logs_are_opened_one_after_the_other(tmp_path: Path) -> None:
    """Logs that follow each other in time are read so, in whatever order they are named."""
    paths = []
    for number in range(4):
        stamp = to_datetime(number * 100 * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
        path = tmp_path / f"{9 - number}.log"
        path.write_text(f'::1 - - [{stamp}] "GET /{number} HTTP/1.1" 200 1\n')
        paths.append(path)
    said = replayed(paths)
    periods = [each for each in said if isinstance(each, Report) and each.sections]
    named = [each.sections.rows[0].key for each in periods if each.sections and each.hits]
    assert named == ["/0", "/1", "/2", "/3"]
