"""Where a log that is followed begins: its format, and the place from which it is read back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from hitwatch.errors import InputError
from hitwatch.formats.format import Layout
from hitwatch.hits.batch import Hits
from hitwatch.hits.reader import Reader
from hitwatch.instants import MINUTE, Duration, Instant
from hitwatch.run.inputs import know, times_by
from hitwatch.run.loop import Loop
from hitwatch.sources.codec import detect_codec
from hitwatch.sources.files import Head, head_of_pieces
from hitwatch.sources.seek import ReadAt, last_header, last_time, offset_since
from hitwatch.sources.tail import Follower, OpenFile
from hitwatch.sources.text import detect_encoding

if TYPE_CHECKING:
    from hitwatch.run.modes import Run

log = logging.getLogger("hitwatch.reader")

_HEAD = 64 * 1024
_MOST_COUNTED = 256 << 20
"""How much of a file is read to know the day of its last lines, where they do not say."""
_COUNTED = 1 << 20
_EARLY: Duration = MINUTE
"""How far ahead of its place a line may stand in a log and still be read back."""


class ReadBack(Struct):
    """What came into a log before it is followed.

    Attributes:
        path: the log.
        latest: time of its latest line.
        hits: what is read back.
        lines: how many lines that has been.

    """

    path: str
    latest: Instant
    hits: Iterator[Hits]
    lines: int = 0


def begin(run: Run, follower: Follower, loop: Loop, backfill: Duration | None) -> ReadBack | None:
    """Open a file at the right place. Returns what is to be read back of it, if anything."""
    if not follower.open() or follower.file is None:
        return None
    file, size = follower.file, follower.file.size
    head = _head_of(file, size, follower.path)
    reader = loop.reader_of(follower.path)
    _recognise(run, reader, head, follower.path)
    if backfill is None or reader.log_format is None:
        return None
    if not reader.log_format.fills("time"):
        return None
    if not reader.has_lines:
        # Where an object begins is not known in the middle of a file.
        file.offset = _line_start(file.read_at, size)
        return None
    if reader.log_format.layout is Layout.W3C:
        _recall(reader, file.read_at, size)
    if reader.counts_days:
        latest = _begin_counting(reader, file, size, backfill)
    else:
        latest = _begin_bisecting(run, reader, file, size, backfill)
    if latest is None or backfill == 0:
        return None
    found = ReadBack(follower.path, latest, iter(()))
    found.hits = _counting(found, loop.read_all(follower.read_up_to(size)))
    return found


def _counting(read_back: ReadBack, hits: Iterator[Hits]) -> Iterator[Hits]:
    """Hits as they come, their lines counted."""
    for each in hits:
        read_back.lines += each.lines
        yield each


def _head_of(file: OpenFile, size: int, path: str) -> Head:
    """The first whole lines of an open file that can be read.

    Raises:
        InputError: it is binary as far as it was looked at, compressed, or in UTF-16.

    """
    first = file.read_at(0, 8)
    for other, why in (
        (detect_codec(first), "a compressed log does not grow"),
        (detect_encoding(first), "a log in UTF-16 cannot be followed"),
    ):
        if other:
            raise InputError(
                why, where=path, hint="hitwatch report or hitwatch replay reads it as it is now"
            )
    begin = file.text_from(0)
    pieces = (file.read_at(at, min(_HEAD, size - at)) for at in range(begin, size, _HEAD))
    return head_of_pieces(path, pieces, ended=False)


def _recall(reader: Reader, read_at: ReadAt, offset: int) -> None:
    """Take over what the head of a W3C log says of the lines from an offset on."""
    for start in (b"#Software:", b"#Date:", b"#Fields:"):
        reader.apply_directive(last_header(read_at, offset, start) or b"")


def _begin_bisecting(
    run: Run, reader: Reader, file: OpenFile, size: int, backfill: Duration
) -> Instant | None:
    """Find the place in a file whose lines say when they were written.

    Returns:
        Time of its latest line; ``None`` when there is none.

    """
    times_of = times_by(reader)
    latest = last_time(file.read_at, size, times_of)
    if latest is None or backfill == 0:
        file.offset = _line_start(file.read_at, size)
        return latest
    since = latest - backfill - _EARLY
    if run.readers.zone is not None:
        # What the clock shows twice is told by the lines before it.
        since = run.readers.zone.start_before_repeat(since, latest)
    file.offset = offset_since(file.read_at, size, since, times_of)
    if reader.log_format is not None and reader.log_format.layout is Layout.W3C:
        _recall(reader, file.read_at, file.offset)
    return latest


def _begin_counting(
    reader: Reader, file: OpenFile, size: int, backfill: Duration
) -> Instant | None:
    """Find the place in a file in which the day is told by the lines before; read them for it.

    Returns:
        Time of its latest line; ``None`` when there is none.

    """
    start = 0
    if size > _MOST_COUNTED:
        start = _line_start(file.read_at, size - _MOST_COUNTED)
    probe = reader.probe()
    _recall(probe, file.read_at, start)
    places: list[tuple[int, Instant | None, Reader]] = []
    while start < size:
        block = file.read_at(start, min(_COUNTED, size - start))
        stop = block.rfind(b"\n") + 1
        if not stop:
            break
        before = probe.again()
        times = [time for hits in probe.read(block[:stop]) for time in hits.times()]
        places.append((start, max(times, default=None), before))
        start += stop
    latest = max((time for _, time, _ in places if time is not None), default=None)
    file.offset = start
    reader.continue_from(probe)
    if latest is not None and backfill:
        late = latest - backfill
        place = next(place for place in places if place[1] is not None and place[1] >= late)
        file.offset = place[0]
        reader.continue_from(place[2])
    return latest


def _line_start(read_at: Callable[[int, int], bytes], size: int) -> int:
    """Where the line begins that is being written at the end of a file."""
    start = max(0, size - _HEAD)
    block = read_at(start, size - start)
    return start + block.rfind(b"\n") + 1


def _recognise(run: Run, reader: Reader, head: Head, path: str) -> None:
    given = reader.log_format is not None
    if not head.lines:
        run.notify(f"{path}: empty so far; the format is found from its first lines")
        return
    know(reader, head, path)
    if reader.log_format is not None:
        how = "as told" if given else "recognised"
        if reader.envelope:
            how += f", carried by {reader.envelope}"
        others = reader.fit.tied if reader.fit else ()
        tied = f" ({' and '.join(others)} would fit as well)" if others else ""
        run.notify(f"{path}: format {reader.log_format.name}, {how}{tied}")
        log.info("format", extra={"origin": path, "format": reader.log_format.name, "how": how})
