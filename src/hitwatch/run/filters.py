"""Which hits count: what the options that choose hits mean."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from hitwatch.clocks import WallClock
from hitwatch.errors import UsageError
from hitwatch.formats.columns import Column
from hitwatch.instants import Instant, from_datetime
from hitwatch.options.groups import Options
from hitwatch.options.shared import FilterOptions
from hitwatch.run.inputs import zone_named
from hitwatch.select.criteria import (
    exclude_clients,
    exclude_paths,
    in_time_range,
    only_hosts,
    parse_networks,
    read_networks,
)
from hitwatch.select.filter import Filter, TimeRange
from hitwatch.select.language import Predicate, combine, parse_predicate
from hitwatch.select.networks import Networks
from hitwatch.select.time_expressions import parse_when


def filter_of(options: Options, further: Iterable[Column] = ()) -> Filter:
    """Make the filter of a run.

    Args:
        options: of the run.
        further: columns that ``where`` may name beside the public ones.

    Raises:
        UsageError: a condition or time makes no sense, or a file of networks cannot be read.

    """
    chosen = options.filter
    return Filter(_predicate(chosen, further), chosen.bots, time_range_of(options))


def time_range_of(options: Options) -> TimeRange:
    """The time in which hits must lie.

    Raises:
        UsageError: it makes no sense, or is empty.

    """
    zone = _zone_of(options)
    since, until = _instant(options.filter.since, zone), _instant(options.filter.until, zone)
    in_time_range(since, until)
    return since, until


def _zone_of(options: Options) -> tzinfo:
    """The zone in which times are said."""
    return zone_named(options.read.tz) if options.read.tz else UTC


def previous_of(options: Options) -> TimeRange | None:
    """The time that a report compares with; ``None``: it compares with none.

    Raises:
        UsageError: it makes no sense, or is empty.

    """
    compare = options.report.compare
    if not compare:
        return None
    if compare == "previous":
        since, until = time_range_of(options)
        if since is None:
            raise UsageError(
                "nothing says where the time before begins",
                where="--compare previous",
                hint="say --since too, as in --since yesterday --compare previous",
            )
        return since - ((_now() if until is None else until) - since), since
    first, points, second = compare.partition("..")
    if not points:
        raise UsageError(
            f"{compare!r} is no time to compare with",
            where="--compare",
            hint="write previous, or two times: 2026-01-01..2026-01-08",
        )
    zone = _zone_of(options)
    begin, end = (parse_when(text, _now(), zone) for text in (first, second))
    in_time_range(begin, end)
    return begin, end


def trusted_networks(entries: Iterable[str]) -> Networks | None:
    """Networks of proxies; ``None``: there are none.

    Args:
        entries: a network or several; ``@FILE`` names a file of them.

    Raises:
        UsageError: an entry is no network, or a file cannot be read.

    """
    found = _listed(entries)
    return parse_networks(found) if found else None


def _predicate(chosen: FilterOptions, further: Iterable[Column]) -> Predicate | None:
    """What hits must meet, whenever they were; ``None``: all count."""
    conditions = []
    if chosen.where:
        conditions.append(parse_predicate(chosen.where, further))
    if chosen.host:
        conditions.append(only_hosts(chosen.host))
    if chosen.exclude_client:
        conditions.append(exclude_clients(_listed(chosen.exclude_client)))
    if chosen.exclude_path:
        conditions.append(exclude_paths(chosen.exclude_path))
    return combine(conditions) if conditions else None


def _listed(entries: Iterable[str]) -> list[str]:
    """Networks, those in files among them.

    Raises:
        UsageError: a file cannot be read.

    """
    found: list[str] = []
    for entry in entries:
        if not entry.startswith("@"):
            found += read_networks(entry) or [entry]
            continue
        try:
            found += read_networks(Path(entry[1:]).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("cannot be read", where=entry[1:], why=str(error)) from error
    return found


def _instant(moment: str | datetime | None, zone: tzinfo) -> Instant | None:
    if isinstance(moment, datetime):
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    return parse_when(moment, _now(), zone) if moment else None


def _now() -> Instant:
    return WallClock().now()
