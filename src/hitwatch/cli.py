"""The command line: reads words, calls one function of ``run``, and words errors.

Nothing heavy is imported here; each command imports what it needs when it is called.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hitwatch import __version__
from hitwatch.errors import HitwatchError, OutputError, SettingsError, UsageError
from hitwatch.spans import Duration, parse_duration

if TYPE_CHECKING:
    from hitwatch.config import Settings
    from hitwatch.hits.times import Zone
    from hitwatch.render.outputs import AlertLog
    from hitwatch.run.modes import Run

Command = TypeVar("Command", bound=Callable[..., Any])

FINE, CONDITION_MET, WRONG_USAGE, UNREADABLE = 0, 1, 2, 3


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_rule_options = _options(
    click.option("--short", metavar="DURATION", help="Short window of the rule [default: 2m]."),
    click.option("--long", metavar="DURATION", help="Long window before it [default: 20m]."),
    click.option("--threshold", metavar="N", help="Alert above so many times [default: 1.5]."),
    click.option("--resolution", metavar="DURATION", help="Width of a bucket [default: 10s]."),
    click.option(
        "--metric", metavar="NAME", help="What the rule watches: bytes or hits [default: bytes]."
    ),
)
_reading_options = _options(
    click.option("--log-format", metavar="NAME", help="The log's format [default: found out]."),
    click.option(
        "--section-depth", type=click.IntRange(1), help="Path segments of a section [default: 1]."
    ),
    click.option("--tz", metavar="ZONE", help="Zone of times without offset [default: UTC]."),
    click.option("--config", type=click.Path(path_type=Path), help="Settings file to use."),
)
_saying_options = _options(
    click.option("--every", metavar="DURATION", help="Length of a display period [default: 10s]."),
    click.option("--top", type=click.IntRange(1), help="How many sections to list [default: 8]."),
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
_own_log_options = _options(
    click.option("--log-file", metavar="FILE", help="Where hitwatch logs what it does."),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        help="How much it logs [default: info].",
    ),
    click.option("--debug", is_flag=True, help="Show a traceback when something fails."),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """Follow HTTP access logs, say what happens, raise and clear alerts.

    \b
    hitwatch watch /var/log/nginx/access.log     follow a log live
    hitwatch replay access.log.1.gz access.log   play old logs through the same rules
    hitwatch demo                                see it work, without a log
    """


@commands.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--from-start", is_flag=True, help="Read the files from their beginnings.")
@click.option(
    "--backfill",
    metavar="DURATION",
    help="How much of the log's own time to read back, to arm the rule [default: 30m].",
)
@_rule_options
@_reading_options
@_saying_options
@_own_log_options
def watch(sources: tuple[str, ...], *, from_start: bool, backfill: str | None, **words: Any) -> int:
    """Follow logs live: figures every 10 s, and alerts as they come.

    SOURCE is a path, a glob, a directory, or - for standard input; with none, the usual
    places of nginx, Apache and Caddy are looked at.
    """
    with _run(words) as (run, settings):
        from hitwatch.run import modes
        from hitwatch.sources.places import find_logs

        paths = find_logs(sources, live=True)
        if not sources:
            run.notify(f"watching {', '.join(paths)}")
        end = modes.watch(
            run,
            paths,
            backfill=_duration("backfill", backfill or settings.backfill or "30m"),
            from_start=from_start,
        )
        return CONDITION_MET if words["fail_on_alert"] and end.alerts else FINE


@commands.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--speed",
    metavar="FACTOR",
    default="max",
    help="How fast the log's time passes: 1x, 60x, or max [default: max].",
)
@_rule_options
@_reading_options
@_saying_options
@_own_log_options
def replay(sources: tuple[str, ...], *, speed: str, **words: Any) -> int:
    """Play old logs through the same engine, on the log's own clock.

    Several files are one stream in the order of their times; .gz, .bz2, .xz and .zst are
    read as they are.
    """
    with _run(words) as (run, _):
        from hitwatch.run import modes
        from hitwatch.sources.places import find_logs

        factor = _speed(speed)
        end, complete = modes.replay(run, find_logs(sources, live=False), speed=factor)
        if end is None or not complete:
            return UNREADABLE
        return CONDITION_MET if words["fail_on_alert"] and end.alerts else FINE


@commands.command()
@click.argument("scenario", required=False, metavar="[SCENARIO]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The log to write.")
@click.option("--live/--fast", default=False, help="At the clock's pace, or as fast as can be.")
@click.option("--truth", type=click.Path(path_type=Path), help="Where to write the truth file.")
@click.option("--rate", type=click.FloatRange(0), help="Lines a second, in one phase.")
@click.option("--duration", metavar="DURATION", help="How long that phase lasts.")
@click.option("--log-format", metavar="NAME", help="Format to write.")
@click.option("--profile", type=click.Choice(["realistic", "uniform"]), help="What site it is.")
@click.option("--seed", type=int, help="The same seed gives the same bytes.")
@_own_log_options
def simulate(
    scenario: str | None,
    *,
    output: Path | None,
    live: bool,
    truth: Path | None,
    rate: float | None,
    duration: str | None,
    log_format: str | None,
    profile: str | None,
    seed: int | None,
    **words: Any,
) -> int:
    """Write made-up traffic with known incidents.

    SCENARIO is a TOML file, or the name of one that is shipped: busy, day, demo. Without
    one, --rate and --duration make a single steady phase. Without --output the lines go to
    standard output.
    """
    from hitwatch.clocks import WallClock
    from hitwatch.run.making import Making, changed, scenario_named
    from hitwatch.run.making import simulate as write
    from hitwatch.sources.scenario import Phase, Scenario

    _log_to(words["log_file"], words["log_level"] or "info")
    stop = threading.Event()
    _stop_on_signals(stop)
    named = (
        scenario_named(scenario) if scenario else Scenario(phases=[Phase(rate=100, duration="1m")])
    )
    first = named.phases[0]
    phases = None
    if rate is not None or duration is not None:
        steady = Phase(
            rate=first.rate if rate is None else rate, duration=duration or first.duration
        )
        phases = [steady]
    named = changed(named, phases=phases, log_format=log_format, profile=profile, seed=seed)
    making = Making(output, truth, live, WallClock(stop), stop.is_set)
    written = write(named, making)
    logging.getLogger("hitwatch").info("wrote %d lines", written.lines)
    _notify(f"wrote {written.lines:,} lines" + (f" to {output}" if output else ""))
    if written.behind:
        _notify(
            f"the pace could not be held: {written.behind:,} lines were due and are not written"
        )
    return FINE


@commands.command()
@click.option("--keep-running", is_flag=True, help="Go on when the incident is over.")
@_saying_options
@_own_log_options
def demo(*, keep_running: bool, **words: Any) -> int:
    """Simulate a site with an incident and watch it: nothing is needed.

    The clock is shortened: buckets of 1 s, windows of 4 s and 16 s, figures every 5 s. The
    alert fires and clears within a minute, then the demo ends.
    """
    shortened = {
        "short": "4s",
        "long": "16s",
        "resolution": "1s",
        "threshold": None,
        "metric": None,
        "log_format": None,
        "section_depth": None,
        "tz": None,
        "config": None,
        "every": words["every"] or "5s",
    }
    with _run({**words, **shortened}) as (run, _):
        from hitwatch.run.making import demo as show

        end = show(run, keep_running=keep_running)
        return CONDITION_MET if words["fail_on_alert"] and end.alerts else FINE


@commands.command()
@click.option("--lines", type=click.IntRange(10_000), default=500_000, help="How many lines.")
@click.option("--log-format", default="apache-combined", metavar="NAME", help="Their format.")
def bench(*, lines: int, log_format: str) -> None:
    """Measure how fast this machine reads, parses, counts and watches."""
    from hitwatch.run.bench import measure

    click.echo(f"{'stage':<26} {'lines/s':>12} {'MB/s':>8}")
    for speed in measure(lines, log_format):
        lines_a_second = speed.lines / speed.seconds
        megabytes_a_second = speed.bytes / speed.seconds / 1e6
        click.echo(f"{speed.stage:<26} {lines_a_second:>12,.0f} {megabytes_a_second:>8,.0f}")


@contextmanager
def _run(words: dict[str, Any]) -> Iterator[tuple[Run, Settings]]:
    """What the words say of a run; ends it when a signal asks for it."""
    from hitwatch.alerting.rule import surge_rule
    from hitwatch.clocks import WallClock
    from hitwatch.config import load
    from hitwatch.hits.formats import by_name
    from hitwatch.render.outputs import (
        AlertLog,
        JsonScreen,
        TextScreen,
        standard_output,
        wants_color,
    )
    from hitwatch.run.modes import Run

    settings = load(words["config"])

    def setting(name: str, default: Any = None) -> Any:
        for value in (words[name], getattr(settings, name)):
            if value is not None:
                return value
        return default

    _log_to(setting("log_file"), setting("log_level", "info"))
    stdout = standard_output()
    color = not words["plain"] and wants_color(words["color"], stdout, dict(os.environ))
    top = setting("top", 8)
    json_lines = words["output_format"] == "jsonl"
    screen = JsonScreen(stdout) if json_lines else TextScreen(stdout, top=top, color=color)
    alert_log = AlertLog(Path(path)) if (path := setting("alert_log")) else None
    log_format = setting("log_format")
    stop = threading.Event()
    _stop_on_signals(stop)
    yield (
        Run(
            rule=surge_rule(
                metric=setting("metric"),
                short=setting("short"),
                long=setting("long"),
                threshold=setting("threshold"),
                resolution=setting("resolution"),
            ),
            every=_duration("every", setting("every", "10s")),
            log_format=by_name(log_format) if log_format else None,
            section_depth=setting("section_depth", 1),
            zone=_zone(setting("tz")),
            clock=WallClock(stop),
            screen=screen,
            notify=_silent if words["quiet"] else _notify,
            stopped=stop.is_set,
            keep=_keeper(alert_log) if alert_log else None,
        ),
        settings,
    )
    if alert_log:
        alert_log.close()
        if alert_log.failed:
            raise SystemExit(CONDITION_MET)


def _keeper(alert_log: AlertLog) -> Callable[[Any], None]:
    def keep(change: Any) -> None:
        error = alert_log.keep(change)
        if error:
            logging.getLogger("hitwatch").error("%s", error)
            _notify(str(error))

    return keep


def _notify(text: str) -> None:
    click.echo(f"hitwatch: {text}", err=True)


def _silent(_text: str) -> None:
    """Say nothing: the user asked for quiet."""


def _duration(name: str, text: str) -> Duration:
    try:
        duration = parse_duration(text)
    except ValueError as error:
        raise SettingsError(str(error), where=name) from error
    if duration <= 0 and name == "every":
        raise SettingsError("a display period must be longer than nothing", where=name)
    return duration


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        factor = float(text.removesuffix("x"))
    except ValueError:
        factor = 0.0
    if factor <= 0:
        raise UsageError(f"{text!r} is no speed", where="--speed", hint="write 1x, 60x, or max")
    return factor


def _zone(name: str | None) -> Zone | None:
    if name is None or name == "UTC":
        return None
    from zoneinfo import ZoneInfo

    from hitwatch.hits.times import zone_of

    try:
        return zone_of(ZoneInfo(name))
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"unknown time zone {name!r}",
            where="tz",
            hint="write a name of the tz database, such as Europe/Berlin",
        ) from error


def _log_to(path: str | None, level: str) -> None:
    log = logging.getLogger("hitwatch")
    log.propagate = False
    if path is None:
        log.addHandler(logging.NullHandler())
        return
    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SettingsError(
            "cannot write the log file", where=path, why=error.strerror or str(error)
        ) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(level.upper())
    logging.raiseExceptions = False


_ended_by: list[int] = []


def _stop_on_signals(stop: threading.Event) -> None:
    def handle(number: int, _frame: object) -> None:
        if _ended_by:
            # The second one is meant: nobody waits for a last summary any more.
            os._exit(128 + number)
        _ended_by.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    debug = "--debug" in sys.argv
    try:
        code = commands.main(standalone_mode=False) or FINE
    except click.ClickException as error:
        error.show()
        code = WRONG_USAGE
    except click.Abort:
        code = 128 + signal.SIGINT
    except HitwatchError as error:
        if debug:
            raise
        if isinstance(error, OutputError):
            # What is still in the buffer has nowhere to go; flushing it would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _notify(str(error))
        code = error.exit_code
    sys.exit(128 + _ended_by[0] if _ended_by else code)
