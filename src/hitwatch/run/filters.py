"""Which hits count: what the options that choose hits mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from hitwatch.clocks import WallClock
from hitwatch.errors import UsageError
from hitwatch.formats.columns import Column
from hitwatch.instants import MINUTE, Instant, from_datetime
from hitwatch.options.groups import Options
from hitwatch.options.shared import FilterOptions
from hitwatch.select.criteria import (
    exclude_clients,
    exclude_paths,
    exclude_referrers,
    in_time_range,
    only_hosts,
    parse_networks,
    read_entries,
)
from hitwatch.select.filter import Filter, TimeRange
from hitwatch.select.language import Predicate, combine, parse_predicate
from hitwatch.select.networks import Networks
from hitwatch.select.time_expressions import Stretch, parse_stretch, parse_when
from hitwatch.zones import IN_UTC, Zone

_ALWAYS: TimeRange = (-(2**62), None)


def filter_of(
    options: Options, further: Iterable[Column] = (), *, zone: Zone | None = None
) -> Filter:
    """Make the filter of a run.

    Args:
        options: of the run.
        zone: in which times are said; while it is not known, hits of all times count, and it is
            only said that times are looked at.
        further: columns that ``where`` may name beside the public ones.

    Raises:
        UsageError: a condition or time makes no sense, or a file of networks cannot be read.

    """
    chosen = options.filter
    timed = chosen.since is not None or chosen.until is not None
    time_range: TimeRange = (None, None)
    if timed:
        time_range = _ALWAYS if zone is None else time_range_of(options, zone)
    where = _predicate(chosen, further, zone or IN_UTC)
    return Filter(where, chosen.bots, time_range)


def time_range_of(options: Options, zone: Zone) -> TimeRange:
    """The time in which hits must lie: a month that is all that is said is that month.

    Args:
        options: of the run.
        zone: in which times are said.

    Raises:
        UsageError: it makes no sense, or is empty.

    """
    since, until = (
        _stretch(moment, zone) for moment in (options.filter.since, options.filter.until)
    )
    begin = since.begin if since else None
    end = until.begin if until else since.end if since else None
    in_time_range(begin, end)
    return begin, end


def previous_of(
    options: Options, zone: Zone, last_at: Callable[[], Instant | None] = lambda: None
) -> TimeRange | None:
    """The time that a report compares with; ``None``: it compares with none.

    Args:
        options: of the run.
        zone: in which times are said.
        last_at: gives when the logs end, as far as that is known; what they do not reach is not
            compared either.

    Raises:
        UsageError: it makes no sense, or is empty.

    """
    compare = options.report.compare
    if not compare:
        return None
    if compare == "previous":
        since, until = time_range_of(options, zone)
        said = _stretch(options.filter.since, zone)
        if since is None or said is None:
            raise UsageError(
                "nothing says where the time before begins",
                where="--compare previous",
                hint="say --since too, as in --since yesterday --compare previous",
            )
        if said.before is not None and said.end and not options.filter.until:
            # Of a month it is the month before, however many days that has.
            return said.before, since
        end = _now() if until is None else until
        if until is None and (last := last_at()) is not None and last >= since:
            # In whole minutes: an hour's log, whose last hit is seconds before its end, is an hour.
            end = min(end, (last // MINUTE + 1) * MINUTE)
        if said.before is not None and not options.filter.until:
            # Of one that has only begun, as much of the one before.
            return said.before, min(since, said.before + end - since)
        return since - (end - since), since
    first, points, second = compare.partition("..")
    if points:
        begin, end = (parse_when(text, _now(), zone.tzinfo) for text in (first, second))
        in_time_range(begin, end)
        return begin, end
    named = parse_stretch(compare, _now(), zone.tzinfo)
    if named.end is None:
        raise UsageError(
            f"{compare!r} is no time to compare with",
            where="--compare",
            hint="write previous, a month or week that is over, or two times:"
            " 2026-01-01..2026-01-08",
        )
    return named.begin, named.end


def trusted_networks(entries: Iterable[str]) -> Networks | None:
    """Networks of proxies; ``None``: there are none.

    Args:
        entries: a network or several; ``@FILE`` names a file of them.

    Raises:
        UsageError: an entry is no network, or a file cannot be read.

    """
    found = _listed(entries)
    return parse_networks(found) if found else None


def _predicate(chosen: FilterOptions, further: Iterable[Column], zone: Zone) -> Predicate | None:
    """What hits must meet, whenever they were; ``None``: all count."""
    conditions = []
    if chosen.where:
        conditions.append(parse_predicate(chosen.where, further, zone.tzinfo))
    if chosen.host:
        conditions.append(only_hosts(chosen.host))
    if chosen.exclude_client:
        conditions.append(exclude_clients(_listed(chosen.exclude_client)))
    if chosen.exclude_path:
        conditions.append(exclude_paths(chosen.exclude_path))
    if chosen.exclude_referrer:
        conditions.append(exclude_referrers(_listed(chosen.exclude_referrer)))
    return combine(conditions) if conditions else None


def _listed(entries: Iterable[str]) -> list[str]:
    """Networks or sites, those in files among them.

    Raises:
        UsageError: a file cannot be read.

    """
    found: list[str] = []
    for entry in entries:
        if not entry.startswith("@"):
            found += read_entries(entry) or [entry]
            continue
        try:
            found += read_entries(Path(entry[1:]).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("cannot be read", where=entry[1:], why=str(error)) from error
    return found


def _stretch(moment: str | datetime | None, zone: Zone) -> Stretch | None:
    """What an option names; ``None``: nothing."""
    shown = zone.tzinfo
    if isinstance(moment, datetime):
        return Stretch(from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=shown)))
    return parse_stretch(moment, _now(), shown) if moment else None


def _now() -> Instant:
    return WallClock().now()
