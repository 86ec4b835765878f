"""What several commands share: their options, and what the words say of a run."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import click

from hitwatch.clocks import Stop
from hitwatch.errors import SettingsError, UsageError
from hitwatch.values import duration, exact, whole

if TYPE_CHECKING:
    from hitwatch.alerting.rule import SurgeRule
    from hitwatch.config import Settings
    from hitwatch.engine import Shown
    from hitwatch.formats.format import Format
    from hitwatch.instants import Duration
    from hitwatch.privacy.policy import Privacy
    from hitwatch.render.outputs import AlertLog
    from hitwatch.run.filter_options import FilterOptions
    from hitwatch.run.modes import Run
    from hitwatch.stats.panels import Panel

Command = TypeVar("Command", bound=Callable[..., Any])

DURATION_UNITS = ("s", "ms", "us", "ns")
FINE, CONDITION_MET, WRONG_USAGE, UNREADABLE, FAULT = 0, 1, 2, 3, 70


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """One decorator that adds several options."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


rule_options = together(
    click.option("--short", metavar="DURATION", help="Short window of the rule [default: 2m]."),
    click.option("--long", metavar="DURATION", help="Long window before it [default: 20m]."),
    click.option("--threshold", metavar="N", help="Alert above so many times [default: 1.5]."),
    click.option("--resolution", metavar="DURATION", help="Width of a bucket [default: 10s]."),
    click.option(
        "--metric", metavar="NAME", help="What the rule watches: bytes or hits [default: bytes]."
    ),
)
format_options = together(
    click.option(
        "--log-format",
        metavar="FORMAT",
        help="A name, Apache's or nginx's own string, or a format file [default: found out].",
    ),
    click.option(
        "--log-format-from",
        metavar="FILE[:NAME]",
        help="The server's settings, and which of the formats or logs in them.",
    ),
    click.option("--section-depth", metavar="N", help="Path segments of a section [default: 1]."),
    click.option("--tz", metavar="ZONE", help="Zone of times without offset [default: UTC]."),
    click.option(
        "--duration-unit",
        type=click.Choice(DURATION_UNITS),
        help="Unit of durations where the format leaves it open [default: as lines tell].",
    ),
)
filter_flags = together(
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
display_options = together(
    click.option("--every", metavar="DURATION", help="Length of a display period [default: 10s]."),
    click.option("--top", metavar="N", help="How many rows to list [default: 8]."),
    click.option(
        "--panel", "chosen", metavar="NAME", multiple=True, help="Show this panel of a report too."
    ),
    click.option(
        "--panel-window",
        metavar="DURATION",
        help="How much of the latest time panels are of, or start [default: the display period].",
    ),
    click.option(
        "--output-format",
        type=click.Choice(["text", "jsonl"]),
        default="text",
        help="How to say things [default: text].",
    ),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Whether to colour text [default: auto].",
    ),
    click.option("--plain", is_flag=True, help="Plain text, without colours."),
    click.option("--alert-log", metavar="FILE", help="Keep alerts in a file, as JSON lines."),
    click.option("--fail-on-alert", is_flag=True, help="Exit with 1 if an alert fired."),
    click.option("--quiet", is_flag=True, help="Say nothing about the run itself."),
)
own_log_options = together(
    click.option("--config", type=click.Path(path_type=Path), help="Settings file to use."),
    click.option("--log-file", metavar="FILE", help="Where hitwatch logs what it does."),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        help="How much it logs [default: info].",
    ),
    click.option("--debug", is_flag=True, help="Show a traceback when something fails."),
)


