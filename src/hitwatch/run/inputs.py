"""Whole inputs: how they are to be read, in which order, and what cannot be."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from hitwatch.errors import InputError, SettingsError, unreadable_input
from hitwatch.follow.chunk import Chunk
from hitwatch.formats.format import Format
from hitwatch.formats.times import IN_UTC, Zone, tabulate_zone
from hitwatch.hits.detect import ENOUGH, detect
from hitwatch.hits.reader import Reader
from hitwatch.instants import Instant
from hitwatch.lookup.user_formats import load_format_file, register_user_formats
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import Head, is_stream, read_file, read_head
from hitwatch.sources.seek import TimesOf
from hitwatch.sources.stdin import read_stdin
from hitwatch.sources.text import binary_file_error

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

log = logging.getLogger("hitwatch")


def format_named(named: str | None, settings: str | None = None) -> Format | None:
    """The log format that a user names; ``None``: it is to be found out.

    Format files in the user's settings folder become known on the way.

    Args:
        named: a name, a server's own string, or a format file.
        settings: a server's settings in place of it, as ``FILE`` or ``FILE:NAME``.

    Raises:
        FormatError: there is no such format, or its description is wrong.

    """
    register_user_formats(os.environ)
    # What reads the servers' own words is loaded when they are given.
    if settings is not None:
        from hitwatch.lookup.server_config import format_from_config

        path, _, name = settings.partition(":")
        return format_from_config(path, name or None)
    if named is None:
        return None
    if named.endswith(".toml"):
        return load_format_file(named)
    from hitwatch.formats.server_strings import resolve_format

    return resolve_format(named)


def zone_named(name: str | None) -> ZoneInfo:
    """Look a time zone up; UTC where none is named.

    Raises:
        SettingsError: there is no such zone.

    """
    # The database of zones is loaded when one is asked for.
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"unknown time zone {name!r}",
            where="tz",
            hint="write a name of the tz database, such as Europe/Berlin",
        ) from error


def offsets_of(name: str | None) -> Zone | None:
    """A time zone as the kernel knows it; ``None``: nobody named one, so UTC is a guess.

    Raises:
        SettingsError: there is no such zone.

    """
    if name in (None, "UTC"):
        return IN_UTC if name else None
    return tabulate_zone(zone_named(name))


def chunks_of(
    path: str,
    *,
    numbered: bool = True,
    warn: Callable[[str], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Chunk]:
    """The lines of a file, or of standard input until it ends.

    Args:
        path: the file, or ``-``.
        numbered: whether chunks know the numbers of their lines.
        warn: told of what was skipped and is no loss.
        stopped: whether somebody asked to end.

    Raises:
        InputError: as ``read_file``.

    """
    if path == STDIN:
        return read_stdin(numbered=numbered, warn=warn, stopped=stopped)
    return read_file(path, numbered=numbered, warn=warn)


def head_of(
    path: str,
    damaged: Callable[[InputError], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> bytes:
    """The first lines of a file or of standard input.

    Args:
        path: the file, or ``-``.
        damaged: told of the damage that reading them met.
        warn: told of what was skipped, and of a file without lines.

    Raises:
        InputError: nothing can be read, or it is binary and no line of it is in a known format.

    """
    if path == STDIN:
        return next((chunk.data for chunk in read_stdin()), b"")
    try:
        head = read_head(path)
    except OSError as error:
        raise unreadable_input(path, error) from error
    if head.binary and not any(fit.share >= ENOUGH for fit in detect(head.lines)[:1]):
        raise binary_file_error(path)
    if head.error and damaged:
        damaged(head.error)
    if warn and head.holes:
        warn(f"{path}: {head.holes}" if head.lines else f"{path} has no lines: {head.holes}")
    elif warn and not head.lines:
        warn(f"{path} is empty")
    return head.lines


def know(reader: Reader, head: Head, path: str) -> None:
    """Find out the format of an input from its first lines.

    Raises:
        InputError: they are in no known format, or the file is binary.

    """
    known = reader.recognise(head.lines)
    if head.binary and not (known and reader.fit and reader.fit.fitting):
        raise binary_file_error(path)
    if not known:
        raise unknown_format(reader, path)


def in_order(
    paths: list[str],
    reader_of: Callable[[str], Reader],
    notify: Callable[[str], None],
    failed: Callable[[InputError], None],
    *,
    warn: Callable[[str], None] | None = None,
    looked_at: Iterable[str] = (),
) -> list[tuple[Instant, str]]:
    """Readable files and the times of their first hits, in the order of these.

    Args:
        paths: files; standard input stands alone.
        reader_of: the reader of an origin's lines; it knows the format afterwards.
        notify: tells the user something about the run itself.
        failed: takes the error of a file that cannot be read.
        warn: told of what was skipped, also by who wants quiet; ``notify`` when ``None``.
        looked_at: columns by which hits are chosen.

    """
    if paths == [STDIN]:
        return [(0, STDIN)]
    begun: list[tuple[Instant, str]] = []
    heads: dict[bytes, str] = {}
    for path in paths:
        if is_stream(path):
            # What has been read of it once is gone: its format is found out as it is read.
            begun.append((0, path))
            continue
        try:
            head = read_head(path)
            reader = reader_of(path)
            if not head.lines:
                if head.holes:
                    (warn or notify)(f"{path} has no lines: {head.holes}")
                else:
                    notify(f"{path} is empty")
                continue
            know(reader, head, path)
            same = heads.setdefault(head.lines, path)
            if same != path:
                notify(
                    f"{path} begins with the same lines as {same}:"
                    " what stands in both is counted twice"
                )
            log.info("%s: format %s", path, reader.log_format and reader.log_format.name)
            begun.append((first_time(reader, head.lines), path))
        except InputError as error:
            failed(error)
        except OSError as error:
            failed(unreadable_input(path, error))
    _tell_absent(looked_at, [reader_of(path).log_format for _, path in begun], notify)
    return sorted(begun)


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


def times_by(reader: Reader) -> TimesOf:
    """What reads the times of lines of an origin whose format is known and fills ``time``."""
    if reader.log_format is None:
        raise ValueError("no format is known")
    times = reader.parser_of(reader.log_format, ["time"])

    def times_of(lines: bytes) -> list[Instant]:
        bare = reader.unwrap(lines)
        return times.parse(bare, keep_rejects=0).times()

    return times_of


def unknown_format(reader: Reader, path: str) -> InputError:
    """The error of a log that no known format fits: the nearest, and where each fails."""
    # Few logs are unknown.
    from hitwatch.hits.explain import nearness

    why = f"fewer than {ENOUGH:.0%} of its first lines fit any known format"
    line = next((fit.reject.line for fit in reader.fits if fit.reject), b"")
    for fit in sorted(reader.fits, key=lambda fit: nearness(fit, line), reverse=True)[:3]:
        if fit.reject:
            why += (
                f"\n  {fit.log_format.name} fails in line {fit.reject.line_number}"
                f" at column {fit.reject.column}: {fit.reject.reason}"
            )
    return InputError(
        "in no known log format",
        where=path,
        why=why,
        hint="name the format, or give the server's own: --log-format '%h %l %u %t \"%r\" %>s %b'"
        " (see docs/formats.md); hitwatch detect --line '...' explains one line",
    )
