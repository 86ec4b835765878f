"""Whole logs, opened: in the order of their times, their formats known, and the zone they show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field

from hitwatch.errors import InputError, UsageError, unreadable_input
from hitwatch.follow.chunk import Chunk
from hitwatch.formats.format import Format
from hitwatch.hits.ambiguity import written_offsets
from hitwatch.hits.reader import Reader
from hitwatch.instants import Instant
from hitwatch.run.inputs import chunks_of, know, times_by
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import is_stream, read_head
from hitwatch.sources.plain import last_lines
from hitwatch.sources.text import HEAD_SIZE

log = logging.getLogger("hitwatch.reader")

_SHOWN = 4 * 1024
"""Bytes of the first and last lines of a log by which its offset is known."""


class Log(Struct, order=True):
    """A log that can be read.

    Attributes:
        first_at: time of its first hit; 0 where nobody knows.
        path: the file; ``-`` is standard input.
        head: its first lines, as far as they show how times are written.

    """

    first_at: Instant
    path: str
    head: bytes = b""


class Logs(Struct):
    """Whole logs that can be read.

    Attributes:
        reader_of: the reader of an origin's lines; it knows the format.
        ordered: the logs, in the order of their first hits.
        failures: what could not be read.

    """

    reader_of: Callable[[str], Reader]
    ordered: list[Log] = field(default_factory=list)
    failures: list[InputError] = field(default_factory=list)
    _begun: dict[str, Iterator[Chunk] | None] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """Their paths, in order."""
        return [each.path for each in self.ordered]

    def fail(self, error: InputError, tell: Callable[[str], None]) -> None:
        """Take the error of a log that cannot be read; it is logged, and the user is told."""
        self.failures.append(error)
        log.error("unreadable", extra={"error": str(error)})
        tell(str(error))

    def chunks(
        self,
        path: str,
        *,
        numbered: bool = True,
        warn: Callable[[str], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Chunk]:
        """The lines of a log, as ``chunks_of`` gives them.

        Raises:
            UsageError: it is a stream, and has been read.

        """
        if path not in self._begun:
            return chunks_of(path, numbered=numbered, warn=warn, stopped=stopped)
        begun, self._begun[path] = self._begun[path], None
        if begun is None:
            name = "standard input" if path == STDIN else path
            raise UsageError(
                f"{name} can be read only once, and is asked for again",
                hint="write it to a file, and name that",
            )
        return begun

    def offsets(self) -> frozenset[int] | None:
        """Offsets with which the logs write their times, seconds east of UTC.

        Those of lines without one are those of the zone that they are read in. There are none
        where times are counts since 1970, or nobody knows the format; ``None``: no log has lines.
        """
        if not any(each.head for each in self.ordered):
            return None
        found: set[int] = set()
        for each in self.ordered:
            reader = self.reader_of(each.path)
            found |= written_offsets_of(reader, each.head)
            if reader.is_line_by_line and each.path not in self._begun:
                found |= written_offsets_of(reader, last_lines(each.path, _SHOWN))
        return frozenset(found)

    def last_at(self) -> Instant | None:
        """When the logs end: by the last lines of plain files, of others when they were written.

        ``None`` where nobody knows.
        """
        ends = [self._end_of(each.path) for each in self.ordered]
        return None if None in ends else max((end for end in ends if end is not None), default=None)

    def _end_of(self, path: str) -> Instant | None:
        if path in self._begun:
            return None
        reader = self.reader_of(path)
        lines = last_lines(path, HEAD_SIZE) if reader.is_line_by_line else b""
        if lines and reader.log_format and reader.log_format.fills("time"):
            return max(times_by(reader)(lines), default=None)
        try:
            return Path(path).stat().st_mtime_ns // 1000
        except OSError:
            return None

    def begin(
        self, path: str, chunks: Iterator[Chunk], least: int, stopped: Callable[[], bool]
    ) -> None:
        """Read the first lines of a stream, which can be read once.

        Args:
            path: the stream.
            chunks: its lines.
            least: how many bytes of them are waited for.
            stopped: whether somebody asked the run to end.

        """
        read: list[Chunk] = []
        error: InputError | None = None
        try:
            for chunk in chunks:
                read.append(chunk)
                if stopped() or sum(len(each.data) for each in read) >= least:
                    break
        except InputError as found:
            error = found
        self._begun[path] = _continued(read, chunks, error)
        head = b"".join(each.data for each in read)
        reader = self.reader_of(path)
        reader.recognise(head)
        self.ordered.append(Log(first_time(reader, head), path, _few(head)))


def _continued(
    read: list[Chunk], chunks: Iterator[Chunk], error: InputError | None
) -> Iterator[Chunk]:
    """What has been read of a stream, and then the rest; an error when it was met."""
    yield from read
    if error:
        raise error
    yield from chunks


def _few(lines: bytes) -> bytes:
    """The first of some lines."""
    return lines[: lines.rfind(b"\n", 0, _SHOWN) + 1] or lines[: lines.find(b"\n") + 1] or lines


def written_offsets_of(reader: Reader, lines: bytes) -> frozenset[int]:
    """Offsets with which lines of a log write their times; none where its format is not known."""
    if reader.log_format is None or not lines:
        return frozenset()
    return written_offsets(reader.log_format, reader.unwrap(lines), reader.zone)


def open_logs(
    paths: list[str],
    reader_of: Callable[[str], Reader],
    notify: Callable[[str], None],
    *,
    warn: Callable[[str], None] | None = None,
    strict: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    looked_at: Iterable[str] = (),
    least: int = HEAD_SIZE,
) -> Logs:
    """Find out the formats of whole logs and the times of their first hits.

    Args:
        paths: files; standard input stands alone.
        reader_of: the reader of an origin's lines; it knows the format afterwards.
        notify: tells the user something about the run itself.
        warn: told of what was skipped or cannot be read, also by who wants quiet; ``notify`` when
            ``None``.
        strict: whether each must be readable; else what cannot be is told, and is among the
            failures.
        stopped: whether somebody asked the run to end.
        looked_at: columns by which hits are chosen.
        least: how many bytes of a stream are waited for.

    Raises:
        InputError: one cannot be read, and each must be.

    """
    logs = Logs(reader_of)
    tell = warn or notify
    heads: dict[bytes, str] = {}
    for path in paths:
        if path == STDIN or is_stream(path):
            # What has been read of it once is gone.
            logs.begin(path, chunks_of(path, warn=warn, stopped=stopped), least, stopped)
            continue
        try:
            head = _known_head(path, reader_of(path), notify, tell)
        except (InputError, OSError) as error:
            found = error if isinstance(error, InputError) else unreadable_input(path, error)
            if strict:
                raise found from error
            logs.fail(found, tell)
            continue
        if not head:
            continue
        same = heads.setdefault(head, path)
        if same != path:
            notify(
                f"{path} begins with the same lines as {same}: what stands in both is counted twice"
            )
        logs.ordered.append(Log(first_time(reader_of(path), head), path, _few(head)))
    logs.ordered.sort()
    _tell_absent(looked_at, [reader_of(path).log_format for path in logs.paths], notify)
    return logs


def _known_head(
    path: str, reader: Reader, notify: Callable[[str], None], tell: Callable[[str], None]
) -> bytes:
    """The first lines of a file, whose format is known then; nothing of one without lines."""
    head = read_head(path)
    if not head.lines:
        if head.holes:
            tell(f"{path} has no lines: {head.holes}")
        else:
            notify(f"{path} is empty")
        return b""
    know(reader, head, path)
    known = reader.log_format.name if reader.log_format else None
    log.info("format", extra={"origin": path, "format": known})
    return head.lines


def _tell_absent(
    looked_at: Iterable[str], formats: Sequence[Format | None], notify: Callable[[str], None]
) -> None:
    """Say which columns that hits are chosen by no log has: a condition on them tells nothing."""
    known = [log_format for log_format in formats if log_format]
    if not known or len(known) < len(formats):
        return
    for name in sorted(looked_at):
        if not any(log_format.fills(name) for log_format in known):
            logs = " and ".join(dict.fromkeys(log_format.name for log_format in known))
            notify(f"hits are chosen by {name}, which {logs} does not log")


def first_time(reader: Reader, head: bytes) -> Instant:
    """Time of the first hit at the beginning of a file whose format is known; else 0."""
    if reader.log_format is None or not reader.log_format.fills("time"):
        return 0
    probe = Reader(["time"], reader.log_format, zone=reader.zone, framing=reader.framing)
    for hits in probe.read(head):
        if len(hits):
            return hits.times()[0]
    return 0