@contextmanager
def prepared(
    words: dict[str, Any], paths: Sequence[str] = (), obeyed: Collection[str] | None = None
) -> Iterator[tuple[Run, Settings]]:
    """What the words say of a run over some logs; ends it when a signal asks for it.

    Args:
        words: of the command line.
        paths: the logs.
        obeyed: the only settings that count; all of them when ``None``.

    """
    from hitwatch.cli.outputs import begin
    from hitwatch.cli.privacy import read_pipeline
    from hitwatch.clocks import WallClock
    from hitwatch.outputs.outputs import Outputs
    from hitwatch.render.outputs import (
        AlertLog,
        JsonDisplay,
        TextDisplay,
        standard_output,
        wants_color,
    )
    from hitwatch.run.inputs import offsets_of
    from hitwatch.run.modes import Run

    stop = Stop()
    stop_on_signals(stop)
    outputs = Outputs(stop.is_set)
    settings = begin(outputs, words, paths, obeyed)
    log_format = read_format_setting(words, settings)

    def setting(name: str, default: Any = None) -> Any:
        for value in (words[name], getattr(settings, name)):
            if value is not None:
                return value
        return default

    stdout = standard_output()
    color = not words["plain"] and wants_color(words["color"], stdout, dict(os.environ))
    top = whole("top", setting("top", 8))
    json_lines = words["output_format"] == "jsonl"
    display = JsonDisplay(stdout) if json_lines else TextDisplay(stdout, top=top, color=color)
    alert_log = None
    if path := setting("alert_log"):
        alert_log = AlertLog(outputs.open_lines(Path(path), "cannot write the alert log"), path)
    hit_filter = filter_options_of(words, settings).hit_filter()
    pipeline = replace(read_pipeline(words, settings), hit_filter=hit_filter, figures_only=True)
    counted, shown = _panels(words, top, pipeline.privacy)
    yield (
        Run(
            rule=read_rule(words, settings),
            every=duration("every", setting("every", "10s")),
            log_format=log_format,
            section_depth=read_depth(words, settings),
            zone=offsets_of(setting("tz")),
            duration_unit=setting("duration_unit"),
            pipeline=pipeline,
            counted=counted,
            shown=shown,
            clock=WallClock(stop),
            display=display,
            notify=silent if words["quiet"] else notify,
            warn=notify,
            stopped=stop.is_set,
            alert_log=keeper(alert_log) if alert_log else None,
        ),
        settings,
    )
    if alert_log:
        alert_log.close()
        if alert_log.failed:
            raise SystemExit(CONDITION_MET)


def _panels(
    words: dict[str, Any], top: int, privacy: Privacy
) -> tuple[tuple[Panel, ...], Shown | None]:
    """The panels that a watch or a replay counts, and those that it shows.

    Raises:
        UsageError: there is no such panel, or the window makes no sense.

    """
    from hitwatch.engine import Shown
    from hitwatch.instants import MINUTE
    from hitwatch.privacy.panels import redact_panels
    from hitwatch.readmodel import View
    from hitwatch.run.filter_options import check_panel, known_panels

    known = known_panels(MINUTE, collapse=False, sections=None, databases=())
    chosen = frozenset(words["chosen"])
    for name in chosen:
        check_panel(name, {panel.name for panel in known})
    counted = redact_panels(tuple(p for p in known if not p.off or p.name in chosen), privacy)
    if not chosen:
        return counted, None
    window: Duration | None = 0
    if text := words["panel_window"]:
        window = None if text == "start" else duration("panel-window", text)
    left_out = frozenset(panel.name for panel in counted) - chosen
    return counted, Shown(View(top, left_out=left_out), window)


def keeper(alert_log: AlertLog) -> Callable[[Any], None]:
    """What keeps alerts in their log; the first failure is told."""

    def keep(change: Any) -> None:
        error = alert_log.write(change)
        if error:
            logging.getLogger("hitwatch").error("%s", error)
            notify(str(error))

    return keep


def notify(text: str) -> None:
    """Tell the user something about the run itself, on standard error."""
    click.echo(f"hitwatch: {text}", err=True)


def silent(_text: str) -> None:
    """Say nothing: the user asked for quiet."""


