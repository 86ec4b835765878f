"""What ``import hitwatch`` offers: logs as a table, and the report as a value."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from hitwatch.alerting.rule import surge_rule
from hitwatch.errors import DamageError, DamageWarning, UsageError
from hitwatch.hits.duration_units import UNITS
from hitwatch.instants import MINUTE, Duration
from hitwatch.privacy.panels import redact_panels
from hitwatch.privacy.pipeline import HitPipeline
from hitwatch.privacy.policy import Privacy
from hitwatch.privacy.redact import Mode
from hitwatch.readmodel import Report, View
from hitwatch.run.filter_options import (
    WHAT_GREW,
    FilterOptions,
    check_panel,
    known_panels,
    metric_named,
    panels_left_out,
    panels_to_count,
    sections_of,
    trusted_networks,
)
from hitwatch.run.inputs import format_named, offsets_of, zone_named
from hitwatch.run.parse import Parsing, RejectedLine
from hitwatch.run.readers import Readers
from hitwatch.run.report import Reporting, columns_for
from hitwatch.run.scan import Scan
from hitwatch.sources.discovery import find_logs
from hitwatch.tables.lazyframe import LazyRows
from hitwatch.values import duration, whole

log = logging.getLogger("hitwatch")

Source = str | os.PathLike[str]
"""A path, a glob, a directory, or ``-`` for standard input."""


def scan(
    *sources: Source,
    log_format: str | None = None,
    log_format_from: str | None = None,
    tz: str | None = None,
    duration_unit: str | None = None,
    section_depth: int = 1,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
    where: str | None = None,
    host: str | Sequence[str] = (),
    exclude_client: str | Sequence[str] = (),
    exclude_path: str | Sequence[str] = (),
    bots: bool | None = None,
    trusted_proxy: str | Sequence[str] = (),
    anonymize: Mode | None = None,
    anonymize_key: str | bytes = b"",
    redact: bool = False,
    all_fields: bool = False,
    line_numbers: bool = False,
    on_reject: Callable[[RejectedLine], None] | None = None,
) -> LazyRows:
    """Make a table of hits that is read when it is collected.

    The first lines of each log are read at once, to know its format. Everything else is read
    each time the table is collected: the columns that the query needs, a batch at a time, and
    no further than it takes.

    Args:
        sources: paths, globs, directories, or ``-``; compressed files are read as they are.
            Several are one table in the order of their times. With none, the usual places of
            nginx, Apache and Caddy are looked at.
        log_format: name of a format, Apache's or nginx's own string, or a format file;
            found out from the first lines when ``None``.
        log_format_from: the server's settings in place of it, as ``FILE`` or ``FILE:NAME``.
        tz: zone of times without an offset, of the log and of ``since`` and ``until``.
        duration_unit: ``s``, ``ms``, ``us`` or ``ns``: of durations whose unit the format
            leaves open; as lines tell when ``None``.
        section_depth: path segments of a section.
        since: leave out what is older: a text as on the command line, or a ``datetime``.
        until: leave out what is not older.
        where: a condition as on the command line (docs/filters.md).
        host: globs of the only virtual hosts.
        exclude_client: addresses and networks to leave out; ``@FILE`` lists them.
        exclude_path: globs of paths to leave out.
        bots: ``True``: only bots and tools; ``False``: none of them.
        trusted_proxy: networks of proxies that are believed to name the client behind them;
            ``@FILE`` lists them.
        anonymize: ``truncate`` cuts addresses of clients, ``hash`` hashes them and users.
        anonymize_key: the secret of the hash.
        redact: take secrets and mail addresses out of queries.
        all_fields: add the formats' own further columns.
        line_numbers: add the column ``line_number``.
        on_reject: called with every line that is no hit, each time one is read; when
            ``None``, their number and most frequent reason are logged as a warning.

    Returns:
        A Polars ``LazyFrame`` with the columns of docs/commands.md.

    Raises:
        InputError: a log cannot be read, or is in no known format; damage that is found
            further on is raised when the table is collected.
        FormatError: ``log_format`` makes no sense.
        SettingsError: there is no such time zone, or a number is out of bounds.
        UsageError: a condition or point in time makes no sense, or the hash has no key.

    """
    filter_options = _selection(since, until, where, host, exclude_client, exclude_path, bots, tz)
    parsing = Parsing(
        paths=_paths(sources),
        reader_of=Readers(
            None,
            format_named(log_format, log_format_from),
            _depth(section_depth),
            offsets_of(tz),
            pipeline=HitPipeline(
                trusted_networks(_several(trusted_proxy)),
                privacy=_privacy(anonymize, anonymize_key, redact),
            ),
            notify=log.warning,
            duration_unit=_unit(duration_unit),
        ),
        notify=log.info,
        stopped=lambda: False,
        further=all_fields,
        line_numbers=line_numbers,
        on_reject=on_reject,
        warn=_warn_of_damage,
        strict=True,
    )
    return Scan(parsing, filter_options).table()


def report(
    *sources: Source,
    log_format: str | None = None,
    log_format_from: str | None = None,
    tz: str | None = None,
    duration_unit: str | None = None,
    section_depth: int = 1,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
    where: str | None = None,
    host: str | Sequence[str] = (),
    exclude_client: str | Sequence[str] = (),
    exclude_path: str | Sequence[str] = (),
    bots: bool | None = None,
    trusted_proxy: str | Sequence[str] = (),
    anonymize: Mode | None = None,
    anonymize_key: str | bytes = b"",
    redact: bool = False,
    geoip: Source | Sequence[Source] = (),
    top: int | None = None,
    sort: str = "hits",
    tops: Mapping[str, int] | None = None,
    sorts: Mapping[str, str] | None = None,
    panel: str | Sequence[str] = (),
    no_panel: str | Sequence[str] = (),
    compare: str | None = None,
    bucket: str | None = None,
    section_group: str | Sequence[str] = (),
    collapse_ids: bool = False,
    short: str | None = None,
    long: str | None = None,
    threshold: str | float | None = None,
    resolution: str | None = None,
    metric: str | None = None,
) -> Report:
    """Read whole logs, and give the report that ``hitwatch report`` draws.

    Args:
        sources: as of ``scan``.
        log_format: as of ``scan``.
        log_format_from: as of ``scan``.
        tz: as of ``scan``.
        duration_unit: as of ``scan``.
        section_depth: as of ``scan``.
        since: as of ``scan``.
        until: as of ``scan``.
        where: as of ``scan``.
        host: as of ``scan``.
        exclude_client: as of ``scan``.
        exclude_path: as of ``scan``.
        bots: as of ``scan``.
        trusted_proxy: as of ``scan``.
        anonymize: as of ``scan``; figures are those of the true clients.
        anonymize_key: as of ``scan``.
        redact: as of ``scan``.
        geoip: MaxMind databases that say where clients are.
        top: rows of a panel; all when ``None``.
        sort: figure by which rows are ordered.
        tops: ``top`` of single panels, by name.
        sorts: ``sort`` of single panels, by name.
        panel: names of the only panels to give.
        no_panel: names of panels not to give.
        compare: ``previous`` to compare with the time of the same length before ``since``, or
            two points in time with ``..`` between them.
        bucket: step of the time line such as ``5m``, which is then given too.
        section_group: ``NAME=GLOB`` or ``NAME=~REGEX``: paths that are one section.
        collapse_ids: count ``/user/123`` as ``/user/:id``.
        short: short window of the alert rule, such as ``2m``.
        long: long window before it.
        threshold: how many times the long average the short one must exceed.
        resolution: width of a bucket.
        metric: what the rule watches: ``bytes`` or ``hits``.

    Returns:
        Totals, panels and alerts as plain values.

    Raises:
        InputError: a log cannot be read, or is in no known format.
        FormatError: ``log_format`` makes no sense.
        SettingsError: the rule makes no sense, there is no such time zone, or a duration or
            number is out of bounds.
        UsageError: a condition or point in time makes no sense, there is no such panel or
            figure, the hash has no key, or a database cannot be read.

    """
    filter_options = _selection(since, until, where, host, exclude_client, exclude_path, bots, tz)
    chosen, depth = _several(panel), _depth(section_depth)
    sections = sections_of(_several(section_group), depth, collapse=collapse_ids)
    databases = [os.fspath(path) for path in _several(geoip)]
    known = known_panels(
        _width(bucket), collapse=collapse_ids, sections=sections, databases=databases
    )
    counted = panels_to_count(known, chosen, timeline=bucket is not None)
    panels = redact_panels(counted, _privacy(anonymize, anonymize_key, redact))
    named = {panel.name for panel in panels} | {WHAT_GREW}
    for name in (*(tops or ()), *(sorts or ())):
        check_panel(name, named)
    limits = View(
        top=None if top is None else whole("top", top),
        sort=metric_named(sort),
        tops={name: whole("tops", count) for name, count in (tops or {}).items()},
        sorts={name: metric_named(figure) for name, figure in (sorts or {}).items()},
        left_out=panels_left_out(_several(no_panel), chosen, named),
    )
    hit_filter = filter_options.hit_filter()
    reporting = Reporting(
        paths=_paths(sources),
        reader_of=Readers(
            columns_for(panels, hit_filter),
            format_named(log_format, log_format_from),
            depth,
            offsets_of(tz),
            pipeline=HitPipeline(trusted_networks(_several(trusted_proxy))),
            notify=log.warning,
            duration_unit=_unit(duration_unit),
        ),
        panels=panels,
        rule=surge_rule(
            metric=metric, short=short, long=long, threshold=threshold, resolution=resolution
        ),
        hit_filter=hit_filter,
        notify=log.info,
        # A report that lacks a log would pass for the whole.
        stopped=lambda: any(not isinstance(e, DamageError) for e in reporting.failures),
        previous=filter_options.previous(compare) if compare else None,
    )
    made = reporting.make(limits)
    for error in reporting.failures:
        if not isinstance(error, DamageError):
            raise error
        _warn_of_damage(str(error))
    return made


def _warn_of_damage(what: str) -> None:
    """Tell, in Python's way, what could not be read of a log; its figures are of the rest."""
    warnings.warn(what, DamageWarning, stacklevel=3)


