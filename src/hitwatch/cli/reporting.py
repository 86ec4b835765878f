"""The command that makes one report over whole logs."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hitwatch.cli.choosing import choosing_options
from hitwatch.cli.options import (
    CONDITION_MET,
    FINE,
    UNREADABLE,
    log_to,
    notify,
    own_log_options,
    progress_bar,
    read_duration,
    read_rule,
    reading_options,
    rule_options,
    silent,
    stop_on_signals,
)
from hitwatch.cli.privacy import privacy_options, read_intake, several
from hitwatch.cli.reading import open_output, readers_of
from hitwatch.errors import UsageError

if TYPE_CHECKING:
    from hitwatch.stats.panels import Panel


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@choosing_options
@click.option("--top", type=click.IntRange(1), help="Rows of a panel [default: 10; 1000 in files].")
@click.option(
    "--sort",
    type=click.Choice(
        [
            "hits",
            "visitors",
            "bytes",
            "errors_4xx",
            "errors_5xx",
            "bots",
            "largest",
            "mean_s",
            "p50_s",
            "p95_s",
            "p99_s",
            "max_s",
        ]
    ),
    default="hits",
    help="Figure by which rows are ordered [default: hits].",
)
@click.option(
    "--panel", "chosen", multiple=True, metavar="NAME", help="Only this panel; repeatable."
)
@click.option("--bucket", metavar="DURATION", help="Step of the time line, which this shows too.")
@click.option("--collapse-ids", is_flag=True, help="Show /user/123 as /user/:id.")
@click.option(
    "--geoip",
    metavar="FILE",
    multiple=True,
    help="MaxMind database of countries, cities or networks (ASN); repeatable.",
)
@click.option("--output-format", type=click.Choice(["text", "json", "jsonl", "csv", "md"]))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File to write, its kind told by its ending; repeatable.",
)
@click.option("--fail-on-alert", is_flag=True, help="Exit with 1 if an alert would have fired.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option("--quiet", is_flag=True, help="Say nothing about the run itself.")
@rule_options
@reading_options
@privacy_options
@own_log_options
def report(
    sources: tuple[str, ...],
    *,
    top: int | None,
    sort: str,
    chosen: tuple[str, ...],
    bucket: str | None,
    collapse_ids: bool,
    geoip: tuple[str, ...],
    output_format: str | None,
    outputs: tuple[Path, ...],
    fail_on_alert: bool,
    color: str,
    quiet: bool,
    **words: Any,
) -> int:
    """One report over whole logs: who asked for what, what failed, what was slow.

    Several files are read in the order of their times, compressed ones as they are.
    """
    from hitwatch.config import load
    from hitwatch.render.outputs import standard_output, wants_color, write
    from hitwatch.render.reports import OUTPUTS, to_text
    from hitwatch.run.reporting import Reporting, columns_for
    from hitwatch.sources.places import find_logs
    from hitwatch.spans import MINUTE
    from hitwatch.stats.intake import Intake
    from hitwatch.stats.places import private

    log_to(words["log_file"], words["log_level"] or "info")
    stop = threading.Event()
    stop_on_signals(stop)
    width = read_duration("bucket", bucket) if bucket else MINUTE
    settings, tell = load(words["config"]), silent if quiet else notify
    intake = read_intake(words, settings)
    known = _known_panels(width, geoip or tuple(several(settings.geoip)), collapse=collapse_ids)
    panels = private(_panels(known, chosen, timeline=bool(bucket)), intake.privacy)
    columns = columns_for(panels, intake.choice)
    reporting = Reporting(
        paths=find_logs(sources, live=False),
        # What is chosen is counted as it is; what is private is left out of the labels.
        reader_of=readers_of(words, settings, columns, Intake(intake.proxies), tell),
        panels=panels,
        rule=read_rule(words, settings),
        choice=intake.choice,
        notify=tell,
        stopped=stop.is_set,
    )
    kinds = [_kind_of_report(path) for path in outputs]
    to_terminal = output_format in (None, "text") and not outputs
    if sys.stderr.isatty() and not quiet:
        reporting.progress = progress_bar(reporting.size(), sys.stderr)
    made = reporting.make(top or (10 if to_terminal else 1000), sort=sort)
    for path, kind in zip(outputs, kinds, strict=True):
        with open_output(path) as file:
            file.write(OUTPUTS[kind](made).encode("utf-8", "backslashreplace"))
    if output_format or not outputs:
        stream = standard_output()
        kind = output_format or "text"
        text = (
            to_text(made, color=wants_color(color, stream, dict(os.environ)))
            if kind == "text"
            else OUTPUTS[kind](made)
        )
        write(stream, text)
    if reporting.failures:
        return UNREADABLE
    return CONDITION_MET if fail_on_alert and made.alerts else FINE


def _kind_of_report(path: Path) -> str:
    kinds = {".txt": "text", ".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".md": "md"}
    if path.suffix.lower() not in kinds:
        raise UsageError(
            f"no output ends in {path.suffix!r}", where=str(path), hint=f"known: {', '.join(kinds)}"
        )
    return kinds[path.suffix.lower()]


def _known_panels(width: int, databases: tuple[str, ...], *, collapse: bool) -> tuple[Panel, ...]:
    """All panels there are, also those of places that databases know."""
    from hitwatch.stats.panels import panels
    from hitwatch.stats.places import place_panels

    labels = {}
    if databases:
        from hitwatch.sources.geo import open_databases

        labels = open_databases(databases)
    return (*panels(width, collapse=collapse), *place_panels(labels))


def _panels(
    known: tuple[Panel, ...], chosen: tuple[str, ...], *, timeline: bool
) -> tuple[Panel, ...]:
    """The panels to show; those that totals need are counted anyway."""
    names = {panel.name for panel in known}
    for name in chosen:
        if name not in names:
            raise UsageError(
                f"there is no panel {name!r}", hint=f"known: {', '.join(sorted(names))}"
            )
    if chosen:
        needed = ("days", "statuses", "sections", "paths", "clients")
        return tuple(panel for panel in known if panel.name in (*chosen, *needed))
    return tuple(p for p in known if not p.off or (timeline and p.name == "timeline"))
