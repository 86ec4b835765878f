"""The command that makes one report over whole logs."""

from __future__ import annotations

import os
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
    from hitwatch.stats.panels import Panel

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
@own_log_options
def report(
    sources: tuple[str, ...],
    *,
    top: int | None,
    sort: str,
    chosen: tuple[str, ...],
    bucket: str | None,
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
    from hitwatch.render.outputs import standard_output, wants_color, write
    from hitwatch.render.reports import OUTPUTS, to_text
    from hitwatch.run.reporting import Choice, Reporting, columns_for
    from hitwatch.sources.places import find_logs
    from hitwatch.spans import MINUTE

    log_to(words["log_file"], words["log_level"] or "info")
    stop = threading.Event()
    stop_on_signals(stop)
    width = read_duration("bucket", bucket) if bucket else MINUTE
    panels = _panels(chosen, width, collapse=collapse_ids, timeline=bool(bucket))
    choice = Choice(_condition(words), words["bots"])
    reporting = Reporting(
        paths=find_logs(sources, live=False),
        reader_of=readers_of(words, columns_for(panels, choice)),
        panels=panels,
        rule=read_rule(words, load(words["config"])),
        choice=choice,
        notify=silent if quiet else notify,
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


def _panels(
    chosen: tuple[str, ...], width: int, *, collapse: bool, timeline: bool
) -> tuple[Panel, ...]:
    """The panels to show; those that totals need are counted anyway."""
    from hitwatch.stats.panels import panels

    known = panels(width, collapse=collapse)
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


def _condition(words: dict[str, Any]) -> Where | None:
    """What the words say hits must meet."""
    from hitwatch.clocks import WallClock
    from hitwatch.hits.filters import between, exclude_clients, exclude_paths, only_hosts
    from hitwatch.hits.when import parse_when
    from hitwatch.hits.where import combine, parse_where

    now = WallClock(threading.Event()).now()
    since, until = (
        parse_when(words[name], now) if words[name] else None for name in ("since", "until")
    )
    conditions = []
    if since is not None or until is not None:
        conditions.append(between(since, until))
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
