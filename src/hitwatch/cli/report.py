"""The command that makes one report over whole logs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from hitwatch.cli.options import (
    CONDITION_MET,
    FINE,
    UNREADABLE,
    filter_flags,
    filter_options_of,
    format_options,
    notify,
    own_log_options,
    progress_bar,
    read_depth,
    read_rule,
    rule_options,
    silent,
    stop_on_signals,
)
from hitwatch.cli.outputs import begin, finish, output_help, overwrite_option
from hitwatch.cli.parse import readers_of
from hitwatch.cli.privacy import privacy_options, read_pipeline, several
from hitwatch.clocks import Stop
from hitwatch.errors import UsageError
from hitwatch.values import duration, whole

OUTPUT_KINDS = ("text", "json", "jsonl", "csv", "md", "parquet")


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@filter_flags
@click.option(
    "--top",
    "tops",
    metavar="[PANEL=]N",
    multiple=True,
    help="Rows of all panels, or of one [default: 10; 1000 in files].",
)
@click.option(
    "--sort",
    "sorts",
    metavar="[PANEL=]FIGURE",
    multiple=True,
    help="Figure by which rows are ordered, in all panels or in one [default: hits].",
)
@click.option(
    "--panel", "chosen", multiple=True, metavar="NAME", help="Only this panel; repeatable."
)
@click.option(
    "--no-panel", "left_out", multiple=True, metavar="NAME", help="Not this panel; repeatable."
)
@click.option(
    "--compare",
    metavar="previous|TIME..TIME",
    help="Compare with the time of the same length before --since, or with another.",
)
@click.option("--bucket", metavar="DURATION", help="Step of the time line, which this shows too.")
@click.option(
    "--section-group",
    "groups",
    metavar="NAME=GLOB|NAME=~REGEX",
    multiple=True,
    help="Make paths that fit one section; repeatable, the first that fits counts.",
)
@click.option("--collapse-ids", is_flag=True, help="Show /user/123 as /user/:id.")
@click.option(
    "--geoip",
    metavar="FILE",
    multiple=True,
    help="MaxMind database of countries, cities or networks (ASN); repeatable.",
)
@click.option(
    "--output-format",
    type=click.Choice(OUTPUT_KINDS),
    help="What goes to standard output [default: text].",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help=f"{output_help} Its kind is told by its ending; repeatable.",
)
@overwrite_option
@click.option("--fail-on-alert", is_flag=True, help="Exit with 1 if an alert would have fired.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Whether to colour text [default: auto].",
)
@click.option("--quiet", is_flag=True, help="Say nothing about the run itself.")
@rule_options
@privacy_options
@format_options
@own_log_options
def report(
    sources: tuple[str, ...],
    *,
    tops: tuple[str, ...],
    sorts: tuple[str, ...],
    chosen: tuple[str, ...],
    left_out: tuple[str, ...],
    compare: str | None,
    bucket: str | None,
    groups: tuple[str, ...],
    collapse_ids: bool,
    geoip: tuple[str, ...],
    output_format: str | None,
    outputs: tuple[Path, ...],
    overwrite: bool,
    fail_on_alert: bool,
    color: str,
    quiet: bool,
    **words: Any,
) -> int:
    """One report over whole logs: who asked for what, what failed, what was slow.

    Several files are read in the order of their times, compressed ones as they are.
    """
    from hitwatch.instants import MINUTE
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.privacy.panels import redact_panels
    from hitwatch.privacy.pipeline import HitPipeline
    from hitwatch.readmodel import View
    from hitwatch.render.outputs import standard_output, wants_color, write
    from hitwatch.render.report_text import to_text
    from hitwatch.render.reports import OUTPUTS
    from hitwatch.run.earlier import is_earlier
    from hitwatch.run.filter_options import (
        WHAT_GREW,
        known_panels,
        metric_named,
        panels_left_out,
        panels_to_count,
        sections_of,
    )
    from hitwatch.run.report import Reporting, columns_for
    from hitwatch.sources.discovery import find_logs

    stop = Stop()
    stop_on_signals(stop)
    tell = silent if quiet else notify
    paths = find_logs(sources, live=False)
    door = Outputs(stop.is_set)
    settings = begin(door, {**words, "geoip": geoip}, paths)
    pipeline = read_pipeline(words, settings)
    width = MINUTE if bucket is None else duration("bucket", bucket)
    depth = read_depth(words, settings)
    sections = sections_of(groups, depth, collapse=collapse_ids)
    databases = geoip or several(settings.geoip)
    known = known_panels(width, collapse=collapse_ids, sections=sections, databases=databases)
    panels = redact_panels(
        panels_to_count(known, chosen, timeline=bucket is not None), pipeline.privacy
    )
    named = {panel.name for panel in panels} | {WHAT_GREW}
    filter_options = filter_options_of(words, settings)
    hit_filter = filter_options.hit_filter()
    general, by_panel = _by_panel("--top", tops, named)
    default = 10 if output_format in (None, "text") and not outputs else 1000
    figure, figures = _by_panel("--sort", sorts, named)
    limits = View(
        top=default if general is None else whole("--top", general),
        tops={name: whole("--top", count) for name, count in by_panel.items()},
        sort=metric_named(figure or "hits"),
        sorts={name: metric_named(figure) for name, figure in figures.items()},
        left_out=panels_left_out(left_out, chosen, named),
    )
    reporting = Reporting(
        paths=paths,
        # What is chosen is counted as it is; what is private is left out of the labels.
        reader_of=readers_of(
            words, settings, columns_for(panels, hit_filter), HitPipeline(pipeline.proxies), tell
        ),
        panels=panels,
        rule=read_rule(words, settings),
        hit_filter=hit_filter,
        notify=tell,
        warn=notify,
        stopped=stop.is_set,
        previous=filter_options.previous(compare) if compare else None,
    )
    kinds = [_kind_of_report(path, output_format) for path in outputs]
    if output_format == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is no text for a terminal", hint="name a file: -o report.parquet")
    with door:
        files = [
            door.open_replacement(path, is_earlier(kind, path), overwrite=overwrite)
            for path, kind in zip(outputs, kinds, strict=True)
        ]
        if sys.stderr.isatty() and not quiet:
            reporting.progress = progress_bar(reporting.size(), sys.stderr)
        made = reporting.make(limits)
        if reporting.failures and not made.lines:
            return UNREADABLE
        for panel in panels:
            if panel.name in chosen and panel.dimension.column in made.absent:
                tell(
                    f"there is no panel {panel.name}: none of the logs has {panel.dimension.column}"
                )
        for file, kind in zip(files, kinds, strict=True):
            write(file, OUTPUTS[kind](made))
        finish(door, stopped=stop.is_set(), unread=False)
    if output_format not in (None, "text"):
        if not any(map(_is_unnamed, outputs)):
            write(sys.stdout.buffer, OUTPUTS[output_format](made))
    elif output_format or not outputs:
        stream = standard_output()
        write(stream, to_text(made, color=wants_color(color, stream, dict(os.environ))))
    if reporting.failures:
        return UNREADABLE
    return CONDITION_MET if fail_on_alert and made.alerts else FINE


_KINDS = {".txt": "text"} | {f".{kind}": kind for kind in OUTPUT_KINDS if kind != "text"}


def _kind_of_report(path: Path, named: str | None) -> str:
    """What a file's ending asks for; a stream without one takes what is named, else text."""
    if _is_unnamed(path):
        return named or "text"
    if path.suffix.lower() not in _KINDS:
        raise UsageError(
            f"no output ends in {path.suffix!r}",
            where=str(path),
            hint=f"known: {', '.join(_KINDS)}",
        )
    return _KINDS[path.suffix.lower()]


def _is_unnamed(path: Path) -> bool:
    """Whether it is a stream whose name says no kind."""
    from hitwatch.outputs.target import accepts_any_extension

    return path.suffix.lower() not in _KINDS and accepts_any_extension(path)


def _by_panel(
    option: str, words: tuple[str, ...], known: set[str]
) -> tuple[str | None, dict[str, str]]:
    """What is said for all panels, and what for one of them."""
    from hitwatch.run.filter_options import check_panel

    general, by_panel = None, {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            general = word
            continue
        check_panel(name, known)
        if not value:
            raise UsageError(f"nothing behind {word!r}", where=option)
        by_panel[name] = value
    return general, by_panel
