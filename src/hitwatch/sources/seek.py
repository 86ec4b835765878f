"""Finds where in a file a stretch of time begins, by bisecting; counts nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from hitwatch.instants import Duration, Instant

ReadAt: TypeAlias = Callable[[int, int], bytes]
"""Reads bytes at an offset: (offset, length)."""

TimesOf: TypeAlias = Callable[[bytes], Sequence[Instant]]
"""The times of the lines that parse, in the order of the lines."""

_BLOCK = 64 * 1024
_LONGEST_SEARCH = 64
_HEADER_BLOCK = 1 << 20
_HEADER_SEARCH = 256 << 20


def last_time(read_at: ReadAt, size: int, times_of: TimesOf) -> Instant | None:
    """The latest time among the last lines of a file; ``None`` when none can be read."""
    end = size
    for _ in range(_LONGEST_SEARCH):
        start = max(0, end - _BLOCK)
        block = read_at(start, size - start if end == size else end - start)
        whole = block if start == 0 else block[block.find(b"\n") + 1 :]
        times = times_of(whole[: whole.rfind(b"\n") + 1])
        if times:
            return max(times)
        if start == 0:
            return None
        end = start
    return None


def last_header(read_at: ReadAt, end: int, start_of_header: bytes = b"#Fields:") -> bytes | None:
    """The last line before an offset that says how the lines behind it are laid out.

    Args:
        read_at: reads the file.
        end: the offset.
        start_of_header: how such a line begins.

    Returns:
        The line, without its line end; ``None`` when there is none in the last 256 MiB.

    """
    lowest = max(0, end - _HEADER_SEARCH)
    while end > lowest:
        start = max(lowest, end - _HEADER_BLOCK)
        # A header that lies across the edge of two blocks is found in the earlier one.
        block = read_at(start, end - start + 4096)
        at = block.rfind(b"\n" + start_of_header)
        if at < 0 and start == 0 and block.startswith(start_of_header):
            at = -1
        elif at < 0:
            end = start
            continue
        return block[at + 1 :].split(b"\n", 1)[0].rstrip(b"\r")
    return None


def offset_since(read_at: ReadAt, size: int, since: Instant, times_of: TimesOf) -> int:
    """Where the lines from an instant on begin.

    Lines of a log are nearly in the order of time; a caller who must not miss one that
    came early asks for a little more.

    Args:
        read_at: reads the file.
        size: how much of it there is.
        since: the instant.
        times_of: reads times.

    Returns:
        The offset of a line before which all lines are older, as far as bisecting sees.

    """
    low, high = 0, size
    while high - low > _BLOCK:
        middle = (low + high) // 2
        start, time = _first_line_from(read_at, middle, high, times_of)
        if time is None or time >= since:
            high = middle
        else:
            low = start
    return _scan(read_at, low, size, since, times_of)


def is_ordered(
    read_at: ReadAt, size: int, times_of: TimesOf, tolerance: Duration, samples: int = 64
) -> bool:
    """Whether lines all over a file are in the order of time, so that bisecting finds them.

    Args:
        read_at: reads the file.
        size: how much of it there is.
        times_of: reads times.
        tolerance: how much older than those before it a line may be.
        samples: how many lines are looked at.

    """
    latest: Instant | None = None
    for sample in range(samples):
        offset = size * sample // samples
        _, time = _first_line_from(read_at, offset, size, times_of)
        if time is None:
            continue
        if latest is not None and time < latest - tolerance:
            return False
        latest = time if latest is None else max(latest, time)
    return latest is not None


def _first_line_from(
    read_at: ReadAt, offset: int, end: int, times_of: TimesOf
) -> tuple[int, Instant | None]:
    """The first line after an offset whose time can be read: where it begins, its time."""
    while offset < end:
        block = read_at(offset, _BLOCK)
        begin = block.find(b"\n") + 1
        stop = block.rfind(b"\n") + 1
        if begin and stop > begin:
            line_end = block.find(b"\n", begin) + 1
            while line_end:
                times = times_of(block[begin:line_end])
                if times:
                    return offset + begin, times[0]
                begin, line_end = line_end, block.find(b"\n", line_end) + 1
        offset += max(1, (stop - 1) if stop > 1 else len(block))
        if not block:
            break
    return end, None


def _scan(read_at: ReadAt, start: int, size: int, since: Instant, times_of: TimesOf) -> int:
    """Go line by line from the beginning of a line that is too old, or of the file."""
    offset = start
    while offset < size:
        block = read_at(offset, min(2 * _BLOCK, size - offset))
        stop = block.rfind(b"\n") + 1
        if not stop:
            return offset
        begin = 0
        while begin < stop:
            line_end = block.find(b"\n", begin) + 1
            times = times_of(block[begin:line_end])
            if times and times[0] >= since:
                return offset + begin
            begin = line_end
        offset += stop
    return size
