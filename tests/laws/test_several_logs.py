"""The modes law over several logs: however lines are dealt to files, the same is said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from hitwatch.alerting.alert import Change, State
from hitwatch.alerting.rule import SurgeRule
from hitwatch.clocks import WallClock
from hitwatch.run import modes
from hitwatch.sayings import End, Stats
from hitwatch.spans import SECOND, to_datetime

RULE = SurgeRule(short=2 * SECOND, long=6 * SECOND, resolution=SECOND, threshold=Fraction(3, 2))

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
    """A screen that remembers what is said."""

    def __init__(self) -> None:
        self.all: list[Stats | Change | End] = []

    def show(self, saying: Stats | Change | End, *, lag: int) -> None:
        """Remember it."""
        self.all.append(saying)


def replayed(paths: list[Path]) -> list[Stats | Change | End]:
    """What a replay of logs says."""
    screen = Said()
    run = modes.Run(
        rule=RULE,
        every=10 * SECOND,
        log_format=None,
        section_depth=1,
        zone=None,
        clock=WallClock(),
        screen=screen,
        notify=lambda _: None,
        stopped=lambda: False,
    )
    modes.replay(run, [str(path) for path in paths])
    return screen.all


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
    assert isinstance(end, End)
    assert (end.late, end.total.hits, end.alerts) == (0, 6000, 1)
    fired = next(each for each in said if isinstance(each, Change))
    assert fired.state is State.FIRING
    assert fired.grew[0].section == "/quiet"


def test_rotated_logs_are_opened_one_after_the_other(tmp_path: Path) -> None:
    """Logs that follow each other in time are read so, in whatever order they are named."""
    paths = []
    for number in range(4):
        stamp = to_datetime(number * 100 * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
        path = tmp_path / f"{9 - number}.log"
        path.write_text(f'::1 - - [{stamp}] "GET /{number} HTTP/1.1" 200 1\n')
        paths.append(path)
    said = replayed(paths)
    named = [s.sections[0].key for s in said if isinstance(s, Stats) and s.sections]
    assert named == ["/0", "/1", "/2", "/3"]
