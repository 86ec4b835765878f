"""What ``import hitwatch`` offers: logs as a table, and the report as a value."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from typing import Unpack

from hitwatch.config import from_keywords
from hitwatch.errors import DamageError, DamageWarning
from hitwatch.options.fields import Source
from hitwatch.readmodel import Report
from hitwatch.run.keywords import REPORT, SCAN, ReportKeywords, ScanKeywords, documented
from hitwatch.run.parse import RejectedLine
from hitwatch.run.scan import Scan
from hitwatch.run.wiring import Console, parsing_of, reporting_of
from hitwatch.sources.discovery import find_logs
from hitwatch.tables.lazyframe import LazyRows

log = logging.getLogger("hitwatch")


@documented(*SCAN)
def scan(
    *sources: Source,
    on_reject: Callable[[RejectedLine], None] | None = None,
    **options: Unpack[ScanKeywords],
) -> LazyRows:
    """Make a table of hits that is read when it is collected.

    The first lines of each log are read at once, to know its format. Everything else is read
    each time the table is collected: the columns that the query needs, a batch at a time, and
    no further than it takes.

    Args:
        sources: paths, globs, directories, or ``-``; compressed files are read as they are.
            Several are one table in the order of their times. With none, the usual places of
            nginx, Apache and Caddy are looked at.
        on_reject: called with every line that is no hit, each time one is read; when
            ``None``, their number and most frequent reason are logged as a warning.
        options: how lines are read, which hits are rows, what is taken out of them, and which
            columns are added (docs/python.md has them all).

    Returns:
        A Polars ``LazyFrame`` with the columns of docs/commands.md.

    Raises:
        InputError: a log cannot be read, or is in no known format; damage that is found
            further on is raised when the table is collected.
        FormatError: ``log_format`` makes no sense.
        SettingsError: there is no such time zone, or a number is out of bounds.
        UsageError: a condition or point in time makes no sense, or the hash has no key.

    """
    chosen = from_keywords("scan", options, SCAN)
    console = Console(log.info, _warn_of_damage, caution=log.warning)
    parsing = parsing_of(chosen, _paths(sources), console, strict=True)
    parsing.on_reject = on_reject
    return Scan(parsing, chosen).table()


@documented(*REPORT)
def report(*sources: Source, **options: Unpack[ReportKeywords]) -> Report:
    """Read whole logs, and give the report that ``hitwatch report`` draws.

    Args:
        sources: as of ``scan``.
        options: those of ``scan``, which panels are given and how, what is compared, and the
            alert rule (docs/python.md has them all).

    Returns:
        Totals, panels and alerts as plain values.

    Raises:
        InputError: a log cannot be read, or is in no known format.
        FormatError: ``log_format`` makes no sense.
        SettingsError: the rule makes no sense, there is no such time zone, or a duration or
            number is out of bounds.
        UsageError: a condition or point in time makes no sense, there is no such panel or
            metric, the hash has no key, or a database cannot be read.

    """
    chosen = from_keywords("report", options, REPORT)
    console = Console(log.info, log.info, caution=log.warning)
    reporting, view = reporting_of(chosen, _paths(sources), console)
    # A report that lacks a log would pass for the whole.
    reporting.stopped = lambda: any(not isinstance(e, DamageError) for e in reporting.failures)
    made = reporting.make(view)
    for error in reporting.failures:
        if not isinstance(error, DamageError):
            raise error
        _warn_of_damage(str(error))
    return made


def _warn_of_damage(what: str) -> None:
    """Tell, in Python's way, what could not be read of a log; its figures are of the rest."""
    warnings.warn(what, DamageWarning, stacklevel=3)


def _paths(sources: tuple[Source, ...]) -> list[str]:
    return find_logs(tuple(os.fspath(source) for source in sources), live=False)
