"""The modes law over the commands: a watch, a replay and a report of the same lines agree.

The watch follows a real file that is written in random steps and rotated; the others read what
is left. Totals, the rows of every panel and every transition are the same.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hitwatch.alerting.alert import Transition
from hitwatch.alerting.causes import SECTION
from hitwatch.alerting.rule import SurgeRule
from hitwatch.engine import Shown
from hitwatch.formats.registry import by_name
from hitwatch.instants import SECOND, Duration, Instant, to_datetime
from hitwatch.readmodel import PanelRows, Report, View
from hitwatch.run import modes
from hitwatch.run.api import report
from hitwatch.run.logs import open_logs
from hitwatch.run.readers import Readers
from hitwatch.stats.panels import columns_needed, in_zone, panels
from hitwatch.stats.watermark import Watermark
from hitwatch.totals import Totals
from hitwatch.zones import IN_UTC

RULE = SurgeRule(short=2 * SECOND, long=6 * SECOND, resolution=SECOND, threshold=Fraction(3, 2))
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.5.0")

UNASKED = frozenset(panel.name for panel in panels() if panel.off)

# Seconds since the line before, path, status, bytes (none: not said), client, user agent.
LINES = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 1, 2, 5, 40]),
        st.sampled_from(["/a", "/b/c?x=1", "/", "/img/x.png", "/b/d"]),
        st.sampled_from([200, 304, 404, 503]),
        st.integers(0, 3).map(lambda size: size * 100),
        st.integers(1, 4),
        st.sampled_from(AGENTS),
    ),
    min_size=1,
    max_size=60,
)
# How many lines a step writes, whether in two halves of a line, and what is done to the file.
STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.booleans(),
        st.sampled_from(["nothing", "nothing", "rotate", "nonsense"]),
    ),
    min_size=1,
    max_size=12,
)


def lines_of(traffic: list[tuple[int, str, int, int, int, str]], *, sizes: bool) -> list[bytes]:
    """Lines of a log; without sizes none says how many bytes were sent."""
    now, lines = 1_000_000, []
    for advance, path, status, size, client, agent in traffic:
        now += advance
        stamp = to_datetime(now * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
        lines.append(
            f'192.0.2.{client} - - [{stamp}] "GET {path} HTTP/1.1" {status}'
            f' {size if sizes else "-"} "-" "{agent}"\n'.encode()
        )
    return lines


class Writer:
    """A clock during whose waits a log is written; it shows its steps in fractions of a second.

    Args:
        path: the log.
        lines: all of them.
        steps: as ``STEPS``.

    """

    def __init__(self, path: Path, lines: list[bytes], steps: list[tuple[int, bool, str]]) -> None:
        self.path, self.at, self.rotated = path, 0, 0
        self.writes: list[bytes | None] = []
        left = list(lines)
        for count, halved, deed in [*steps, (len(lines), False, "nothing")]:
            text, left = b"".join(left[:count]), left[count:]
            text += b"no line at all\n" * (deed == "nonsense")
            half = len(text) // 2 if halved else 0
            self.writes += [text[:half], text[half:], *([None] if deed == "rotate" else [])]
        self.display = Shows()

    @property
    def done(self) -> bool:
        """Whether all has been written, and looked at several times since."""
        return self.at > len(self.writes) + 5

    def now(self) -> Instant:
        """So slow that no silence closes a bucket."""
        return 2_000_000 * SECOND + self.at * SECOND // 50

    def wait(self, duration: Duration) -> None:
        """The server writes, or its log is rotated."""
        if self.at < len(self.writes):
            write = self.writes[self.at]
            if write is None:
                self.rotated += 1
                self.path.rename(self.path.with_suffix(f".{1000 - self.rotated}"))
                self.path.touch()
            else:
                with self.path.open("ab") as file:
                    file.write(write)
        self.at += 1


class Shows:
    """A display that remembers what is shown."""

    def __init__(self) -> None:
        self.all: list[Report | Transition] = []

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        """Remember it."""
        self.all.append(shown)

    @property
    def transitions(self) -> list[Transition]:
        """Every transition, in order."""
        return [each for each in self.all if isinstance(each, Transition)]

    def panels(self) -> dict[str, PanelRows]:
        """The panels since the start, as they were shown last."""
        reports = [each for each in self.all if isinstance(each, Report) and each.panels]
        return {panel.name: panel for panel in reports[-1].panels} if reports else {}


def run(clock: Writer, display: Shows) -> modes.Run:
    """What the modes share."""
    return modes.Run(
        rule=RULE,
        every=10 * SECOND,
        readers=Readers(sorted(columns_needed(panels())), by_name("apache-combined")),
        clock=clock,
        display=display,
        notify=lambda _: None,
        stopped=lambda: clock.done,
        counted=in_zone(panels(), IN_UTC),
        shown=Shown(View(left_out=UNASKED), window=None),
    )


def common(totals: Totals) -> Totals:
    """Totals without those that only a report of whole logs has."""
    errors = dict.fromkeys(totals.errors, 0.0)
    return replace(totals, static_files=0, visitors=0, errors=errors)


def of_sections(transition: Transition) -> Transition:
    """What a watch says, without the paths and clients that it alone names."""
    named = (each for each in transition.contributors if each.dimension == SECTION)
    return replace(transition, contributors=tuple(named))


@settings(max_examples=40)
@given(LINES, STEPS, st.booleans())
def test_a_watch_a_replay_and_a_report_agree(
    traffic: list[tuple[int, str, int, int, int, str]],
    steps: list[tuple[int, bool, str]],
    sizes: bool,
) -> None:
    """Totals, panels since the start, and transitions with all that they say are the same."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        path.touch()
        clock = Writer(path, lines_of(traffic, sizes=sizes), steps)
        modes.watch(run(clock, clock.display), [str(path)], from_start=True)
        paths = [each for each in sorted(Path(folder).iterdir()) if each.stat().st_size]
        replayed = Shows()
        playing = replace(run(clock, replayed), stopped=lambda: False)
        logs = open_logs([str(each) for each in paths], playing.readers, print)
        played, complete = modes.replay(replace(playing, logs=logs))
        found = report(
            *paths, log_format="combined", short="2s", long="6s", resolution="1s", threshold="1.5"
        )
    ended = clock.display.all[-1]
    assert isinstance(ended, Report)
    assert played is not None
    assert complete
    assert ended.late == played.late == 0
    assert common(ended.totals) == common(played.totals) == common(found.totals)
    assert (ended.start, ended.end) == (found.start, found.end) == (played.start, played.end)
    shown = {panel.name: panel for panel in found.panels}
    assert replayed.panels() == shown
    if clock.display.panels():
        assert clock.display.panels() == shown
    told = [
        each for alert in found.alerts for each in (alert.fired, alert.resolved) if each is not None
    ]
    assert replayed.transitions == told
    # A watch that is stopped does not judge buckets that lines may still come for.
    complete_up_to = (found.end or 0) - Watermark().lateness
    watched = [of_sections(each) for each in clock.display.transitions]
    assert watched == [each for each in told if each.at <= complete_up_to]
    assert all(each.unit == ("bytes/s" if sizes else "hits/s") for each in told)
