"""What options mean: each part of a run is made of them here, for every command and for Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec.structs import replace

from hitwatch.alerting.rule import SurgeRule
from hitwatch.errors import UsageError
from hitwatch.options.groups import Options
from hitwatch.options.shared import PrivacyOptions, RuleOptions
from hitwatch.places import cache_folder
from hitwatch.ports import Clock, Display
from hitwatch.privacy.pipeline import HitPipeline
from hitwatch.privacy.policy import Privacy
from hitwatch.readmodel import View
from hitwatch.run.display_zone import display_zone, offsets_now
from hitwatch.run.filters import filter_of, previous_of, trusted_networks
from hitwatch.run.inputs import format_named, zone_named
from hitwatch.run.logs import Logs, open_logs
from hitwatch.run.panels import panels_of_display, panels_of_report, sections_of
from hitwatch.run.readers import Readers
from hitwatch.select.filter import Filter
from hitwatch.select.sample import Sample
from hitwatch.sources.text import HEAD_SIZE
from hitwatch.stats.panels import columns_needed, in_zone
from hitwatch.zones import IN_UTC, Zone

if TYPE_CHECKING:
    from hitwatch.lookup.claims import ClaimCheck
    from hitwatch.run.modes import Run
    from hitwatch.run.parse import Parsing
    from hitwatch.run.report import Reporting


class Console(NamedTuple):
    """Who a run talks to.

    Attributes:
        notify: takes what is said of the run itself, to those who want progress told.
        warn: takes what could not be read, which is told to everybody.
        stopped: whether somebody asked the run to end.
        caution: takes what logs lack that was asked for; ``notify`` when ``None``.
        state_asked: whether somebody asked for the state of the run since this was asked last.

    """

    notify: Callable[[str], None]
    warn: Callable[[str], None]
    stopped: Callable[[], bool] = lambda: False
    caution: Callable[[str], None] | None = None
    state_asked: Callable[[], bool] = lambda: False


def run_of(
    options: Options,
    console: Console,
    clock: Clock,
    display_in: Callable[[Zone], Display],
    paths: Sequence[str],
    *,
    live: bool,
) -> Run:
    """Make what ``watch`` and ``replay`` run.

    Args:
        options: of the command.
        console: who it talks to.
        clock: tells the time.
        display_in: makes what shows the figures, with the times of a zone.
        paths: of the logs.
        live: whether logs are followed; else whole ones are opened.

    Raises:
        HitwatchError: the options make no sense.

    """
    pipeline = replace(pipeline_of(options), hit_filter=filter_of(options), figures_only=True)
    counted, shown = panels_of_display(options.display, options.read, pipeline.privacy)
    readers = readers_of(options, sorted(columns_needed(counted)), pipeline, console.notify)
    # Each command loads what it runs, and nothing of the others.
    from hitwatch.run.modes import Run

    notes: list[str] = []
    if live:
        logs = None
        # What is said of the zone is said when the logs are open: it is no more than a note.
        zone = display_zone(options.read, partial(offsets_now, paths, readers), notes.append)
    else:
        logs = _opened(list(paths), readers, console, least=1)
        zone = display_zone(options.read, logs.offsets, console.notify)
    readers.pipeline = replace(pipeline, hit_filter=filter_of(options, zone=zone))
    return Run(
        rule=rule_of(options.rule),
        every=options.display.every,
        readers=readers,
        logs=logs,
        counted=in_zone(counted, zone),
        shown=shown,
        clock=clock,
        display=display_in(zone),
        notify=console.notify,
        warn=console.warn,
        stopped=console.stopped,
        state_asked=console.state_asked,
        zone=zone,
        notes=notes,
    )


def _opened(
    paths: list[str],
    readers: Readers,
    console: Console,
    *,
    looked_at: Iterable[str] | None = None,
    least: int = HEAD_SIZE,
    strict: bool = False,
) -> Logs:
    """Open whole logs; where that is strict, each must be readable."""
    return open_logs(
        paths,
        readers,
        console.notify,
        warn=console.warn,
        stopped=console.stopped,
        looked_at=readers.pipeline.hit_filter.columns if looked_at is None else looked_at,
        least=least,
        strict=strict,
    )


def reporting_of(options: Options, paths: list[str], console: Console) -> tuple[Reporting, View]:
    """Make what makes a report, and how its panels are shown.

    Args:
        options: of the command or function.
        paths: of the logs.
        console: who it talks to.

    Raises:
        HitwatchError: the options make no sense.

    """
    pipeline = pipeline_of(options)
    claims = _claims_of(options)
    counted, view = panels_of_report(options, pipeline.privacy, claims.bots if claims else None)
    rule, untimed = rule_of(options.rule), filter_of(options)
    sample = _sample_of(options)
    from hitwatch.run.report import Reporting, columns_for

    # What is chosen is counted as it is; what is private is left out of the labels.
    readers = readers_of(
        options,
        sorted({*columns_for(counted, untimed), *filter(None, (options.report.by,))}),
        replace(pipeline, privacy=Privacy()),
        console.caution or console.notify,
    )
    logs = _opened(paths, readers, console, looked_at=untimed.columns)
    zone = display_zone(options.read, logs.offsets, console.notify)
    hit_filter = filter_of(options, zone=zone)
    reporting = Reporting(
        logs=logs,
        panels=in_zone(counted, zone),
        # Chance alone would make the sums of single steps of time surges.
        rule=None if sample else rule,
        sample=sample,
        hit_filter=hit_filter,
        notify=console.notify,
        warn=console.warn,
        stopped=console.stopped,
        previous=previous_of(options, zone, logs.last_at),
        keep_values=not replace(pipeline, hit_filter=hit_filter).looks_at_texts,
        zone=zone,
        by=options.report.by,
        names_of=_names_of(options) if options.report.resolve else None,
        judge_claims=claims.judge if claims else None,
    )
    return reporting, view


def _sample_of(options: Options) -> Sample | None:
    """Which lines are read, where they are not all.

    Raises:
        UsageError: alerts are wanted too.

    """
    one_in = options.report.sample
    if one_in is None:
        return None
    if options.report.fail_on_alert:
        raise UsageError(
            "a sample is not judged: chance alone makes its sums of 10 seconds rise and fall",
            where="--sample, --fail-on-alert",
            hint="leave one of them out",
        )
    return Sample(one_in)


_Named: TypeAlias = Callable[[Iterable[str]], tuple[dict[str, str | None], int]]


def _names_of(options: Options) -> _Named:
    """What finds names of clients.

    Raises:
        UsageError: clients are anonymous: then nobody is asked who they are.

    """
    if options.privacy.anonymize:
        flag = "--resolve" if options.report.resolve else "--verify-bots"
        raise UsageError(
            "names say who clients are, and these are anonymous",
            where=f"{flag}, --anonymize",
            hint="leave one of them out",
        )
    # Few ask for names.
    from hitwatch.lookup.names import names_of
    from hitwatch.outputs.name_cache import NameCache

    folder = cache_folder(os.environ)
    return partial(names_of, cache=NameCache(folder / "names.sqlite3") if folder else None)


def _claims_of(options: Options) -> ClaimCheck | None:
    """What tells whether bots are who they say, if anybody wants to know.

    Raises:
        HitwatchError: ranges cannot be read, or clients are anonymous.

    """
    chosen = options.report
    if not (chosen.verify_bots or chosen.bot_ranges):
        return None
    from hitwatch.lookup.claims import ClaimCheck, read_ranges

    named = _names_of(options) if chosen.verify_bots else None
    return ClaimCheck(read_ranges(chosen.bot_ranges), named)


def parsing_of(
    options: Options,
    paths: list[str],
    console: Console,
    *,
    filtered: bool = False,
    strict: bool = False,
) -> Parsing:
    """Make what turns lines into rows.

    Args:
        options: of the command or function.
        paths: of the logs.
        console: who it talks to.
        filtered: whether it is decided now which hits are rows; else as rows are asked for.
        strict: whether an input that cannot be read ends it all; else the others are read.

    Raises:
        HitwatchError: the options make no sense.

    """
    parse = options.parse
    hit_filter = filter_of(options) if filtered else Filter()
    pipeline = replace(
        pipeline_of(options), hit_filter=hit_filter, collapse_paths=options.read.collapse_ids
    )
    numbered = parse.line_numbers or "line_number" in (parse.columns or ())
    readers = readers_of(options, parse.columns, pipeline, console.caution or console.notify)
    readers.line_numbers = numbered
    logs = _opened(paths, readers, console, least=1, strict=strict)
    timed = options.filter.since is not None or options.filter.until is not None
    zone = display_zone(options.read, logs.offsets, console.notify) if timed else IN_UTC
    if filtered:
        readers.pipeline = replace(pipeline, hit_filter=filter_of(options, zone=zone))
    from hitwatch.run.parse import Parsing

    return Parsing(
        logs=logs,
        reader_of=readers,
        notify=console.notify,
        warn=console.warn,
        stopped=console.stopped,
        columns=None if parse.columns is None else list(parse.columns),
        further=parse.all_fields,
        line_numbers=numbered,
        strict=strict,
        zone=zone,
    )


def readers_of(
    options: Options,
    columns: Sequence[str] | None = None,
    pipeline: HitPipeline | None = None,
    notify: Callable[[str], None] | None = None,
) -> Readers:
    """Make what gives the reader of each log.

    Args:
        options: of the command or function.
        columns: to be built; all when ``None``.
        pipeline: what is done to hits.
        notify: told of what a log lacks.

    Raises:
        FormatError: there is no such format.
        SettingsError: there is no such time zone.

    """
    read = options.read
    return Readers(
        columns,
        format_named(read.log_format, read.log_format_from),
        read.section_depth,
        None if read.tz is None else zone_named(read.tz, "tz"),
        pipeline=pipeline or HitPipeline(),
        notify=notify,
        duration_unit=read.duration_unit,
    )


def pipeline_of(options: Options) -> HitPipeline:
    """Make what finds clients behind proxies, makes sections, and takes out what need not be kept.

    Raises:
        UsageError: a section or network makes no sense, a file cannot be read, or the hash has
            no key.

    """
    privacy = options.privacy
    return HitPipeline(
        trusted_networks(privacy.trusted_proxy),
        sections_of(options.read),
        privacy=privacy_of(privacy),
    )


def privacy_of(privacy: PrivacyOptions) -> Privacy:
    """Make what is replaced before it is shown.

    Raises:
        UsageError: there is no key for the hash, or its file cannot be read.

    """
    path = privacy.anonymize_key_file
    key = privacy.anonymize_key if path is None else _key_in(path)
    return Privacy(privacy.anonymize, key if privacy.anonymize == "hash" else b"", privacy.redact)


def _key_in(path: str) -> bytes:
    """The secret in a file, without blanks around it."""
    try:
        key = Path(path).read_bytes().strip()
    except OSError as error:
        raise UsageError(
            "the key cannot be read", where=path, why=error.strerror or str(error)
        ) from error
    if not key:
        raise UsageError("the key is empty", where=path)
    return key


def rule_of(rule: RuleOptions) -> SurgeRule:
    """Make the rule.

    Raises:
        SettingsError: its windows, threshold and metric make no sense together.

    """
    return SurgeRule(
        name="traffic" if rule.metric == "hits" else "outflow",
        metric=rule.metric,
        short=rule.short,
        long=rule.long,
        threshold=rule.threshold,
        resolution=rule.resolution,
    )
