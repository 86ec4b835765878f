"""The modes law: the same lines give the same figures and the same changes in every mode."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hitwatch.alerting.alert import State, Transition
from hitwatch.alerting.rule import SurgeRule
from hitwatch.engine import Engine, Shown
from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import SECOND, to_datetime
from hitwatch.readmodel import Report, View
from hitwatch.stats.panels import columns_needed, panels

RULE = SurgeRule(short=2 * SECOND, long=6 * SECOND, resolution=SECOND, threshold=Fraction(3, 2))
PARSER = Parser(by_name("common"), columns=sorted(columns_needed(panels())))

# Seconds since the line before, a step back within the allowed lateness, section, bytes.
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


def log_of(
    traffic: list[tuple[int, int, str, int]],
) -> tuple[list[bytes], list[int], dict[int, int]]:
    """Lines of a log, the second of each, and the bytes of each second."""
    now, lines, times, sums = 1_000_000, [], list[int](), dict[int, int]()
    for advance, back, section, size in traffic:
        now += advance
        at = max(now - back, 1_000_000)
        stamp = to_datetime(at * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
        lines.append(f'::1 - - [{stamp}] "GET {section} HTTP/1.1" 200 {size}\n'.encode())
        times.append(at)
        sums[at] = sums.get(at, 0) + size
    return lines, times, sums


def expected(sums: dict[int, int]) -> list[tuple[bool, int]]:
    """The changes of the rule, by a list of all steps."""
    first, last = min(sums), max(sums)
    steps = [sums.get(second, 0) for second in range(first, last + 1)]
    changes, firing = [], False
    for closed in range(9, len(steps) + 1):
        long, short = steps[closed - 8 : closed - 2], steps[closed - 2 : closed]
        exceeds = sum(short) / 2 > sum(long) / 6 * 1.5
        if exceeds != firing:
            changes.append((exceeds, (first + closed) * SECOND))
            firing = exceeds
    return changes


def changes(said: list[Report | Transition]) -> list[tuple[bool, int]]:
    """List (fires, instant) of what was said."""
    return [(s.state is State.FIRING, s.at) for s in said if isinstance(s, Transition)]


@given(TRAFFIC, st.lists(st.integers(1, 12), max_size=30), st.booleans())
def test_any_cut_gives_the_same_changes(
    traffic: list[tuple[int, int, str, int]], cuts: list[int], live: bool
) -> None:
    """Replay at once, replay in pieces and watch with silences all agree with the model."""
    lines, times, sums = log_of(traffic)
    whole = Engine(RULE, log_clock=True)
    said = [*whole.feed(PARSER.parse(b"".join(lines))), *whole.finish()]
    assert changes(said) == expected(sums)

    pieces = Engine(RULE, log_clock=not live)
    again: list[Report | Transition] = []
    at = 0
    for cut in [*cuts, len(lines)]:
        again += pieces.feed(PARSER.parse(b"".join(lines[at : at + cut])))
        at += cut
        if live and pieces.watermark.latest is not None and at < len(lines):
            # Nothing comes until just before the earliest of the lines that are left would be late.
            earliest = min(times[at:]) * SECOND
            again += pieces.idle(earliest + 10 * SECOND)
            assert pieces.judge.edge == max(earliest, pieces.watermark.at or 0)
    again += pieces.finish()
    assert changes(again) == changes(said)
    if not live:
        assert [s for s in again if isinstance(s, Report)] == [
            s for s in said if isinstance(s, Report)
        ]


LATE = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 1, 2, 5]),
        st.sampled_from([0, 0, 0, 1, 4, 9]),
        st.sampled_from(["/a", "/b"]),
        st.integers(0, 9).map(lambda size: size * 100),
    ),
    min_size=20,
    max_size=60,
)


@given(LATE)
def test_late_lines_are_late_however_they_come_in(
    traffic: list[tuple[int, int, str, int]],
) -> None:
    """What is judged without a late line, and how many are late, does not depend on batches."""
    lines, _, _ = log_of(traffic)
    whole, single = Engine(RULE, log_clock=True), Engine(RULE, log_clock=True)
    said = [*whole.feed(PARSER.parse(b"".join(lines))), *whole.finish()]
    again = [each for line in lines for each in single.feed(PARSER.parse(line))]
    again += single.finish()
    assert again == said
    assert single.end(None).late == whole.end(None).late


@given(TRAFFIC, st.integers(1, 9))
def test_figures_add_up(traffic: list[tuple[int, int, str, int]], nonsense: int) -> None:
    """Periods add up to the totals, and lines = hits + rejects + excluded."""
    lines, _, sums = log_of(traffic)
    engine = Engine(RULE, log_clock=True)
    data = b"".join(lines) + b"nonsense\n" * nonsense
    said = [*engine.feed(PARSER.parse(data)), *engine.finish()]
    stats = [s for s in said if isinstance(s, Report)]
    total = engine.balance
    assert (total.lines, total.hits, total.rejects) == (len(lines) + nonsense, len(lines), nonsense)
    assert sum(s.hits for s in stats) == total.hits
    assert sum(s.rejects for s in stats) == nonsense
    assert sum(s.bytes for s in stats) == sum(sums.values()) == engine.total.bytes
    assert (
        sum(row.hits for s in stats for row in (s.sections.rows if s.sections else ()))
        == total.hits
    )
    assert all(s.lines == s.hits + s.rejects for s in stats)


def second(at: int, size: int, section: str = "/a") -> bytes:
    """Compose a line of a second, with its bytes."""
    stamp = to_datetime(at * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'::1 - - [{stamp}] "GET {section} HTTP/1.1" 200 {size}\n'.encode()


def test_late_lines_change_no_judgement_that_was_made() -> None:
    """A late line is counted and said, joins later windows, and re-judges nothing."""
    engine = Engine(RULE, log_clock=True)
    steady = b"".join(second(at, 100) for at in range(20))
    late = second(5, 10**9)
    said = [*engine.feed(PARSER.parse(steady + late)), *engine.finish()]
    assert changes(said) == []
    assert engine.total.late == 1
    assert engine.balance.hits == 21


def test_an_idle_clock_closes_what_is_complete() -> None:
    """Ten seconds after the last line the alert is judged, and ends, without another line."""
    engine = Engine(RULE)
    surge = b"".join(second(at, 100 if at < 10 else 900) for at in range(14))
    assert changes([*engine.feed(PARSER.parse(surge))]) == [(True, 11 * SECOND)]
    found = [*engine.idle(14 * SECOND), *engine.idle(60 * SECOND)]
    assert [change.state for change in found] == [State.RESOLVED]


def test_an_alert_names_the_sections_that_grew() -> None:
    """The section behind a surge is named first, with its part of the growth."""
    engine = Engine(RULE, log_clock=True)
    lines = b"".join(second(at, 100) + second(at, 50, "/b") for at in range(10))
    lines += b"".join(second(at, 1000, "/b") + second(at, 150) for at in range(10, 15))
    fired = next(s for s in engine.feed(PARSER.parse(lines)) if isinstance(s, Transition))
    assert [part.key for part in fired.contributors] == ["/b", "/a"]
    assert fired.contributors[0].share > 0.9


def test_a_long_silence_is_one_period() -> None:
    """A replay tells of hours without requests in one period, and of short gaps in many."""
    engine = Engine(RULE, every=10 * SECOND, log_clock=True)
    data = second(0, 1) + second(35, 1) + second(100_035, 1)
    said = [*engine.feed(PARSER.parse(data)), *engine.finish()]
    lengths = [s.period // SECOND for s in said if isinstance(s, Report)]
    assert lengths == [10, 10, 10, 10, 99_990, 10]
    assert [s.hits for s in said if isinstance(s, Report)] == [1, 0, 0, 1, 0, 1]


def test_a_silent_period_counts_nothing_and_is_in_no_window() -> None:
    """Its tally is that of the next period, which tells its own lines alone."""
    shown = Shown(View(), window=20 * SECOND)
    engine = Engine(RULE, every=10 * SECOND, log_clock=True, shown=shown)
    said = [*engine.feed(PARSER.parse(2 * second(0, 1) + second(35, 1) + 4 * second(41, 1)))]
    engine_delta = engine.delta
    said += engine.finish()
    assert engine.delta is not engine_delta
    engine.tick(1_000_060 * SECOND, 10 * SECOND)
    silent = engine.delta
    engine.tick(1_000_070 * SECOND, 10 * SECOND)
    assert engine.delta is silent
    periods = [s for s in said if isinstance(s, Report)]
    assert [s.hits for s in periods] == [2, 0, 0, 1, 4]
    assert [s.panel_hits for s in periods] == [2, 2, 0, 1, 5]
    assert engine.end(None).hits == 7
