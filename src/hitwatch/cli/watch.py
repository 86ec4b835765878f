"""Commands that follow time: watch and replay."""

from __future__ import annotations

from typing import Any

import click

from hitwatch.cli.options import (
    CONDITION_MET,
    FINE,
    UNREADABLE,
    display_options,
    filter_flags,
    format_options,
    own_log_options,
    prepared,
    read_speed,
    rule_options,
)
from hitwatch.cli.privacy import privacy_options
from hitwatch.values import duration_or_none


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--from-start", is_flag=True, help="Read the files from their beginnings.")
@click.option(
    "--backfill",
    metavar="DURATION",
    help="How much of the log's own time to read back, to arm the rule [default: 30m].",
)
@rule_options
@filter_flags
@privacy_options
@format_options
@display_options
@own_log_options
def watch(sources: tuple[str, ...], *, from_start: bool, backfill: str | None, **words: Any) -> int:
    """Follow logs live: figures every 10 s, and alerts as they come.

    SOURCE is a path, a glob, a directory, or - for standard input; with none, the usual
    places of nginx, Apache and Caddy are looked at.
    """
    from hitwatch.sources.discovery import find_logs

    paths = find_logs(sources, live=True)
    with prepared(words, paths) as (run, settings):
        from hitwatch.run import modes

        if not sources:
            run.notify(f"watching {', '.join(paths)}")
        end = modes.watch(
            run,
            paths,
            backfill=duration_or_none("backfill", backfill or settings.backfill or "30m"),
            from_start=from_start,
        )
        return CONDITION_MET if words["fail_on_alert"] and end.alerts_fired else FINE


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--speed",
    metavar="FACTOR",
    default="max",
    help="How fast the log's time passes: 1x, 60x, or max [default: max].",
)
@rule_options
@filter_flags
@privacy_options
@format_options
@display_options
@own_log_options
def replay(sources: tuple[str, ...], *, speed: str, **words: Any) -> int:
    """Play old logs through the same engine, on the log's own clock.

    Several files are one stream in the order of their times; .gz, .bz2, .xz and .zst are
    read as they are.
    """
    from hitwatch.sources.discovery import find_logs

    paths = find_logs(sources, live=False)
    with prepared(words, paths) as (run, _):
        from hitwatch.run import modes

        end, complete = modes.replay(run, paths, speed=read_speed(speed))
        if end is None or not complete:
            return UNREADABLE
        return CONDITION_MET if words["fail_on_alert"] and end.alerts_fired else FINE