def _selection(
    since: str | datetime | None,
    until: str | datetime | None,
    where: str | None,
    hosts: str | Sequence[str],
    clients: str | Sequence[str],
    paths: str | Sequence[str],
    bots: bool | None,
    tz: str | None,
) -> FilterOptions:
    return FilterOptions(
        since=since,
        until=until,
        where=where,
        hosts=_several(hosts),
        exclude_clients=_several(clients),
        exclude_paths=_several(paths),
        bots=bots,
        zone=zone_named(tz),
    )


def _privacy(mode: Mode | None, key: str | bytes, redact: bool) -> Privacy:
    """What is replaced; blanks around the key do not count, as on the command line."""
    secret = key.encode("utf-8", "surrogateescape") if isinstance(key, str) else key
    return Privacy(mode, secret.strip(), redact)


Word = TypeVar("Word", bound=str | os.PathLike[str])


def _several(words: Word | Sequence[Word]) -> tuple[Word, ...]:
    """One or several words; a text is one, not its letters."""
    return (words,) if isinstance(words, str | os.PathLike) else tuple(words)


def _paths(sources: tuple[Source, ...]) -> list[str]:
    return find_logs(tuple(os.fspath(source) for source in sources), live=False)


def _unit(duration_unit: str | None) -> str | None:
    if duration_unit not in (None, *UNITS):
        raise UsageError(
            f"{duration_unit!r} is no unit",
            where="duration_unit",
            hint=f"one of {', '.join(UNITS)}",
        )
    return duration_unit


def _depth(section_depth: int) -> int:
    return whole("section_depth", section_depth)


def _width(bucket: str | None) -> Duration:
    return MINUTE if bucket is None else duration("bucket", bucket)
