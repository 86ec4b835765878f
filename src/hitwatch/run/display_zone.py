"""In which zone days, hours and times are shown, unless the user says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from hitwatch.errors import InputError
from hitwatch.lookup.local_zone import local_zone
from hitwatch.options.shared import ReadOptions
from hitwatch.run.inputs import zone_named
from hitwatch.run.logs import written_offsets_of
from hitwatch.run.readers import Readers
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import is_stream, read_head
from hitwatch.sources.plain import last_lines
from hitwatch.sources.text import HEAD_SIZE
from hitwatch.zones import Zone, fixed_zone, offset_name

_NAMED = 3
"""Offsets that are named one by one."""


def display_zone(
    read: ReadOptions,
    offsets: Callable[[], frozenset[int] | None],
    notify: Callable[[str], None],
) -> Zone:
    """The zone that is shown: the one asked for, else the log's own, else this machine's.

    Args:
        read: how lines are read.
        offsets: gives those with which the logs write their times; ``None``: there are no lines.
        notify: told, where the logs leave it open, which one it is.

    Raises:
        SettingsError: there is no such zone.

    """
    if read.display_tz is not None:
        return zone_named(read.display_tz, "display-tz")
    written = offsets()
    if written is None:
        return local_zone()
    if read.tz is not None:
        named = zone_named(read.tz, "tz")
        if written <= {offset for _, offset in named.offsets}:
            return named
    if len(written) == 1:
        return fixed_zone(*written)
    local = local_zone()
    names = [offset_name(offset) for offset in sorted(written)]
    why = "the logs show no offset"
    if names:
        why = f"the logs have offsets of {' and '.join(names)}"
    if len(names) > _NAMED:
        why = f"the logs have {len(names)} offsets, from {names[0]} to {names[-1]}"
    notify(
        f"times are shown and read in {local.name}, this machine's zone, as {why};"
        " --display-tz ZONE names another"
    )
    return local


def offsets_now(paths: Iterable[str], readers: Readers) -> frozenset[int]:
    """Offsets with which logs that are followed write their times now.

    Args:
        paths: of the logs; those that are not there yet, are empty or cannot be read say nothing.
        readers: how their lines are read; they are left as they are.

    """
    found: set[int] = set()
    for path in paths:
        if path == STDIN or is_stream(path):
            continue
        reader = readers(path).probe()
        with suppress(OSError, InputError):
            head = read_head(path).lines
            if reader.recognise(head):
                found |= written_offsets_of(reader, head)
                found |= written_offsets_of(reader, last_lines(path, HEAD_SIZE))
    return frozenset(found)