def read_format_setting(words: dict[str, Any], settings: Settings) -> Format | None:
    """The log format that the words or the settings name; ``None``: it is to be found out."""
    from hitwatch.run.inputs import format_named

    return format_named(words["log_format"] or settings.log_format, words.get("log_format_from"))


def read_depth(words: dict[str, Any], settings: Settings) -> int:
    """How many path segments make a section, as the words or else the settings have it."""
    depth = settings.section_depth if words["section_depth"] is None else words["section_depth"]
    return whole("section-depth", 1 if depth is None else depth)


def filter_options_of(words: dict[str, Any], settings: Settings) -> FilterOptions:
    """Which hits the words say shall count; all, where a command has no such words."""
    from hitwatch.run.filter_options import FilterOptions
    from hitwatch.run.inputs import zone_named

    return FilterOptions(
        since=words.get("since"),
        until=words.get("until"),
        where=words.get("where"),
        hosts=words.get("host", ()),
        exclude_clients=words.get("exclude_client", ()),
        exclude_paths=words.get("exclude_path", ()),
        bots=words.get("bots"),
        zone=zone_named(words["tz"] or settings.tz),
    )


def read_rule(words: dict[str, Any], settings: Settings) -> SurgeRule:
    """The rule as the words, or else the settings, have it."""
    from hitwatch.alerting.rule import surge_rule

    names = ("metric", "short", "long", "threshold", "resolution")
    chosen = {
        name: getattr(settings, name) if words[name] is None else words[name] for name in names
    }
    return surge_rule(**chosen)


def progress_bar(total: int, stream: TextIO) -> Callable[[int], None]:
    """A line on a terminal that says how far reading has come, how fast, and how long yet.

    Args:
        total: bytes to be read; compressed files turn out to be more.
        stream: the terminal.

    """
    import time

    began = shown = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal done, shown
        done += count
        now = time.monotonic()
        if now - shown < 0.2:
            return
        shown = now
        rate = done / (now - began)
        left = f", {max(0, total - done) / rate:.0f} s left" if total > done else ""
        share = f"{min(done / total, 1):4.0%} " if total else ""
        stream.write(f"\r{share}{done / 1e6:,.0f} MB, {rate / 1e6:,.0f} MB/s{left}\x1b[K\r")
        stream.flush()

    return advance


_SLOWEST = 0.001


def read_speed(text: str) -> float | None:
    """Read the speed of a replay; ``None``: as fast as can be."""
    if text == "max":
        return None
    try:
        factor = float(exact("speed", text.removesuffix("x")))
    except SettingsError:
        factor = 0.0
    if factor < _SLOWEST:
        raise UsageError(
            f"invalid speed {text!r}: expected 'max' or a factor such as '60x'", where="--speed"
        )
    return factor


ended_by: list[int] = []

_GRACE = 1.0
"""Seconds that work may take to end when it is asked to."""


def stoppable(work: Callable[[], int], stop: Stop) -> int:
    """Do work in a thread beside the main one, which alone hears signals.

    A library that computes, or a read that waits, would keep the main thread from hearing
    them. Work that does not end in time is left behind, and the process ends.

    Args:
        work: gives the exit code.
        stop: set by a signal.

    """
    future: Future[int] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    while not wait([future], timeout=0.1).done:
        if stop.is_set() and not wait([future], timeout=_GRACE).done:
            _leave(128 + ended_by[0])
    return future.result()


def _leave(code: int) -> NoReturn:
    """End at once; of unfinished files nothing stays."""
    from hitwatch.outputs.replacing import discard_all

    discard_all()
    os._exit(code)


def stop_on_signals(stop: Stop) -> None:
    """Let INT and TERM end the run."""

    def handle(number: int, _frame: object) -> None:
        if ended_by:
            # The second one is meant: nobody waits for a last summary any more.
            _leave(128 + number)
        ended_by.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


def end_on_term() -> None:
    """Let TERM unwind the run as INT does, so that its temporary folder goes."""

    def handle(number: int, _frame: object) -> None:
        ended_by.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, handle)
