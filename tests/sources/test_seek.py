"""Finding by bisection where a stretch of time begins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hitwatch.sources.seek import is_ordered, last_time, offset_since


def times_of(lines: bytes) -> list[int]:
    """List the instants that lines begin with."""
    return [int(line.split()[0]) for line in lines.splitlines() if line[:1].isdigit()]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20_000), st.booleans()), max_size=60),
    st.integers(0, 160),
)
def test_bisecting_finds_what_a_scan_finds(steps: list[tuple[int, int, bool]], since: int) -> None:
    """The first line not older than an instant, whatever the lengths of lines around it."""
    now, data, first = 0, b"", None
    for advance, length, readable in steps:
        now += advance
        if readable and now >= since and first is None:
            first = len(data)
        line = b"%d " % now if readable else b"? "
        data += line + b"x" * length + b"\n"
    found = offset_since(lambda at, size: data[at : at + size], len(data), since, times_of)
    assert found == (len(data) if first is None else first)
    latest = last_time(lambda at, size: data[at : at + size], len(data), times_of)
    assert latest == max(times_of(data), default=None)


def test_order_is_looked_at_before_it_is_relied_on() -> None:
    """A log in order is known as such; one put together from two is not, a late line is borne."""

    def ordered(numbers: list[int]) -> bool:
        data = b"".join(b"%d xxxxxxxxx\n" % n for n in numbers)
        return is_ordered(lambda at, size: data[at : at + size], len(data), times_of, 5)

    assert ordered(list(range(1000)))
    assert ordered([n - n % 3 for n in range(1000)])
    assert not ordered([*range(500, 1000), *range(500)])
    assert not ordered([])


def test_only_a_little_of_a_large_file_is_read() -> None:
    """Bisecting a gigabyte touches less than two megabytes of it."""
    length, count = 100, 10_000_000
    touched = 0

    def read_at(offset: int, size: int) -> bytes:
        nonlocal touched
        touched += size
        first, last = offset // length, min(count, (offset + size) // length + 1)
        rows = b"".join(b"%010d %s\n" % (n, b"x" * (length - 12)) for n in range(first, last))
        return rows[offset - first * length :][:size]

    assert offset_since(read_at, length * count, 7_654_321, times_of) == 7_654_321 * length
    assert touched < 2_500_000
