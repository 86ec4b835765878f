"""The command that makes one report over whole logs."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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
    together,
)
from hitwatch.cli.reading import open_output, readers_of
from hitwatch.errors import UsageError

if TYPE_CHECKING:
    from hitwatch.hits.where import Where
    from hitwatch.run.reporting import Extent
    from hitwatch.spans import Instant
    from hitwatch.stats.panels import Panel
    from hitwatch.stats.sites import Sections

OUTPUT_KINDS = ("text", "json", "jsonl", "csv", "md", "parquet")

_choice_options = together(
    click.option("--since", metavar="TIME", help="Leave out what is older."),
    click.option("--until", metavar="TIME", help="Leave out what is not older."),
    click.option("--where", metavar="EXPR", help="Only hits that meet a condition."),
    click.option("--host", metavar="GLOB", multiple=True, help="Only these virtual hosts."),
    click.option(
        "--exclude-client",
        metavar="CIDR",
        multiple=True,
        help="Leave out an address or network; @FILE lists them.",
    ),
    click.option("--exclude-path", metavar="GLOB", multiple=True, help="Leave out these paths."),
    click.option(
        "--only-bots/--no-bots", "bots", default=None, help="Only bots and tools, or none of them."
    ),
)


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@_choice_options
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
@click.option("--output-format", type=click.Choice(OUTPUT_KINDS))
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
    from hitwatch.render.outputs import standard_output, wants_color, write, write_bytes
    from hitwatch.render.reports import OUTPUTS, to_text
    from hitwatch.report import Limits
    from hitwatch.run.reporting import Choice, Reporting, columns_for
    from hitwatch.sources.places import find_logs
    from hitwatch.spans import MINUTE
    from hitwatch.stats.panels import panels as all_panels

    log_to(words["log_file"], words["log_level"] or "info")
    stop = threading.Event()
    stop_on_signals(stop)
    settings = load(words["config"])
    width = read_duration("bucket", bucket) if bucket else MINUTE
    depth = words["section_depth"] or settings.section_depth or 1
    sections = _sections(groups, depth, collapse=collapse_ids)
    known = all_panels(width, collapse=collapse_ids, sections=sections)
    panels = _panels(known, chosen, timeline=bool(bucket))
    named = {panel.name for panel in panels} | {"what_grew"}
    extent = _extent(words)
    choice = Choice(_condition(words), words["bots"], extent)
    general, by_panel = _by_panel("--top", tops, named)
    default = 10 if output_format in (None, "text") and not outputs else 1000
    figure, figures = _by_panel("--sort", sorts, named)
    limits = Limits(
        top=_rows(general) if general else default,
        tops={name: _rows(count) for name, count in by_panel.items()},
        sort=_figure(figure or "hits"),
        sorts={name: _figure(figure) for name, figure in figures.items()},
        left_out=_left_out(left_out, chosen, named),
    )
    reporting = Reporting(
        paths=find_logs(sources, live=False),
        reader_of=readers_of(words, columns_for(panels, choice)),
        panels=panels,
        rule=read_rule(words, settings),
        choice=choice,
        notify=silent if quiet else notify,
        stopped=stop.is_set,
        previous=_previous(compare, extent) if compare else None,
    )
    kinds = [_kind_of_report(path) for path in outputs]
    if output_format == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is no text for a terminal", hint="name a file: -o report.parquet")
    if sys.stderr.isatty() and not quiet:
        reporting.progress = progress_bar(reporting.size(), sys.stderr)
    made = reporting.make(limits)
    for path, kind in zip(outputs, kinds, strict=True):
        with open_output(path) as file:
            write_bytes(file, OUTPUTS[kind](made), str(path))
    if output_format not in (None, "text"):
        write_bytes(sys.stdout.buffer, OUTPUTS[output_format](made), "standard output")
    elif output_format or not outputs:
        stream = standard_output()
        write(stream, to_text(made, color=wants_color(color, stream, dict(os.environ))))
    if reporting.failures:
        return UNREADABLE
    return CONDITION_MET if fail_on_alert and made.alerts else FINE


def _kind_of_report(path: Path) -> str:
    kinds = {".txt": "text"} | {f".{kind}": kind for kind in OUTPUT_KINDS if kind != "text"}
    if path.suffix.lower() not in kinds:
        raise UsageError(
            f"no output ends in {path.suffix!r}", where=str(path), hint=f"known: {', '.join(kinds)}"
        )
    return kinds[path.suffix.lower()]


_OF_TOTALS = ("days", "statuses", "sections", "paths", "clients", "not_found", "static_files")
"""Panels that are counted for the totals, shown or not."""


def _sections(groups: tuple[str, ...], depth: int, *, collapse: bool) -> Sections | None:
    """What makes sections, where it is more than segments of the path."""
    from hitwatch.hits.conditions import glob_regex
    from hitwatch.stats.sites import Sections

    found = []
    for group in groups:
        name, equals, pattern = group.partition("=")
        if not (name and equals and pattern):
            raise UsageError(
                f"{group!r} is no group of paths",
                where="--section-group",
                hint="write NAME=GLOB or NAME=~REGEX, as in images=*.png or 'api=~^/v[0-9]+/'",
            )
        regex = pattern[1:] if pattern.startswith("~") else glob_regex(pattern)[:-2] + r"\Z"
        try:
            found.append((name, re.compile(regex)))
        except re.error as error:
            raise UsageError(
                f"{pattern!r} is no regular expression", where="--section-group", why=str(error)
            ) from error
    return Sections(depth, collapse, tuple(found)) if found or collapse else None


def _panels(
    known: tuple[Panel, ...], chosen: tuple[str, ...], *, timeline: bool
) -> tuple[Panel, ...]:
    """The panels to count; those that totals need among them."""
    for name in chosen:
        _check_panel(name, {panel.name for panel in known} | {"what_grew"})
    if chosen and "what_grew" not in chosen:
        return tuple(panel for panel in known if panel.name in (*chosen, *_OF_TOTALS))
    return tuple(p for p in known if not p.off or (timeline and p.name == "timeline"))


def _left_out(
    left_out: tuple[str, ...], chosen: tuple[str, ...], known: set[str]
) -> frozenset[str]:
    for name in left_out:
        _check_panel(name, known)
    return frozenset(left_out) | (known - set(chosen) if chosen else frozenset())


def _check_panel(name: str, known: set[str]) -> None:
    if name not in known:
        raise UsageError(f"there is no panel {name!r}", hint=f"known: {', '.join(sorted(known))}")


def _by_panel(
    option: str, words: tuple[str, ...], known: set[str]
) -> tuple[str | None, dict[str, str]]:
    """What is said for all panels, and what for one of them."""
    general, by_panel = None, {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            general = word
            continue
        _check_panel(name, known)
        if not value:
            raise UsageError(f"nothing behind {word!r}", where=option)
        by_panel[name] = value
    return general, by_panel


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"{text!r} is no number of rows", where="--top", hint="1 or more")
    return int(text)


def _figure(text: str) -> str:
    from hitwatch.stats.panels import SORTS

    if text not in SORTS:
        raise UsageError(
            f"{text!r} is no figure", where="--sort", hint=f"known: {', '.join(SORTS)}"
        )
    return text


def _now() -> Instant:
    from hitwatch.clocks import WallClock

    return WallClock(threading.Event()).now()


def _extent(words: dict[str, Any]) -> Extent:
    """The time in which hits must lie."""
    from hitwatch.hits.filters import between
    from hitwatch.hits.when import parse_when

    since, until = (
        parse_when(words[name], _now()) if words[name] else None for name in ("since", "until")
    )
    between(since, until)
    return since, until


def _previous(compare: str, extent: Extent) -> Extent:
    """The time to compare with."""
    from hitwatch.hits.filters import between
    from hitwatch.hits.when import parse_when

    since, until = extent
    if compare == "previous":
        if since is None:
            raise UsageError(
                "nothing says where the time before begins",
                where="--compare previous",
                hint="say --since too, as in --since yesterday --compare previous",
            )
        return since - ((until if until is not None else _now()) - since), since
    first, points, second = compare.partition("..")
    if not points:
        raise UsageError(
            f"{compare!r} is no time to compare with",
            where="--compare",
            hint="write previous, or two times: 2026-01-01..2026-01-08",
        )
    found = parse_when(first, _now()), parse_when(second, _now())
    between(*found)
    return found


def _condition(words: dict[str, Any]) -> Where | None:
    """What the words say hits must meet, whenever they were."""
    from hitwatch.hits.filters import exclude_clients, exclude_paths, only_hosts
    from hitwatch.hits.where import combine, parse_where

    conditions = []
    if words["where"]:
        conditions.append(parse_where(words["where"]))
    if words["host"]:
        conditions.append(only_hosts(words["host"]))
    if words["exclude_client"]:
        conditions.append(exclude_clients(_listed(words["exclude_client"])))
    if words["exclude_path"]:
        conditions.append(exclude_paths(words["exclude_path"]))
    return combine(conditions) if conditions else None


def _listed(entries: tuple[str, ...]) -> list[str]:
    """Networks, those in files among them."""
    from hitwatch.hits.filters import networks_in

    found: list[str] = []
    for entry in entries:
        if not entry.startswith("@"):
            found.append(entry)
            continue
        try:
            found += networks_in(Path(entry[1:]).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("cannot be read", where=entry[1:], why=str(error)) from error
    return found
