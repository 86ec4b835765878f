"""Whole inputs: how they are to be read, in which order, and what cannot be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from hitwatch.errors import InputError, SettingsError, unreadable_input
from hitwatch.follow.chunk import Chunk
from hitwatch.formats.format import Format
from hitwatch.hits.detect import ENOUGH, detect
from hitwatch.hits.reader import Reader
from hitwatch.instants import Instant
from hitwatch.lookup.user_formats import load_format_file, register_user_formats
from hitwatch.patterns import Pattern
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import Head, read_file, read_head
from hitwatch.sources.seek import TimesOf
from hitwatch.sources.stdin import read_stdin
from hitwatch.sources.text import binary_file_error
from hitwatch.zones import IN_UTC, Zone, fixed_zone, tabulate_zone

_OFFSET = Pattern(r"([+-])([01]\d|2[0-3]):?([0-5]\d)?")


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


def zone_named(name: str, option: str) -> Zone:
    """Look a time zone up.

    Args:
        name: of the tz database, ``UTC``, an offset such as ``+02:00``, or ``local``.
        option: what says it.

    Raises:
        SettingsError: there is no such zone.

    """
    if name.upper() in ("UTC", "Z"):
        return IN_UTC
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        seconds = int(hours) * 3_600 + int(minutes or 0) * 60
        return fixed_zone(-seconds if sign == "-" else seconds)
    if name == "local":
        from hitwatch.lookup.local_zone import local_zone

        return local_zone()
    # The database of zones is loaded when one is asked for.
    from zoneinfo import ZoneInfo

    try:
        return tabulate_zone(ZoneInfo(name))
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"unknown time zone {name!r}",
            where=option,
            hint="write a name of the tz database, such as Europe/Berlin, UTC, local, or an"
            " offset such as +02:00",
        ) from error


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
