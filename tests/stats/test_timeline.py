"""Sums by bucket over any stretch of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hitwatch.instants import DAY, HOUR, SECOND
from hitwatch.stats.timeline import Timeline

WIDTH = 10 * SECOND
STEPS = st.lists(
    st.tuples(st.integers(0, 400 * DAY // WIDTH).map(lambda n: n * WIDTH), st.integers(0, 10**9)),
    max_size=60,
)


@given(STEPS, STEPS)
def test_any_order_gives_the_sums_of_a_dictionary(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    """Whatever was set aside in between, sums are those of plain adding, and time lines merge."""
    plain: dict[int, int] = {}
    for start, amount in (*one, *other):
        plain[start] = plain.get(start, 0) + amount
    timeline, second = Timeline(WIDTH), Timeline(WIDTH)
    timeline.add(one)
    second.add(other)
    timeline.merge(second)
    assert list(timeline) == sorted(plain.items())


def test_gaps_are_the_longest_stretches_without_hits() -> None:
    """Silence of an hour and less is none; of eleven gaps the shortest is left out."""
    timeline = Timeline(WIDTH)
    at = 0
    for hours in range(12):
        timeline.add([(at, 0)])
        at += hours * HOUR + WIDTH
    timeline.add([(at, 5)])
    lengths = [(end - begin) // HOUR for begin, end in timeline.gaps()]
    assert lengths == list(range(2, 12))


def test_ten_years_fit_into_little_memory() -> None:
    """A hit a minute for ten years takes less than a byte and a half a bucket."""
    timeline = Timeline(WIDTH)
    for day in range(3650):
        timeline.add((day * DAY + minute * 60 * SECOND, minute) for minute in range(0, 1440, 30))
    held = sum(map(len, timeline._packed.values())) + 8 * 8640 * len(timeline._open)
    assert held < 1.5 * 3650 * 8640
    assert sum(amount for _, amount in timeline) == 3650 * sum(range(0, 1440, 30))
