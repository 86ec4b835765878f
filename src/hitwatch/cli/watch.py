"""Commands that follow time: watch and replay."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from hitwatch.cli.console import (
    CONDITION_MET,
    FINE,
    UNREADABLE,
    ProgressBar,
    console_of,
    notify,
)
from hitwatch.cli.flags import flags
from hitwatch.cli.outputs import begin
from hitwatch.cli.signals import stop_on_signals
from hitwatch.options.groups import DisplayOptions, Options, ReplayOptions, WatchOptions
from hitwatch.options.shared import (
    FilterOptions,
    LogOptions,
    PrivacyOptions,
    ReadOptions,
    RuleOptions,
)

if TYPE_CHECKING:
    from hitwatch.alerting.alert import Transition
    from hitwatch.ports import Display
    from hitwatch.readmodel import Report
    from hitwatch.render.outputs import AlertLog
    from hitwatch.run.modes import Run
    from hitwatch.zones import Zone

_SHARED = (RuleOptions, FilterOptions, PrivacyOptions, ReadOptions, DisplayOptions, LogOptions)


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@flags(WatchOptions, *_SHARED)
def watch(sources: tuple[str, ...], options: Options) -> int:
    """Follow logs live: figures every 10 s, and alerts as they come.

    SOURCE is a path, a glob, a directory, or - for standard input; with none, the usual
    places of nginx, Apache and Caddy are looked at.
    """
    from functools import partial

    from hitwatch.render.units import count
    from hitwatch.sources.discovery import find_logs, growing, names_several
    from hitwatch.sources.members import Members

    begins = options.watch
    # Who listens and names no log wants none.
    found = find_logs(sources, live=True) if sources or not begins.listen else []
    paths, left_out = growing(found)
    with following(options, paths) as run:
        from hitwatch.run import modes

        if left_out:
            grow = "grows" if len(left_out) == 1 else "grow"
            run.notify(
                f"watching {', '.join(paths)}; left out {count(len(left_out), 'log')} that no"
                f" longer {grow}, as compressed or rotated: hitwatch report reads them"
            )
        elif paths and not sources:
            run.notify(f"watching {', '.join(paths)}")
        members = None
        if any(names_several(source) for source in sources):
            members = Members(partial(find_logs, sources, live=True), found)
        end = modes.watch(
            run,
            paths,
            members=members,
            listen=begins.listen,
            backfill=begins.backfill,
            from_start=begins.from_start,
        )
        return CONDITION_MET if options.display.fail_on_alert and end.alerts_fired else FINE


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@flags(ReplayOptions, *_SHARED)
def replay(sources: tuple[str, ...], options: Options) -> int:
    """Play old logs through the same engine, on the log's own clock.

    Shows the alerts there would have been, and how often and how long each rule fired;
    with --every, --panel or --speed also the figures that watch would have shown. Several
    files are one stream in the order of their times; .gz, .bz2, .xz and .zst are read as
    they are.
    """
    from hitwatch.sources.discovery import find_logs

    paths = find_logs(sources, live=False)
    options = _with_periods(options)
    periods = options.display.every is not None
    with following(options, paths, live=False, periods=periods) as run:
        from msgspec.structs import replace

        from hitwatch.run import modes

        # Figures that pass by on the terminal are progress enough.
        quiet = options.display.quiet or options.display.every is not None
        progress = ProgressBar.over(paths, quiet=quiet)
        shown = run
        if progress:
            shown = replace(run, progress=progress.advance, display=_Cleared(run.display, progress))
        end, complete = modes.replay(shown, speed=options.replay.speed)
        if end is None or not complete:
            return UNREADABLE
        return CONDITION_MET if options.display.fail_on_alert and end.alerts_fired else FINE


class _Cleared:
    """A display that takes the progress away before it shows how a run ended."""

    def __init__(self, display: Display, progress: ProgressBar) -> None:
        self._display, self._progress = display, progress

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        from hitwatch.readmodel import Report

        if isinstance(shown, Report):
            self._progress.clear()
        self._display.show(shown, lag=lag)


def _with_periods(options: Options) -> Options:
    """The same; where figures of display periods are asked for, with their length."""
    from msgspec.structs import replace

    from hitwatch.run.modes import EVERY

    display = options.display
    asked = display.output_format == "jsonl" or display.panel or options.replay.speed is not None
    if display.every is None and asked:
        return replace(options, display=replace(display, every=EVERY))
    return options


@contextmanager
def following(
    options: Options, paths: Sequence[str], *, live: bool = True, periods: bool = True
) -> Iterator[Run]:
    """A run over logs on a clock, which a signal ends; its alerts are kept where that is asked.

    Args:
        options: of the command.
        paths: of the logs.
        live: whether logs are followed; else whole ones are opened.
        periods: whether the figures of display periods are shown.

    """
    stop = stop_on_signals()

    from functools import partial
    from pathlib import Path

    from msgspec.structs import replace

    from hitwatch.clocks import WallClock
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.render.outputs import AlertLog
    from hitwatch.run.wiring import run_of

    outputs = Outputs(stop.is_set)
    begin(outputs, options, paths)
    console, path = console_of(options.display, stop), options.display.alert_log
    alert_log = None
    if path is not None:
        alert_log = AlertLog(outputs.open_lines(Path(path), "cannot write the alert log"), path)
    display_in = partial(display_of, options.display, periods=periods)
    run = run_of(options, console, WallClock(stop), display_in, paths, live=live)
    if alert_log is None:
        yield run
        return
    yield replace(run, alert_log=keeper(alert_log))
    alert_log.close()
    if alert_log.failed:
        raise SystemExit(CONDITION_MET)


def display_of(options: DisplayOptions, zone: Zone, *, periods: bool = True) -> Display:
    """What shows figures on standard output; without those of display periods alerts alone.

    Args:
        options: how things are said.
        zone: in which times are shown.
        periods: whether figures of display periods are.

    """
    from hitwatch.render.outputs import JsonDisplay, TextDisplay, standard_output, wants_color

    stdout = standard_output()
    if options.output_format == "jsonl":
        return JsonDisplay(stdout)
    color = not options.plain and wants_color(options.color, stdout, dict(os.environ))
    if not periods:
        from hitwatch.render.replay_text import ReplayDisplay

        return ReplayDisplay(stdout, color=color, zone=zone)
    return TextDisplay(stdout, top=options.top, color=color, zone=zone)


def keeper(alert_log: AlertLog) -> Callable[[Transition], None]:
    """What keeps alerts in their log; the first failure is told."""
    import logging

    def keep(change: Transition) -> None:
        error = alert_log.write(change)
        if error:
            log = logging.getLogger("hitwatch.writer")
            log.error("unwritable", extra={"error": str(error)})
            notify(str(error))

    return keep
